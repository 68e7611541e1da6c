"""The edges: one outside system per file, plain arguments, no settings."""
