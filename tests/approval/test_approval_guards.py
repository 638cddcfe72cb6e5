"""What would happen without each guard of approvals: a test that cannot tell proves nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hitl import HITLClient, _review
from hitl.approval import ApprovalNotGiven, Policy, Rule, SQLiteLedger, calls, require_approval
from hitl.approval.calls import Target
from hitl.approval.policy import Allowance
from hitl.exceptions import NotFoundError
from hitl.testing import Sandbox, complete, reject

TARGET = Target("shop:refund", "https://api.hitl.sh")


def digests(*values: Any) -> int:
    """Return how many digests the calls with these values have."""
    return len({TARGET.call({"x": each}, {}).digest for each in values})


def test_without_tags_another_call_would_look_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    assert digests([1], (1,)) == 2
    monkeypatch.setattr(calls, "tree", lambda value, _path: value)
    assert digests([1], (1,)) == 1


def refused_as_unknown(*_: Any, **__: Any) -> None:
    raise NotFoundError("there is no such operation", status_code=404)


def test_without_the_verdict_an_unclear_answer_would_run(
    sandbox: Sandbox, client: HITLClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = client.create_template("Comment", [{"name": "comment", "type": "text"}])
    ran: list[int] = []
    gate = require_approval(client, ledger=SQLiteLedger(tmp_path / "approvals.db"), template_id=template.id)
    gated = gate(lambda number: ran.append(number))
    sandbox.reviewer.on().complete({"comment": "Well"})
    with pytest.raises(ApprovalNotGiven):
        gated(1)
    monkeypatch.setattr(_review, "verdict_of", lambda *_: "approved")
    monkeypatch.setattr(client, "call", refused_as_unknown)  # the second lock, at a server that has none
    gated(2)
    assert ran == [2]


def test_without_consuming_an_approval_would_be_used_twice(
    sandbox: Sandbox, client: HITLClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = SQLiteLedger(tmp_path / "approvals.db")
    sandbox.reviewer.on().approve()
    require_approval(client, ledger=ledger)(lambda: None)()
    (row,) = ledger.approvals()
    assert row.ran is not None
    assert not ledger.consume(row.key, row.ran, "another claim", "me")
    monkeypatch.setattr(SQLiteLedger, "consume", lambda *_: True)
    assert ledger.consume(row.key, row.ran, "another claim", "me")


def test_without_its_bounds_an_allowance_would_never_end(
    sandbox: Sandbox, client: HITLClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = Policy([Rule("a while", ask=True, allowance=Allowance(minutes=30, uses=1))])
    gate = require_approval(client, ledger=SQLiteLedger(tmp_path / "approvals.db"), policy=policy)
    ran: list[int] = []
    gated = gate(lambda number: ran.append(number))
    sandbox.reviewer.on().in_turn([complete({"approved": True, "allowance": "allowance"}), reject()])
    gated(1)
    gated(2)  # the one use
    with pytest.raises(Exception, match="refused"):
        gated(3)
    monkeypatch.setattr(SQLiteLedger, "use", lambda self, *_: self.allowances()[0])
    gated(4)
    assert ran == [1, 2, 4]
