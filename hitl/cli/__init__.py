"""The `hitl` command; its dependencies come with the extras 'cli' and 'sandbox'."""

from __future__ import annotations

import sys

from hitl.cli.output import command_output

__all__ = ["main"]


def main() -> None:
    """Run the command and exit with a code of `hitl.cli.failures`."""
    with command_output():
        try:
            from hitl.cli.commands import hitl
        except ModuleNotFoundError as error:
            sys.stderr.write(
                f"The hitl command has missing dependencies ({error}): install this package with its 'sandbox' extra, "
                "or with 'cli' to do without the sandbox\n"
            )
            sys.exit(2)
        hitl(prog_name="hitl")
