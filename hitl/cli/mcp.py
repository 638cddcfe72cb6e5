"""`hitl mcp`: tools that ask people, for programs that speak the Model Context Protocol."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hitl.cli.connection import Connection, api_command
from hitl.cli.failures import CommandError

if TYPE_CHECKING:
    from hitl.integrations.asks import ReviewOptions
    from hitl.models import Priority


@click.command()
@click.option("--run", metavar="NAME", help="The run of the agent: started again, the server finds its questions.")
@click.option("--assignee", "assignees", multiple=True, metavar="EMAIL", help="Who is asked; repeatable.")
@click.option("--priority", type=click.Choice(("low", "medium", "high")), help="Of all questions.")
@api_command
def mcp(connection: Connection, run: str | None, assignees: tuple[str, ...], priority: Priority | None) -> None:
    """Serve tools that ask people, on standard input and output.

    For programs that speak the Model Context Protocol: they start this command, and their model can call ask_human,
    request_approval and check_answer.
    """
    import anyio

    options: ReviewOptions = {"assignees": assignees or None, "priority": priority}
    try:
        anyio.run(_serve, connection, run, options)
    except ImportError as error:
        raise CommandError(str(error)) from error


async def _serve(connection: Connection, run: str | None, options: ReviewOptions) -> None:
    from hitl.integrations.mcp import ask_server

    async with connection.async_client() as client:
        await ask_server(client, run=run, **options).run_stdio_async()
