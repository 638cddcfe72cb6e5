"""`hitl server`: a review server for a team, and the commands of its operators."""

from __future__ import annotations

import sys

import click

from hitl.cli.failures import CommandError
from hitl.server.primitives import SetupError
from hitl.server.review_server import ReviewServer
from hitl.server.team_settings import TeamSettings

_SWITCH_INTERVAL = 0.0005  # as in `hitl.cli.sandbox`


@click.group(invoke_without_command=True)
@click.option("--data", required=False, help="The data file.")
@click.option("--public-url", help="The address by which people and programs reach it.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=4010, show_default=True, type=click.IntRange(0, 65535), help="0 picks a free port.")
@click.pass_context
def server(context: click.Context, data: str | None, public_url: str | None, host: str, port: int) -> None:
    """Run a review server for a team until Ctrl-C or SIGTERM."""
    if context.invoked_subcommand is not None:
        return
    if data is None:
        raise CommandError("give --data FILE, the file that keeps everything")
    try:
        site = ReviewServer(data=data, host=host, port=port, team=TeamSettings(public_url=public_url), undo_seconds=10)
    except SetupError as error:
        raise CommandError(str(error)) from error
    http_server = site.server()
    with site, http_server.capture_signals():
        click.echo(f"The HITL server is running at {public_url or site.url}; press Ctrl-C to stop.")
        sys.setswitchinterval(_SWITCH_INTERVAL)
        http_server.serve_forever()
