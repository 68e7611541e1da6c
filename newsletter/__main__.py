"""`python -m newsletter` is the command line."""

from newsletter.cli import main

main()
