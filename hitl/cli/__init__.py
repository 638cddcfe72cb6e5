"""The `hitl` command; what it needs beside the client comes with `pip install 'hitl[cli]'` or `'hitl[sandbox]'`."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command and exit with one of the codes in `hitl.cli.failures`."""
    try:
        from hitl.cli.commands import hitl
    except ModuleNotFoundError as error:
        sys.stderr.write(
            f"The hitl command needs more than the client ({error}): pip install 'hitl[sandbox]', "
            "or 'hitl[cli]' for everything but the sandbox\n"
        )
        sys.exit(2)
    hitl(prog_name="hitl")
