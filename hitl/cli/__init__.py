"""The `hitl` command; what it needs beside the client comes with `pip install 'hitl[sandbox]'`."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command and exit: 0 if all went well, 1 if it could not be done, 2 if it was called wrongly."""
    try:
        from hitl.cli.commands import hitl
    except ModuleNotFoundError as error:
        sys.stderr.write(f"The hitl command needs more than the client ({error}): pip install 'hitl[sandbox]'\n")
        sys.exit(2)
    hitl(prog_name="hitl")
