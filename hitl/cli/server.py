"""`hitl server`: a review server for a team, and the commands of its operators."""

from __future__ import annotations

import sys
from datetime import timedelta

import click

from hitl.cli.failures import CommandError
from hitl.cli.operating import OPERATING
from hitl.cli.values import length_of_time
from hitl.server.operations import LogForm, configure_log
from hitl.server.primitives import SetupError
from hitl.server.review_server import ReviewServer
from hitl.server.team_settings import TeamSettings

_SWITCH_INTERVAL = 0.0005  # as in `hitl.cli.sandbox`


@click.group(invoke_without_command=True)
@click.option("--data", required=False, help="The data file.")
@click.option("--public-url", help="The address by which people and programs reach it.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=4010, show_default=True, type=click.IntRange(0, 65535), help="0 picks a free port.")
@click.option("--metrics", is_flag=True, help="Let programs of this machine read /metrics, for Prometheus.")
@click.option(
    "--log",
    "log_form",
    type=click.Choice(["text", "json"]),
    help="The form of the log on standard error.  [default: text on a terminal, else json]",
)
@click.option(
    "--keep", type=length_of_time, metavar="90d", help="Erase contents so long after the end.  [default: never]"
)
@click.pass_context
def server(
    context: click.Context,
    data: str | None,
    public_url: str | None,
    host: str,
    port: int,
    metrics: bool,
    log_form: LogForm | None,
    keep: timedelta | None,
) -> None:
    """Run a review server for a team until Ctrl-C or SIGTERM."""
    if context.invoked_subcommand is not None:
        return
    if data is None:
        raise CommandError("give --data FILE, the file that keeps everything")
    try:
        team = TeamSettings(public_url=public_url, metrics=metrics, keep=keep)
        site = ReviewServer(data=data, host=host, port=port, team=team, undo_seconds=10)
    except SetupError as error:
        raise CommandError(str(error)) from error
    configure_log(log_form or ("text" if sys.stderr.isatty() else "json"))
    http_server = site.server()
    with site, http_server.capture_signals():
        click.echo(f"The HITL server is running at {public_url or site.url}; press Ctrl-C to stop.")
        sys.setswitchinterval(_SWITCH_INTERVAL)
        http_server.serve_forever()


for command in OPERATING:
    server.add_command(command)
