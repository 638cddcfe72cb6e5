"""The commands and their options."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any, cast

import click

from hitl import __version__
from hitl.sandbox.database import IN_MEMORY
from hitl.sandbox.refusals import SetupError
from hitl.sandbox.site import Site


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hitl")
def hitl() -> None:
    """Put a person's judgement into a program."""


@hitl.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="A loopback address to listen on.")
@click.option("--port", default=4010, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--data", default=IN_MEMORY, show_default=True, help="The file that keeps everything.")
@click.option("--api-key", "api_keys", multiple=True, help="A key to let in; may be repeated. [default: a random one]")
@click.option(
    "--templates",
    "templates_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A JSON file with templates to add: an array of objects with id, name and fields.",
)
def sandbox(host: str, port: int, data: str, api_keys: tuple[str, ...], templates_file: Path | None) -> None:
    """Run a review server with an inbox on this machine, until Ctrl-C."""
    templates = _templates_in(templates_file) if templates_file else []
    try:
        site = Site(api_keys=api_keys, data=data, host=host, port=port, templates=templates)
    except SetupError as error:
        raise click.ClickException(str(error)) from error
    with site:
        # The socket listens already, so whoever reads this may call at once; echo flushes, for readers behind a pipe.
        click.echo(_greeting(site, data), nl=False)
        site.server().serve_forever()


def _greeting(site: Site, data: str) -> str:
    kept = "in memory, gone when it stops; --data FILE keeps it" if data == IN_MEMORY else data
    return f"""\
The HITL sandbox is running; Ctrl-C stops it.

  API      {site.url}
  API key  {site.api_key}
  Inbox    {site.inbox_url}
  Data     {kept}

export HITL_BASE_URL={site.url}
export HITL_API_KEY={shlex.quote(site.api_key)}
"""


def _templates_in(file: Path) -> list[dict[str, Any]]:
    try:
        value: object = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise click.ClickException(f"{file} cannot be read as JSON: {error}") from error
    if not isinstance(value, list):
        raise click.ClickException(f"{file} must hold a JSON array of templates, each with id, name and fields")
    return cast("list[dict[str, Any]]", value)
