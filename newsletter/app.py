"""The service as its users know it: one short method per use.

A method opens the transaction, calls one service, and rings only after the commit, so that a
doorbell never announces what the store does not hold.
"""
