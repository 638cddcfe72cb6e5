"""`hitl notify`: how a team's server reaches people."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from hitl.cli.control import control
from hitl.cli.failures import FAILED, CommandError

_data = click.option("--data", envvar="HITL_DATA", required=True, help="The server's data file. [env: HITL_DATA]")
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def notify() -> None:
    """Say how people of a team hear of reviews, and by which rules."""


@notify.group()
def channels() -> None:
    """Ways to people: mail servers, chats, and services that push messages."""


@notify.group()
def rules() -> None:
    """Who hears of what, and when."""


@channels.command("add")
@click.argument("name")
@click.option("--person", metavar="EMAIL", help="Whose channel it is; without this, it is a shared one.")
@click.option(
    "--url-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A file that holds the address."
)
@_data
def add_channel(name: str, person: str | None, url_file: Path | None, data: str) -> None:
    """Add a channel. Its address, such as slack://… or smtp://…, is read from a file, or from standard input.

    It is not an argument, because it is a secret, and other users of a machine can list the arguments of commands. It
    is kept encrypted, and never shown again. A mail server without a `to` reaches everybody who has no other channel.
    """
    url = url_file.read_text() if url_file is not None else _secret()
    with control(data) as server:
        added = server.call("POST", "/notify/channels", name=name, url=url.strip(), person=person)
    click.echo(f"{added['id']} {added['name']}: {added['hint']}")


@channels.command("list")
@_json
@_data
def list_channels(as_json: bool, data: str) -> None:
    """List the channels, and what last went wrong with them."""
    with control(data) as server:
        found: list[dict[str, Any]] = server.call("GET", "/notify/channels")["channels"]
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for each in found:
        error = f" ({each['last_error']})" if each["last_error"] else ""
        click.echo(f"{each['id']} {each['name']}: {each['hint']} for {each['person'] or 'all'}, {each['state']}{error}")


@channels.command("remove")
@click.argument("name")
@_data
def remove_channel(name: str, data: str) -> None:
    """Remove a channel, by its name or id, and drop what was to be sent to it."""
    with control(data) as server:
        click.echo(f"{server.call('POST', '/notify/channels/remove', name=name)['id']} is removed")


@rules.command("add")
@click.argument("kind", type=click.Choice(["asked", "digest", "reminder", "escalation", "ended"]))
@click.option("--audience", help="assignees, leads, or channel:NAME. [default: assignees; leads for an escalation]")
@click.option("--template", metavar="ID", help="For the reviews of one template only.")
@click.option("--priority", type=click.Choice(["low", "medium", "high", "normal"]), help="For one priority only.")
@click.option("--before-due", metavar="TIME", help="When a reminder is sent, such as 1h.")
@click.option("--after", metavar="TIME", help="How long nobody must have answered before an escalation, such as 4h.")
@click.option("--every", metavar="TIME", help="How often a digest is sent, such as 1d.")
@click.option("--content", type=click.Choice(["none", "title", "shown"]), help="How much is told. [default: title]")
@_data
def add_rule(data: str, **fields: str | None) -> None:
    """Add a rule."""
    with control(data) as server:
        click.echo(_in_words(server.call("POST", "/notify/rules", **fields)))


@rules.command("list")
@_json
@_data
def list_rules(as_json: bool, data: str) -> None:
    """List the rules in their order."""
    with control(data) as server:
        found: list[dict[str, Any]] = server.call("GET", "/notify/rules")["rules"]
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for each in found:
        click.echo(_in_words(each))


@rules.command("remove")
@click.argument("rule_id", metavar="ID")
@_data
def remove_rule(rule_id: str, data: str) -> None:
    """Remove a rule."""
    with control(data) as server:
        click.echo(f"{server.call('POST', '/notify/rules/remove', id=rule_id)['id']} is removed")


@notify.command()
@click.argument("email")
@click.option("--zone", help="The time zone, such as Europe/Berlin.")
@click.option("--quiet", metavar="FROM-TO", help='When not to disturb, such as 22:00-07:00, or "off".')
@_data
def hours(email: str, zone: str | None, quiet: str | None, data: str) -> None:
    """Set a person's time zone and quiet hours; messages wait for their end, but for those of high priority."""
    with control(data) as server:
        person = server.call("POST", "/notify/hours", email=email, zone=zone, quiet=quiet)
    click.echo(f"{person['email']}: {person['zone'] or 'UTC'}, quiet {person['quiet'] or 'never'}")


@notify.command()
@click.option("--channel", metavar="NAME", help="The channel to test; all by default.")
@click.option("--to", metavar="EMAIL", help="Who gets the test of a mail server that serves everybody.")
@_data
def test(channel: str | None, to: str | None, data: str) -> None:
    """Send a test message now, and say what became of it."""
    with control(data) as server:
        names = [channel] if channel else [each["name"] for each in server.call("GET", "/notify/channels")["channels"]]
        if not names:
            raise CommandError("there is no channel; add one with `hitl notify channels add`")
        outcomes = [server.call("POST", "/notify/test", channel=name, to=to) for name in names]
    for each in outcomes:
        click.echo(f"{each['channel']}: {each['result'] if each['result'] == 'sent' else each['error']}")
    if any(each["result"] != "sent" for each in outcomes):
        raise CommandError("not every channel took its message", FAILED)


def _secret() -> str:
    if sys.stdin is not None and sys.stdin.isatty():
        return str(click.prompt("Address", hide_input=True))
    return "" if sys.stdin is None else sys.stdin.read()


def _in_words(rule: dict[str, Any]) -> str:
    limits = [
        f"{name} {rule[key]}" for name, key in (("template", "template_id"), ("priority", "priority")) if rule[key]
    ]
    times = {"before due": "before_due_seconds", "after": "after_seconds", "every": "every_seconds"}
    limits += [f"{name} {rule[key]} s" for name, key in times.items() if rule[key]]
    return ", ".join([f"{rule['id']} {rule['kind']} to {rule['audience']}", *limits, f"content {rule['content']}"])
