"""`hitl reviewers`: the people of a team's server, their links, and where they are signed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import click

from hitl.cli.connection import json_option
from hitl.cli.control import control
from hitl.cli.failures import option_errors
from hitl.cli.text import one_line, print_json, print_line, print_table, timestamp_text
from hitl.server.http.public_url import PublicUrl
from hitl.server.people import ROLES
from hitl.server.primitives import about, from_wire

_DEFAULT_ADDRESS: Final = "http://127.0.0.1:4010"
_LINK: Final = ("path", "address", "code", "expires_at")

data_option = click.option(
    "--data", envvar="HITL_DATA", required=True, metavar="FILE", help="The data file; by default HITL_DATA."
)
_address_option = click.option(
    "--public-url",
    envvar="HITL_PUBLIC_URL",
    metavar="URL",
    help="What the link begins with if no server is running; by default HITL_PUBLIC_URL, or this machine.",
)
_role = click.Choice(ROLES)


@click.group()
def reviewers() -> None:
    """The people of a team's server (`hitl server`): who may review, in which role, and where they are signed in."""


def _command(name: str) -> Callable[[Callable[..., None]], click.Command]:
    """Return a decorator for a command about one person."""

    def decorate(function: Callable[..., None]) -> click.Command:
        options = click.argument("email", metavar="EMAIL")(data_option(json_option(function)))
        return reviewers.command(name)(options)

    return decorate


@_command("invite")
@click.option("--name", help="What the person is called in the inbox.  [default: the address]")
@click.option("--role", type=_role, help="What the person may do.  [default: reviewer]")
@click.option("--send", "sends", is_flag=True, help="Send the link and the code, by the channels of `hitl notify`.")
@_address_option
def invite(
    email: str, data: str, as_json: bool, name: str | None, role: str | None, sends: bool, public_url: str | None
) -> None:
    """Invite somebody, and print a link and a code that work once, for 72 hours; again replaces the first ones."""
    address = _address(public_url)
    with control(data) as server:
        found = server.call("POST", "/reviewers", email=email, name=name, role=role)
        is_sent = sends and server.call("POST", "/notify/invitation", email=email)["sent"]
    title = f"{found['email']} is invited as {found['role']}."
    if is_sent:  # what is sent replaces the link that was made here
        found = {name: found[name] for name in found if name not in _LINK}
        _print_person({**found, "sent": True}, f"{title} The link and the code are on their way.", as_json=as_json)
        return
    if sends:
        title += f" No channel reaches {found['email']} (see `hitl notify channels`), so hand these over yourself."
    _print_link(found, address, title, as_json=as_json)


@_command("link")
@_address_option
def link(email: str, data: str, as_json: bool, public_url: str | None) -> None:
    """Print a link and a code by which somebody signs in once: for lost access, or where no messages are sent."""
    address = _address(public_url)
    with control(data) as server:
        found = server.call("POST", "/reviewers/link", email=email)
    _print_link(found, address, f"A link for {found['email']}.", as_json=as_json)


def _address(public_url: str | None) -> str:
    """Return what a link begins with, checked before anybody is invited."""
    with option_errors(), about("public_url"):
        return _DEFAULT_ADDRESS if public_url is None else str(PublicUrl.parse(public_url))


def _print_link(found: dict[str, Any], address: str, title: str, *, as_json: bool) -> None:
    base = found.pop("address") or address
    found["link"] = f"{base}{found.pop('path')}"
    if as_json:
        print_json(found)
        return
    print_line(title)
    click.echo(f"\n  Link  {one_line(found['link'])}\n  Code  {found['code']}\n")
    print_line(f"Both together sign in once, until {_moment(found['expires_at'])}. They are shown only now.")


@reviewers.command("list")
@data_option
@json_option
def list_reviewers(data: str, as_json: bool) -> None:
    """List everybody."""
    with control(data) as server:
        found: list[dict[str, Any]] = server.call("GET", "/reviewers")["reviewers"]
    if as_json:
        print_json(found)
        return
    titles = ("E-MAIL", "NAME", "ROLE", "STATE", "SESSIONS", "LAST SEEN")
    print_table(titles, [_person_row(each) for each in found])


def _person_row(person: dict[str, Any]) -> tuple[str, ...]:
    names = ("email", "name", "role", "state")
    return (*(str(person[name]) for name in names), str(person["sessions"]), _moment(person["seen_at"]))


@_command("role")
@click.argument("role", type=_role)
def set_role(email: str, data: str, as_json: bool, role: str) -> None:
    """Give somebody another role. It holds at once; one that may do more signs the person out."""
    with control(data) as server:
        found = server.call("POST", "/reviewers/role", email=email, role=role)
    _print_person(found, f"{found['email']} is {found['role']} now.", as_json=as_json)


@_command("disable")
def disable(email: str, data: str, as_json: bool) -> None:
    """Keep somebody out: ends all sessions and links at once."""
    with control(data) as server:
        found = server.call("POST", "/reviewers/disable", email=email)
    count = found["open_reviews"]
    rest = f" Still assigned to {found['email']}: {count} open reviews." if count else ""
    _print_person(found, f"{found['email']} is disabled.{rest}", as_json=as_json)


@_command("enable")
def enable(email: str, data: str, as_json: bool) -> None:
    """Let somebody in again who was disabled; `hitl reviewers link` prints a link for it."""
    with control(data) as server:
        found = server.call("POST", "/reviewers/enable", email=email)
    _print_person(found, f"{found['email']} is enabled.", as_json=as_json)


@_command("erase")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(email: str, data: str, as_json: bool, yes: bool) -> None:
    """Forget somebody's address and name for good. What the person answered stays as it is."""
    if not yes:
        click.confirm(f"Erase {one_line(email)} for good?", abort=True, err=True)
    with control(data) as server:
        found = server.call("POST", "/reviewers/erase", email=email)
    _print_person(found, f"{one_line(email)} is {found['name']} now.", as_json=as_json)


@_command("sessions")
def list_sessions(email: str, data: str, as_json: bool) -> None:
    """List where somebody is signed in."""
    with control(data) as server:
        found: list[dict[str, Any]] = server.call("POST", "/reviewers/sessions", email=email)["sessions"]
    if as_json:
        print_json(found)
        return
    print_table(
        ("ID", "OPENS", "BEGUN BY", "BEGUN", "LAST USED", "FROM", "BROWSER"), [_session_row(each) for each in found]
    )


def _session_row(session: dict[str, Any]) -> tuple[str, ...]:
    opens = "everything" if session["scope"] == "full" else str(session["review_id"])
    times = (_moment(session["begun_at"]), _moment(session["seen_at"]))
    return (session["id"], opens, session["how"], *times, session["address"], session["agent"])


@_command("revoke")
@click.argument("sessions", metavar="[SESSION]...", nargs=-1)
def revoke(email: str, data: str, as_json: bool, sessions: tuple[str, ...]) -> None:
    """End sessions of somebody by their ids, or all of them, with the pages that are open."""
    with control(data) as server:
        found = server.call("POST", "/reviewers/revoke", email=email, sessions=list(sessions))
    if as_json:
        print_json(found)
        return
    print_line(f"{found['revoked']} {'session' if found['revoked'] == 1 else 'sessions'} ended.")


def _print_person(found: dict[str, Any], text: str, *, as_json: bool) -> None:
    if as_json:
        print_json(found)
    else:
        print_line(text)


def _moment(stamp: str | None) -> str:
    return "" if stamp is None else timestamp_text(from_wire(stamp))
