"""The rules: values in, values out. No network, no database, no clock, no environment."""
