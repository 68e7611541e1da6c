"""The uses of the program: each reads, lets core decide, and writes."""
