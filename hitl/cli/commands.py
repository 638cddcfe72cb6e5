"""The `hitl` command; its subcommands are imported on first use."""

from __future__ import annotations

from importlib import import_module
from typing import Final

import click

from hitl import __version__
from hitl.cli.failures import EXIT_CODES, FAILED, CommandError, FailingGroup

_SUBCOMMANDS: Final = {
    **dict.fromkeys(("approvals", "audit"), "approvals"),
    "approve-command": "approved_command",
    "export": "export",
    "mcp": "mcp",
    "pending": "approvals",
    **{
        name: name
        for name in (
            *(
                "account",
                "doctor",
                "keys",
                "notify",
                "requests",
                "reviewers",
                "reviews",
                "sandbox",
                "server",
                "sessions",
                "templates",
                "webhooks",
            ),
        )
    },
}
"""The modules of this package that hold the commands, by their names."""


class _LazyGroup(FailingGroup):
    """Imports subcommands on first use: `hitl sandbox` starts fast, and the others need not have its dependencies."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click calls it so
        return list(_SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        if cmd_name not in _SUBCOMMANDS:
            return None
        try:
            command: click.Command = getattr(
                import_module(f"hitl.cli.{_SUBCOMMANDS[cmd_name]}"), cmd_name.replace("-", "_")
            )
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] in ("hitl", "hitl_api"):
                raise
            return _not_installed(cmd_name, error)
        return command


def _not_installed(name: str, error: ModuleNotFoundError) -> click.Command:
    def refuse() -> None:
        missing = f"hitl {name} has missing dependencies ({error})"
        raise CommandError(f"{missing}: install this package with its 'sandbox' extra", FAILED)

    anything = {"ignore_unknown_options": True, "allow_extra_args": True}
    return click.Command(name, callback=refuse, help="Needs this package's 'sandbox' extra.", context_settings=anything)


_EPILOG = "Exit codes: " + ", ".join(f"{code} {meaning}" for code, meaning in EXIT_CODES.items()) + "."


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]}, epilog=_EPILOG)
@click.version_option(__version__, prog_name="hitl")
def hitl() -> None:
    """Create reviews, wait for people's answers, and run a review server for development."""
