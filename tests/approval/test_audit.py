"""The chain of records: what is exported, and what is found when it was tampered with."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from contextlib import suppress

import pytest

from hitl import HITLClient
from hitl.approval import ApprovalRejected, AuditError, Ledger, require_approval
from hitl.approval.audit import export, verify
from hitl.testing import Sandbox


@pytest.fixture
def lines(sandbox: Sandbox, client: HITLClient, ledger: Ledger) -> list[str]:
    @require_approval(client, ledger=ledger)
    def refund(order: str, amount: float) -> str:
        return f"paid {order}"

    sandbox.reviewer.on(content={"arguments": {"order": "o-3", "amount": 1}}).reject(feedback="No")
    sandbox.reviewer.on().approve()
    for number in range(5):
        with suppress(ApprovalRejected):
            refund(f"o-{number}", 1)
    return list(export(ledger))


def test_the_export_says_who_was_asked_what_was_shown_and_what_ran(lines: list[str]) -> None:
    facts = [json.loads(each) for each in lines]
    assert [each["what"] for each in facts[:4]] == ["asked", "decided", "consumed", "settled"]
    asked, decided, consumed, settled = facts[:4]
    assert json.loads(asked["arguments"]) == {"order": "o-0", "amount": 1}
    assert json.loads(decided["decision"])["reviewer"] == "reviewer@example.com"
    assert consumed["ran"] == asked["call"]
    assert settled["state"] == "finished"
    assert len({each["key"] for each in facts[:4]}) == 1


def test_a_chain_that_holds_gives_its_anchor(lines: list[str]) -> None:
    found = verify(lines)
    assert found.anchor == f"{len(lines)}:{json.loads(lines[-1])['hash']}"
    assert verify(lines, found.anchor) == found
    assert verify([], None).count == 0


def changed(lines: list[str], draw: random.Random) -> list[str]:
    at = draw.randrange(len(lines))
    line, place = lines[at], draw.randrange(len(lines[at]))
    letter = draw.choice([each for each in '0123456789abcdef{}": ' if each != line[place]])
    return [*lines[:at], line[:place] + letter + line[place + 1 :], *lines[at + 1 :]]


def dropped(lines: list[str], draw: random.Random) -> list[str]:
    at = draw.randrange(len(lines))
    return [*lines[:at], *lines[at + 1 :]]


def swapped(lines: list[str], draw: random.Random) -> list[str]:
    at = draw.randrange(len(lines) - 1)
    return [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]]


def doubled(lines: list[str], draw: random.Random) -> list[str]:
    at = draw.randrange(len(lines))
    return [*lines[: at + 1], lines[at], *lines[at + 1 :]]


def cut(lines: list[str], draw: random.Random) -> list[str]:
    return lines[: draw.randrange(len(lines))]


@pytest.mark.parametrize("tamper", [changed, dropped, swapped, doubled, cut])
def test_whatever_is_tampered_with_is_found_by_the_anchor(
    lines: list[str], tamper: Callable[[list[str], random.Random], list[str]]
) -> None:
    anchor, draw = verify(lines).anchor, random.Random(7)
    for _ in range(100):
        with pytest.raises(AuditError):
            verify(tamper(lines, draw), anchor)


@pytest.mark.parametrize("anchor", ["17", "x:y", "1:abc"])
def test_what_is_no_anchor_is_refused(anchor: str) -> None:
    with pytest.raises(AuditError, match="no anchor"):
        verify([], anchor)
