"""What comes back for a mail: reports as they arrive, rates, and who is mailed no more."""
