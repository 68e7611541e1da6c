"""What happens to a delivery: its states and moves, how fast it may go, and the ledger's words."""
