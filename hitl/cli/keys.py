"""`hitl keys`: the API keys of a team's server."""

from __future__ import annotations

from typing import Any

import click

from hitl.cli.connection import json_option
from hitl.cli.control import control
from hitl.cli.failures import done
from hitl.cli.operating import data_option
from hitl.cli.text import print_json, print_line, print_table, timestamp_text
from hitl.server.keys import SCOPES
from hitl.server.primitives import from_wire


@click.group()
def keys() -> None:
    """The API keys of a team's server (`hitl server`): what each may do, and who answers for it."""


_SCOPES = "; ".join(f"{name} {what}" for name, what in SCOPES.items())


@keys.command("create")
@click.argument("name")
@click.option("--owner", metavar="EMAIL", help="The person who answers for what the key asks.")
@click.option("--no-owner", is_flag=True, help="Nobody does, so that nobody is kept from answering his own question.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(list(SCOPES)),
    help=f"What the key may do, repeatable: {_SCOPES}.  [default: ask]",
)
@click.option("--expires", metavar="TIME", help="For how long it is valid, such as 90d.  [default: for ever]")
@data_option
@json_option
def create_key(
    name: str,
    owner: str | None,
    no_owner: bool,
    scopes: tuple[str, ...],
    expires: str | None,
    data: str,
    as_json: bool,
) -> None:
    """Make a key for a program, and print it.

    It is shown only once, and stored nowhere. Each program gets its own: reviews then say who asked.
    """
    if (owner is None) != no_owner:
        raise click.UsageError("give either --owner EMAIL or --no-owner")
    with control(data) as server:
        made = server.call("POST", "/keys", name=name, owner=owner, scopes=list(scopes), expires=expires)
    # A key on stderr would end up in logs.
    with done(f"the key {name} was created, and is lost: revoke it and create another"):
        if as_json:
            print_json(made)
        else:
            print_line(made["key"])


@keys.command("list")
@data_option
@json_option
def list_keys(data: str, as_json: bool) -> None:
    """List all keys, the revoked and expired ones, too."""
    with control(data) as server:
        found: list[dict[str, Any]] = server.call("GET", "/keys")["keys"]
    if as_json:
        print_json(found)
    else:
        print_table(
            ("ID", "NAME", "KEY", "SCOPES", "OWNER", "STATE", "LAST USED", "EXPIRES"), [_row(key) for key in found]
        )


@keys.command("revoke")
@click.argument("key", metavar="NAME|ID")
@data_option
def revoke_key(key: str, data: str) -> None:
    """End a key for good, at once, with what is waiting for an answer by it."""
    with control(data) as server:
        revoked = server.call("POST", "/keys/revoke", key=key)
    print_line(f"{revoked['name']} ({revoked['shown']}…) is revoked")


def _row(key: dict[str, Any]) -> tuple[str, ...]:
    used, expires = (_moment(key[name]) for name in ("last_used_at", "expires_at"))
    who = (", ".join(key["scopes"]), key["owner"] or "nobody")
    return (key["id"], key["name"], f"{key['shown']}…", *who, key["state"], used or "never", expires or "never")


def _moment(text: str | None) -> str:
    return "" if text is None else timestamp_text(from_wire(text))
