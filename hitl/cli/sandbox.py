"""`hitl sandbox`: a review server on this machine. It prints how to connect, and a new inbox link on Enter."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import threading
from pathlib import Path
from typing import Any, cast

import click

from hitl._json import decode
from hitl.cli.failures import option_errors
from hitl.cli.output import OutputError
from hitl.cli.values import WholeNumber, host_name, seconds
from hitl.server.http.rate_limit import DEFAULT_RATE_LIMIT, RateLimit
from hitl.server.http.rate_limit import rate_limit as parsed_rate_limit
from hitl.server.primitives.errors import SetupError, about
from hitl.server.review_server import ReviewServer
from hitl.server.storage.database import IN_MEMORY

# Seconds after which a busy thread lets another one run, a tenth of Python's own: a request that is answered beside one
# has to wait for its turn about ten times.
_SWITCH_INTERVAL = 0.0005


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=4010, show_default=True, type=WholeNumber(0, 65535), help="0 picks a free port.")
@click.option("--data", default=IN_MEMORY, show_default=True, help="The data file.")
@click.option(
    "--api-key",
    "api_keys",
    multiple=True,
    metavar="KEY|@FILE",
    help="An API key to accept, or @ and a file that holds it; repeatable. A process list shows what stands here, so "
    "prefer a file or HITL_SANDBOX_API_KEY.  [default: HITL_SANDBOX_API_KEY, or a random one]",
)
@click.option(
    "--templates",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A JSON file of templates to add: an array of objects with id, name and fields.",
)
@click.option(
    "--workflow",
    "workflows",
    multiple=True,
    metavar="ID[=URL|=draft]",
    help="A workflow that can be triggered: a person is asked, and the answer is sent to the URL; repeatable. Without "
    "one nothing is sent, and a draft ignores triggers.",
)
@click.option(
    "--rate-limit",
    default=f"{DEFAULT_RATE_LIMIT.requests}/minute",
    show_default=True,
    help="Requests per API key and second, minute, hour or day, such as 100/hour; or none.",
)
@click.option(
    "--monthly-quota",
    type=WholeNumber(0),
    help="People's responses in a calendar month, such as 500.  [default: any number]",
)
@click.option(
    "--undo-seconds",
    default=0.0,
    show_default="0: an answer is given at once",
    metavar="SECONDS",
    type=seconds,
    help="For how long a reviewer can take an answer back; programs see it afterwards.",
)
@click.option("--allow-remote", is_flag=True, help="Allow a --host that other machines can reach, unencrypted.")
@click.option(
    "--host-name",
    "host_names",
    metavar="NAME",
    multiple=True,
    type=host_name,
    help="Another host name of this machine; repeatable.",
)
@click.option("--allow-remote-webhooks", is_flag=True, help="Also deliver webhooks to public addresses.")
@click.option(
    "--allow-webhook-net",
    "allow_webhook_nets",
    multiple=True,
    metavar="CIDR",
    help="A private network to deliver webhooks to, such as 192.168.1.0/24; repeatable.",
)
def sandbox(
    rate_limit: str, templates: Path | None, api_keys: tuple[str, ...], workflows: tuple[str, ...], **settings: Any
) -> None:
    """Run a review server with an inbox on this machine until Ctrl-C."""
    of_environment = os.environ.get("HITL_SANDBOX_API_KEY", "").strip()
    targets = {name: url or None for name, _, url in (each.partition("=") for each in workflows)}
    with option_errors():
        site = ReviewServer(
            rate_limit=rate_limit_of(rate_limit),
            templates=templates_in(templates),
            api_keys=[_key(each) for each in api_keys] or [of_environment] * bool(of_environment),
            workflows=targets,
            **settings,
        )
    server = site.server()
    # Before anything is printed: Ctrl-C must end it in order as soon as the user knows that it runs.
    with site, server.capture_signals():
        # The socket is listening, so requests may come at once; echo flushes, for readers behind a pipe.
        click.echo(_greeting(site, settings["data"]), nl=False)
        if site.exposed_at:
            click.echo(_remote_warning(site.exposed_at), err=True)
        if sys.stdin is not None and sys.stdin.isatty():
            _print_link_on_enter(site)
        sys.setswitchinterval(_SWITCH_INTERVAL)
        server.serve_forever()


def _greeting(site: ReviewServer, data: str) -> str:
    kept = "in memory only; --data FILE keeps it" if data == IN_MEMORY else data
    return f"""\
The HITL sandbox is running; press Ctrl-C to stop.

  API      {site.url}
  API key  {site.api_key}
  Inbox    {site.inbox_url}
           (a one-time link; press Enter for another)
  Data     {kept}

export HITL_BASE_URL={site.url}
export HITL_API_KEY={shlex.quote(site.api_key)}
"""


def _key(given: str) -> str:
    """Return a key, or the text of the file that stands after an @, as curl has it."""
    if not given.startswith("@"):
        return given
    file = Path(given[1:])
    try:
        return file.read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no text in UTF-8"
        with about("api_keys"):
            raise SetupError(f"the API key cannot be read from {file}: {why}; name a file that holds it") from None


def _remote_warning(where: str) -> str:
    return (
        f"\nWarning: other machines can reach this sandbox, at {where}. Nothing is encrypted: whoever is in between "
        "reads the API key, the links and the reviews. Use it in a network that you trust, and end it afterwards."
    )


def _print_link_on_enter(site: ReviewServer) -> None:
    # In the background of a shell, reading the terminal would suspend the process; with the signal ignored, it fails.
    if hasattr(signal, "SIGTTIN"):
        signal.signal(signal.SIGTTIN, signal.SIG_IGN)
    threading.Thread(target=print_links, args=(site, sys.stdin.fileno()), daemon=True).start()


def print_links(site: ReviewServer, terminal: int) -> None:
    """Print a link for each line read from a terminal, until its end."""
    # Not through sys.stdin: a thread that holds its lock would abort the process at exit.
    try:
        while os.read(terminal, 1024):
            click.echo(f"  Inbox    {site.inbox_url}")
    except (OSError, OutputError):
        return  # the terminal is gone, or the process is in its background


def templates_in(file: Path | None) -> list[dict[str, Any]]:
    """Return the templates that a JSON file holds; SetupError if it holds none."""
    if file is None:
        return []
    form = "a JSON array of templates, each with id, name and fields"
    with about("templates"):
        try:
            value: object = decode(file.read_bytes())
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise SetupError(f"{file} cannot be read as JSON ({why}); give a file that holds {form}") from error
        if not isinstance(value, list):
            raise SetupError(f"{file} must hold {form}")
    return cast("list[dict[str, Any]]", value)


def rate_limit_of(text: str) -> RateLimit:
    """Return the rate limit that an option says; SetupError if it says none."""
    with about("rate_limit"):
        return parsed_rate_limit(text)
