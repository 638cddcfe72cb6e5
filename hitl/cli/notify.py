"""`hitl notify`: how a team's server reaches people."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from hitl.cli.connection import json_option
from hitl.cli.control import control
from hitl.cli.failures import FAILED, CommandError
from hitl.cli.operating import data_option
from hitl.cli.text import print_json, print_line
from hitl.cli.values import file_text


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
@click.option("--url-file", "url", metavar="FILE", type=file_text, help="A file that holds the address.")
@data_option
def add_channel(name: str, person: str | None, url: str | None, data: str) -> None:
    """Add a channel. Its address, such as slack://… or smtp://…, is read from a file, or from standard input.

    It is not an argument, because it is a secret, and other users of a machine can list the arguments of commands. It
    is kept encrypted, and never shown again. A mail server without a `to` reaches everybody who has no other channel.
    """
    url = (_secret() if url is None else url).strip()
    with control(data) as server:
        print_line(_channel_in_words(server.call("POST", "/notify/channels", name=name, url=url, person=person)))


@rules.command("add")
@click.argument("kind", type=click.Choice(["asked", "digest", "reminder", "escalation", "ended"]))
@click.option("--audience", help="assignees, leads, or channel:NAME. [default: assignees; leads for an escalation]")
@click.option("--template", metavar="ID", help="For the reviews of one template only.")
@click.option("--priority", type=click.Choice(["low", "medium", "high", "normal"]), help="For one priority only.")
@click.option("--before-due", metavar="TIME", help="When a reminder is sent, such as 1h.")
@click.option("--after", metavar="TIME", help="How long nobody must have answered before an escalation, such as 4h.")
@click.option("--every", metavar="TIME", help="How often a digest is sent, such as 1d.")
@click.option("--content", type=click.Choice(["none", "title", "shown"]), help="How much is told. [default: title]")
@data_option
def add_rule(data: str, **fields: str | None) -> None:
    """Add a rule."""
    with control(data) as server:
        print_line(_rule_in_words(server.call("POST", "/notify/rules", **fields)))


@notify.command()
@click.argument("email")
@click.option("--zone", help="The time zone, such as Europe/Berlin.")
@click.option("--quiet", metavar="FROM-TO", help='When not to disturb, such as 22:00-07:00, or "off".')
@data_option
def hours(email: str, zone: str | None, quiet: str | None, data: str) -> None:
    """Set a person's time zone and quiet hours; messages wait for their end, but for those of high priority."""
    with control(data) as server:
        person = server.call("POST", "/notify/hours", email=email, zone=zone, quiet=quiet)
    print_line(f"{person['email']}: {person['zone'] or 'UTC'}, quiet {person['quiet'] or 'never'}")


@notify.command()
@click.option("--channel", metavar="NAME", help="The channel to test; all by default.")
@click.option("--to", metavar="EMAIL", help="Who gets the test of a mail server that serves everybody.")
@data_option
def test(channel: str | None, to: str | None, data: str) -> None:
    """Send a test message now, and say what became of it."""
    with control(data) as server:
        names = [channel] if channel else [each["name"] for each in server.call("GET", "/notify/channels")["channels"]]
        if not names:
            raise CommandError("there is no channel; add one with `hitl notify channels add`")
        outcomes = [server.call("POST", "/notify/test", channel=name, to=to) for name in names]
    for each in outcomes:
        print_line(f"{each['channel']}: {each['result'] if each['result'] == 'sent' else each['error']}")
    if any(each["result"] != "sent" for each in outcomes):
        raise CommandError("not every channel took its message", FAILED)


def _secret() -> str:
    if sys.stdin is not None and sys.stdin.isatty():
        return str(click.prompt("Address", hide_input=True))
    return "" if sys.stdin is None else sys.stdin.read()


def _channel_in_words(channel: dict[str, Any]) -> str:
    error = f" ({channel['last_error']})" if channel["last_error"] else ""
    reaches = f"{channel['hint']} for {channel['person'] or 'all'}"
    return f"{channel['id']} {channel['name']}: {reaches}, {channel['state']}{error}"


def _rule_in_words(rule: dict[str, Any]) -> str:
    limits = [
        f"{name} {rule[key]}" for name, key in (("template", "template_id"), ("priority", "priority")) if rule[key]
    ]
    times = {"before due": "before_due_seconds", "after": "after_seconds", "every": "every_seconds"}
    limits += [f"{name} {rule[key]} s" for name, key in times.items() if rule[key]]
    return ", ".join([f"{rule['id']} {rule['kind']} to {rule['audience']}", *limits, f"content {rule['content']}"])


def _list_and_remove(
    group: click.Group, argument: str, in_words: Callable[[dict[str, Any]], str], *, lists: str, removes: str
) -> None:
    """Give a group its commands `list` and `remove`; `argument` names one of its things."""

    @group.command("list", help=lists)
    @json_option
    @data_option
    def list_all(as_json: bool, data: str) -> None:
        with control(data) as server:
            found: list[dict[str, Any]] = server.call("GET", f"/notify/{group.name}")[group.name]
        if as_json:
            print_json(found)
            return
        for each in found:
            print_line(in_words(each))

    @group.command("remove", help=removes)
    @click.argument(argument)
    @data_option
    def remove(data: str, **named: str) -> None:
        with control(data) as server:
            print_line(f"{server.call('POST', f'/notify/{group.name}/remove', **named)['id']} is removed")


_list_and_remove(
    channels,
    "name",
    _channel_in_words,
    lists="List the channels, and what last went wrong with them.",
    removes="Remove a channel, by its name or id, and drop what was to be sent to it.",
)
_list_and_remove(rules, "id", _rule_in_words, lists="List the rules in their order.", removes="Remove a rule.")
