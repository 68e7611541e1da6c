"""What `newsletter bench …` runs: each file measures one part, and the obvious way beside it."""
