"""Servers that the program starts itself, so that a laptop needs nothing installed."""
