"""The day's trending research papers, matched to each reader's own topics, by mail."""
