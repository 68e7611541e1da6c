"""What mail providers tell by a call, each in its own words, read into records."""
