"""What `newsletter bench …` runs: each file measures one part against the obvious way, in one run."""
