"""`hitl pending`, `hitl approvals` and `hitl audit`: what a ledger of approvals holds, for people."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from hitl.approval import AuditError, Outcome, export, ledger_at, verify
from hitl.cli.failures import FAILED, NOT_FOUND, CommandError, FailingGroup
from hitl.cli.text import print_json, print_line, print_table, timestamp_text

if TYPE_CHECKING:
    from hitl.approval import Approval, Ledger
    from hitl.approval.ledger import State

_WAITING: tuple[State, ...] = ("asked", "answered", "consumed", "unknown")

_LEDGER = click.option(
    "--ledger",
    "address",
    metavar="PATH|URL",
    help="The ledger: a file, or postgresql://…; by default HITL_LEDGER, or your own file.",
)
_BY = click.option("--by", required=True, metavar="NAME", help="Who says so; it is recorded.")


@click.command()
@_LEDGER
@click.option("--run", metavar="NAME", help="Only what this run of an agent has asked.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
def pending(address: str | None, run: str | None, as_json: bool) -> None:
    """List what waits: questions without an answer, and calls that a person has to look at.

    A call whose STATE is consumed or unknown may or may not have been done; see `hitl approvals settle`.
    """
    rows = _ledger(address).approvals(states=_WAITING, run=run)
    rows = sorted(rows, key=lambda row: (row.run or "", row.asked_at))
    if as_json:
        print_json([_facts(row) for row in rows])
    elif rows:
        titles = ("RUN", "STATE", "FUNCTION", "ASKED", "REVIEW", "KEY")
        print_table(titles, [(row.run or "", row.state, row.function, *_places(row)) for row in rows])


def _places(row: Approval) -> tuple[str, str, str]:
    return timestamp_text(row.asked_at), row.review_id or "", row.key


def _facts(row: Approval) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in ("key", "run", "state", "function", "arguments", "review_id", "owner")},
        "asked_at": row.asked_at.isoformat(),
        "consumed_at": None if row.consumed_at is None else row.consumed_at.isoformat(),
    }


@click.group(cls=FailingGroup)
def approvals() -> None:
    """Settle and revoke what approvals left behind, and count what a policy does."""


@approvals.command()
@click.argument("key")
@click.option("--finished", "state", flag_value="finished", help="It was done.")
@click.option("--failed", "state", flag_value="failed", help="It was not done.")
@_BY
@click.option("--note", metavar="TEXT", help="How you know.")
@_LEDGER
def settle(key: str, state: str | None, by: str, note: str | None, address: str | None) -> None:
    """Say what became of a call that nobody has heard of again; KEY is in `hitl pending`.

    It cannot be taken back. Outside of a scope the same call may be asked about again afterwards.
    """
    if state not in ("finished", "failed"):
        raise click.UsageError("say what became of it: --finished or --failed")
    ledger = _ledger(address)
    if ledger.settle(key, None, "finished" if state == "finished" else "failed", Outcome(by=by, note=note)):
        print_line(f"{key} {state}")
        return
    row = ledger.get(key)
    if row is None:
        raise CommandError(f"the ledger has no approval {key}", NOT_FOUND)
    raise CommandError(f"{key} is {row.state}, so there is nothing to settle", FAILED)


@approvals.command()
@click.argument("allowance_id", metavar="ID")
@_BY
@_LEDGER
def revoke(allowance_id: str, by: str, address: str | None) -> None:
    """End an allowance that a person gave; ID is in `hitl approvals report`."""
    if not _ledger(address).revoke(allowance_id, by):
        raise CommandError(f"no allowance {allowance_id} holds", NOT_FOUND)
    print_line(f"{allowance_id} revoked")


@approvals.command()
@_LEDGER
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def report(address: str | None, as_json: bool) -> None:
    """Count by rule and function what was allowed, denied, and would have been asked; and list the allowances.

    A policy in shadow mode records `would_ask` where it would have asked.
    """
    ledger = _ledger(address)
    counts: Counter[tuple[str, str, str]] = Counter()
    for record in ledger.records():
        facts = json.loads(record.body)
        if facts["what"] in ("allowed", "would_ask", "denied"):
            counts[str(facts.get("rule")), str(facts.get("function")), facts["what"]] += 1
    given = ledger.allowances()
    if as_json:
        calls = [{"rule": r, "function": f, "what": what, "calls": n} for (r, f, what), n in sorted(counts.items())]
        held = [{"id": each.id, "rule": each.rule, "function": each.function, "ends": each.ends.isoformat(),
                 "uses_left": each.uses_left, "revoked_by": each.revoked_by} for each in given]  # fmt: skip
        print_json({"calls": calls, "allowances": held})
        return
    if counts:
        rows = [(rule, function, what, str(count)) for (rule, function, what), count in sorted(counts.items())]
        print_table(("RULE", "FUNCTION", "WHAT", "CALLS"), rows)
    if given:
        titles = ("ALLOWANCE", "RULE", "FUNCTION", "ENDS", "USES LEFT", "REVOKED BY")
        print_table(titles, [
            (each.id, each.rule, each.function, timestamp_text(each.ends),
             "any" if each.uses_left is None else str(each.uses_left), each.revoked_by or "")
            for each in given
        ])  # fmt: skip


@click.group(cls=FailingGroup)
def audit() -> None:
    """Export the chain of records, and verify that nothing in it was changed."""


@audit.command("export")
@_LEDGER
def export_records(address: str | None) -> None:
    """Write all records as JSON Lines, and the anchor on standard error; keep that elsewhere.

    Each line holds the hash of the one before. The anchor is the number and the hash of the last one.
    """
    found = verify(_written(_ledger(address)))
    click.echo(f"anchor {found.anchor}", err=True)


def _written(ledger: Ledger) -> Iterator[str]:
    for line in export(ledger):
        click.echo(line)
        yield line


@audit.command("verify")
@click.argument("file", type=click.File(encoding="utf-8"), default="-")
@click.option(
    "--anchor", metavar="NUMBER:HASH", help="What an export has printed: finds what was cut, or written anew."
)
def verify_records(file: TextIO, anchor: str | None) -> None:
    """Check exported records: exit code 1, and the first line that shows it, if the chain does not hold."""
    try:
        found = verify(file, anchor)
    except (AuditError, UnicodeDecodeError) as error:
        raise CommandError(str(error), FAILED) from None
    print_line(f"{found.count} records, anchor {found.anchor}")


def _ledger(address: str | None) -> Ledger:
    ledger = ledger_at(address)
    path = getattr(ledger, "path", None)
    if isinstance(path, Path) and not path.exists():
        raise CommandError(f"there is no ledger at {path}", NOT_FOUND)
    return ledger
