"""`hitl server`: a review server for a team, and the commands of its operators."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from hitl.cli.config_file import config_option
from hitl.cli.failures import CommandError, option_errors
from hitl.cli.operating import OPERATING
from hitl.cli.rekeying import key_file_option, rekey_file
from hitl.cli.sandbox import rate_limit_of, templates_in
from hitl.cli.server_unit import unit
from hitl.cli.values import WholeNumber, length_of_time, seconds
from hitl.server.asking import POLICIES
from hitl.server.http.exposure import read_secret
from hitl.server.http.rate_limit import DEFAULT_RATE_LIMIT
from hitl.server.http.systemd import inherited_socket
from hitl.server.operations import LogForm, configure_log
from hitl.server.primitives import SetupError, about
from hitl.server.review_server import ReviewServer
from hitl.server.team_settings import TeamSettings

_SWITCH_INTERVAL = 0.0005  # as in `hitl.cli.sandbox`


@click.group(invoke_without_command=True)
@click.option("--data", envvar="HITL_DATA", show_envvar=True, help="The data file.")
@click.option("--public-url", help="The address by which people and programs reach it; its only source.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=4010, show_default=True, type=WholeNumber(0, 65535), help="0 picks a free port.")
@click.option("--socket", metavar="PATH", help="A Unix socket to listen on instead, for a proxy of the same group.")
@click.option(
    "--trusted-proxy",
    "trusted_proxies",
    multiple=True,
    metavar="CIDR",
    help="A proxy whose X-Forwarded-For and -Proto are believed, such as 127.0.0.1 or 10.0.0.0/24; repeatable.",
)
@click.option(
    "--proxy-secret-file",
    metavar="FILE",
    help="What the proxy sends as X-Hitl-Proxy-Secret, at least 32 characters; --auth-header needs it on a port.",
)
@click.option(
    "--auth-header",
    metavar="NAME",
    help="The header in which an authenticating proxy names the person, such as X-Forwarded-Email.",
)
@click.option(
    "--auth-header-allow",
    multiple=True,
    metavar="@DOMAIN",
    help="Let people of this domain in as reviewers though nobody has invited them; repeatable.",
)
@click.option("--certfile", "certificate", metavar="FILE", help="The certificate in PEM, to speak TLS without a proxy.")
@click.option("--keyfile", metavar="FILE", help="Its key, unless that is in the same file.")
@click.option(
    "--hsts",
    type=click.Choice(["on", "off"]),
    help="Tell browsers to come over https only.  [default: on for https on port 443 without a path]",
)
@click.option("--allow-insecure-public-url", is_flag=True, help="Accept a public URL of http.")
@key_file_option
@click.option(
    "--self-approval",
    type=click.Choice(POLICIES),
    default="refuse",
    show_default=True,
    help="What becomes of a person's answer to what he asks himself, or what his key asks.",
)
@click.option(
    "--undo",
    "undo_seconds",
    metavar="TIME",
    type=seconds,
    default="10s",
    show_default=True,
    help="For how long a reviewer can take an answer back.",
)
@click.option(
    "--rate-limit",
    default=f"{DEFAULT_RATE_LIMIT.requests}/minute",
    show_default=True,
    help="Requests per API key and second, minute, hour or day, such as 100/hour; or none.",
)
@click.option(
    "--templates",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A JSON file of templates to add: an array of objects with id, name and fields.",
)
@click.option("--allow-remote-webhooks", is_flag=True, help="Also deliver webhooks to public addresses.")
@click.option(
    "--allow-webhook-net",
    "allow_webhook_nets",
    multiple=True,
    metavar="CIDR",
    help="A private network to deliver webhooks to, such as 192.168.1.0/24; repeatable.",
)
@click.option(
    "--notify-scheme",
    "notify_schemes",
    multiple=True,
    metavar="SCHEME",
    help="A further scheme that the addresses of channels may have, such as pushbullet; repeatable.",
)
@click.option(
    "--message-links",
    type=click.Choice(["code", "plain"]),
    default="code",
    show_default=True,
    help="Whether links in messages admit their person, with a code, or ask to sign in.",
)
@click.option("--metrics", is_flag=True, help="Let programs of this machine read /metrics, for Prometheus.")
@click.option(
    "--log",
    "log_form",
    type=click.Choice(["text", "json"]),
    help="The form of the log on standard error.  [default: text on a terminal, else json]",
)
@click.option(
    "--keep",
    type=length_of_time,
    metavar="90d",
    help="Erase contents so long after the end, at least a day.  [default: never]",
)
@config_option()
@click.pass_context
def server(context: click.Context, /, **options: Any) -> None:
    """Run a review server for a team until Ctrl-C or SIGTERM."""
    if context.invoked_subcommand is None:
        run(**options)


server.add_command(unit)


def run(
    *,
    data: str | None,
    host: str,
    port: int,
    undo_seconds: float,
    rate_limit: str,
    templates: Path | None,
    allow_remote_webhooks: bool,
    allow_webhook_nets: tuple[str, ...],
    log_form: LogForm | None,
    **reached: Any,
) -> None:
    """Serve a data file; `reached` are the options that say how it is reached."""
    if data is None:
        raise CommandError("give --data FILE, the file that keeps everything")
    with option_errors():
        team = _settings(**reached)
        site = ReviewServer(
            data=data,
            host=host,
            port=port,
            team=team,
            inherited=inherited_socket(os.environ, os.getpid()),
            undo_seconds=undo_seconds,
            rate_limit=rate_limit_of(rate_limit),
            templates=templates_in(templates),
            allow_remote_webhooks=allow_remote_webhooks,
            allow_webhook_nets=allow_webhook_nets,
        )
        http_server = site.server()
    configure_log(log_form or ("text" if sys.stderr.isatty() else "json"))
    # Before anything is printed: a signal must end it in order as soon as somebody knows that it runs.
    with site, http_server.capture_signals():
        click.echo(_greeting(site, team, data), nl=False)
        for warning in site.warnings:
            click.echo(f"Warning: {warning}.", err=True)
        sys.setswitchinterval(_SWITCH_INTERVAL)
        http_server.serve_forever()


def _settings(
    *, hsts: str | None, certificate: str | None, keyfile: str | None, proxy_secret_file: str | None, **rest: Any
) -> TeamSettings:
    if keyfile and not certificate:
        raise SetupError(f"--keyfile {keyfile} is the key of a certificate; give --certfile, too")
    with about("proxy_secret_file"):
        secret = read_secret(proxy_secret_file) if proxy_secret_file else None
    return TeamSettings(
        hsts=None if hsts is None else hsts == "on",
        certificate=(certificate, keyfile) if certificate else None,
        proxy_secret=secret,
        **rest,
    )


def _greeting(site: ReviewServer, team: TeamSettings, data: str) -> str:
    behind = f", for the proxy at {', '.join(team.trusted_proxies)}" if team.trusted_proxies else ""
    lines = [
        "The HITL server is running; press Ctrl-C to stop.",
        "",
        f"  Address  {site.url}",
        f"  Listens  {site.listens_on}{behind}",
        f"  Data     {data}",
    ]
    if not team.auth_header and not site.people.has_admin():
        lines += [
            "",
            "Nobody is an administrator yet. Invite the first one, on this machine:",
            f"  hitl reviewers invite YOU@example.com --role admin --data {data}",
        ]
    return "\n".join(lines) + "\n"


for command in (*OPERATING, rekey_file):
    server.add_command(command)
