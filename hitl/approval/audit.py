"""The chain of records: exported as JSON Lines, and verified by anybody who has the lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from attrs import frozen

from hitl._json import is_object
from hitl.approval.canonical import hash_of, text
from hitl.approval.ledger import Ledger


@frozen
class Verified:
    """What a chain that holds ends with: the anchor, to be kept elsewhere.

    Attributes:
        count: The number of records.
        hash: The hash of the last one; empty without any.
    """

    count: int
    hash: str

    @property
    def anchor(self) -> str:
        """The number and the hash of the last record."""
        return f"{self.count}:{self.hash}"


class AuditError(ValueError):
    """The chain does not hold; the message names the first line that shows it."""


def export(ledger: Ledger) -> Iterator[str]:
    """Yield the records as lines of JSON, each with its hash.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    for record in ledger.records():
        yield f'{record.body[:-1]},"hash":"{record.hash}"}}'


def verify(lines: Iterable[str], anchor: str | None = None) -> Verified:
    """Check that each record follows the one before, and that the record of an anchor is among them.

    Without an anchor, a chain that was cut at its end, or written anew from its beginning, looks right.

    Args:
        lines: The exported lines.
        anchor: What an earlier export printed, as "17:9f86d0…".

    Raises:
        AuditError: the chain does not hold.
    """
    wanted, _, expected = (anchor or "").partition(":")
    if anchor and (not wanted.isdecimal() or len(expected) != 64):
        raise AuditError(f"{anchor!r} is no anchor; it looks like 17:9f86d0… with 64 digits")
    previous: str | None = None
    count, found = 0, anchor is None
    for count, line in enumerate(lines, 1):
        previous = _checked(line, count, previous)
        if wanted == str(count):
            if previous != expected:
                raise AuditError(f"record {count} is not the one of the anchor")
            found = True
    if not found:
        raise AuditError(f"the chain ends with record {count}, before the anchor: it was cut")
    return Verified(count, previous or "")


def _checked(line: str, number: int, previous: str | None) -> str:
    """Return the hash of a record that follows from the one before."""
    try:
        facts = json.loads(line)
    except ValueError:
        facts = None
    if not is_object(facts) or not isinstance(facts.get("hash"), str):
        raise AuditError(f"line {number} is no record")
    told: str = facts.pop("hash")
    body = text(facts)
    if f'{body[:-1]},"hash":"{told}"}}' != line.rstrip("\n"):
        raise AuditError(f"line {number} is not written as it was")
    if hash_of(body) != told:
        raise AuditError(f"record {number} was changed")
    if facts.get("previous") != previous:
        raise AuditError(f"record {number} does not follow the one before it: one was removed, added or moved")
    if facts.get("number") != number:
        raise AuditError(f"record {number} calls itself {facts.get('number')!r}")
    return told
