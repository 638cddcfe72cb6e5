"""`hitl server backup`, `restore` and the other commands of those who run a team's server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import click

from hitl.approval import AuditError, verify
from hitl.cli.checking import check
from hitl.cli.connection import json_option
from hitl.cli.control import Control, control
from hitl.cli.failures import CommandError, option_errors
from hitl.cli.text import print_json, print_line, print_table
from hitl.server.migrations import MIGRATIONS
from hitl.server.operations import back_up, migrate, restore
from hitl.server.primitives import about

data_option = click.option(
    "--data", envvar="HITL_DATA", required=True, metavar="FILE", help="The data file; by default HITL_DATA."
)
_FILE: Final = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("target", metavar="FILE", type=_FILE)
@data_option
@json_option
def backup(target: Path, data: str, as_json: bool) -> None:
    """Write everything that the data file holds at this moment to FILE, beside a running server or without one."""
    with option_errors(), about("data"):
        written = back_up(data, target)
    copy = written.file
    if as_json:
        print_json({"file": str(target), "reviews": written.reviews, "bytes": copy.size, "sha256": copy.sha256})
        return
    print_line(f"{target}: {written.reviews:,} reviews, {copy.size:,} bytes, SHA-256 {copy.sha256}")
    print_line("The key is not in it: keep the key file elsewhere, or channels and webhooks must be entered anew.")


@click.command("restore")
@click.argument("backup", metavar="FILE", type=_FILE)
@data_option
@click.option("--keep-sessions", is_flag=True, help="Leave people signed in who were so when the backup was made.")
@json_option
def restore_backup(backup: Path, data: str, keep_sessions: bool, as_json: bool) -> None:
    """Make a new data file of the backup in FILE.

    Links, planned messages and, without --keep-sessions, sessions end; deliveries wait for resume-deliveries.
    """
    with option_errors(), about("data"):
        made = restore(backup, data, MIGRATIONS, keep_sessions=keep_sessions)
    if as_json:
        print_json({"file": data, **asdict(made)})
        return
    ended = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in made.ended.items() if count)
    print_line(f"{data}: {made.reviews:,} reviews; ended: {ended or 'nothing'}")
    if made.held:
        print_line(f"{made.held:,} deliveries wait; send them with: hitl server resume-deliveries --data {data}")


@click.command("migrate")
@data_option
@click.option("--dry-run", is_flag=True, help="Try it with a copy, which is deleted again.")
def migrate_file(data: str, dry_run: bool) -> None:
    """Bring the data file to the form of this version, which starting the server does as well."""
    with option_errors(), about("data"):
        done = migrate(Path(data), MIGRATIONS, dry_run=dry_run)
    if done.before == done.after:
        print_line(f"{data} has form {done.after} already")
    elif dry_run:
        print_line(f"{data} can be migrated from form {done.before} to {done.after}; nothing was changed")
    else:
        print_line(f"{data} has form {done.after} now; {data}.form-{done.before} is the copy from before")


@click.command("resume-deliveries")
@data_option
def resume_deliveries(data: str) -> None:
    """Send the webhooks that wait since a restore."""
    with control(data) as server:
        resumed = server.call("POST", "/deliveries/resume")["deliveries"]
    print_line(f"{resumed:,} deliveries are on their way" if resumed else "no deliveries were held back")


@click.command()
@data_option
@click.option("--json", "as_json", is_flag=True, help="JSON Lines with hashes, and the anchor on standard error.")
@click.option("--verify", "only_verify", is_flag=True, help="Check the chain, and print its anchor only.")
def audit(data: str, as_json: bool, only_verify: bool) -> None:
    """Show what people, keys and commands did.

    Each entry holds the hash of the one before. Keep the anchor, the number and the hash of the last one, elsewhere:
    `hitl audit verify FILE --anchor …` then finds what was changed or cut in an export.
    """
    with control(data) as server:
        lines = _lines(server)
        if not as_json and not only_verify:
            print_table(("NUMBER", "AT", "ACTOR", "EVENT", "SUBJECT", "DETAIL"), [_row(each) for each in lines])
            return
        try:
            found = verify(_written(lines) if as_json else lines)
        except AuditError as error:
            raise CommandError(f"the audit of {data} was changed: {error}") from error
    if as_json:
        click.echo(f"anchor {found.anchor}", err=True)
    else:
        print_line(f"{found.count:,} entries, anchor {found.anchor}")


def _lines(server: Control) -> Iterator[str]:
    part = server.call("GET", "/audit", after=0)
    while part["lines"]:
        yield from part["lines"]
        part = server.call("GET", "/audit", after=part["last"])


def _written(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        click.echo(line)
        yield line


def _row(line: str) -> tuple[str, ...]:
    facts: dict[str, Any] = json.loads(line)
    actor = facts["actor"]
    detail = " ".join(f"{name}={value}" for name, value in facts["detail"].items())
    who = actor["id"] or actor["kind"]
    return str(facts["number"]), facts["at"], who, facts["event"], facts["subject"], detail


OPERATING: Final = (check, backup, restore_backup, migrate_file, resume_deliveries, audit)
