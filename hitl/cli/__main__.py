"""`python -m hitl.cli` is the `hitl` command."""

from hitl.cli import main

main()
