"""`python -m agent` is the `seamline` command."""

from agent.cli import main

main()
