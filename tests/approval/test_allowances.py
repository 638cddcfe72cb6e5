"""Allowances: what a person gives for a while, how far it reaches, and what ends it."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from hitl import HITLClient
from hitl.approval import (
    Allowance,
    ApprovalDenied,
    ApprovalRejected,
    Ledger,
    OutcomeUnknown,
    Policy,
    Rule,
    require_approval,
    submit,
)
from hitl.approval.ledger import Decision, NewAllowance, NewApproval
from hitl.exceptions import ConfigurationError
from hitl.testing import Sandbox, complete, reject

MORE = {"approved": True, "allowance": "allowance"}


class Clock:
    """The ledger's clock, which tests set."""

    def __init__(self, ledger: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = datetime.fromisoformat("2026-06-01T12:00:00.000000+00:00")
        monkeypatch.setattr(ledger, "_now", lambda db: self.now.isoformat(timespec="microseconds"))

    def go(self, **step: float) -> None:
        self.now += timedelta(**step)


@pytest.fixture
def clock(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(ledger, monkeypatch)


def refunding(
    client: HITLClient, ledger: Ledger, allowance: Allowance, name: str = "small", version: str | None = None
) -> Callable[..., str]:
    rules = [
        Rule("never", deny=lambda call: call.arguments["amount"] == 13),
        Rule(name, ask=lambda call: call.arguments["amount"] < 50, allowance=allowance),
    ]

    @require_approval(client, ledger=ledger, policy=Policy(rules), version=version)
    def refund(amount: int) -> str:
        return f"paid {amount}"

    return refund


def whats(ledger: Ledger) -> list[str]:
    return [json.loads(each.body)["what"] for each in ledger.records()]


def test_a_person_gives_leave_for_a_while_and_each_use_leaves_a_record(
    sandbox: Sandbox, client: HITLClient, ledger: Ledger, clock: Clock
) -> None:
    refund = refunding(client, ledger, Allowance(minutes=30, uses=20))
    sandbox.reviewer.on(content={"arguments": {"amount": 1}}).complete(MORE)
    assert [refund(1), refund(2)] == ["paid 1", "paid 2"]
    clock.go(minutes=29, seconds=59)
    assert refund(3) == "paid 3"
    assert whats(ledger) == ["asked", "decided", "allowance", "consumed", "settled", "allowed", "allowed"]
    used = [json.loads(each.body) for each in ledger.records()][-1]
    (given,) = ledger.allowances()
    assert (used["allowance"], used["rule"], used["uses_left"]) == (given.id, "small", 18)
    assert (given.reviewer, given.uses_left, given.ends - given.starts) == (
        "reviewer@example.com",
        18,
        timedelta(minutes=30),
    )
    clock.go(seconds=1)
    sandbox.reviewer.on(content={"arguments": {"amount": 4}}).reject()
    with pytest.raises(ApprovalRejected):
        refund(4)
    sandbox.reviewer.asked(times=2)


def test_the_form_offers_it_and_a_plain_yes_gives_nothing(sandbox: Sandbox, client: HITLClient, ledger: Ledger) -> None:
    refund = refunding(client, ledger, Allowance(minutes=30, uses=20))
    sandbox.reviewer.on().in_turn(
        [complete(each) for each in ({"approved": True}, {"approved": True, "allowance": "once"}, {"approved": True})]
    )
    for each in (1, 2, 3):
        refund(each)
    review = sandbox.reviewer.asked(times=3)[0]
    fields = {each["name"]: each for each in client.get_template(review.template_id).fields}
    assert [each["label"] for each in fields["allowance"]["options"]] == [
        "Only this one",
        "Also the next 30 minutes of 'small', 20 at most",
    ]
    assert ledger.allowances() == []


def test_a_no_gives_nothing_whatever_else_it_says(sandbox: Sandbox, client: HITLClient, ledger: Ledger) -> None:
    refund = refunding(client, ledger, Allowance(minutes=30))
    sandbox.reviewer.on().complete({"approved": False, "allowance": "allowance"})
    with pytest.raises(ApprovalRejected):
        refund(1)
    assert ledger.allowances() == []


def test_it_ends_with_its_uses(sandbox: Sandbox, client: HITLClient, ledger: Ledger) -> None:
    refund = refunding(client, ledger, Allowance(minutes=30, uses=2))
    sandbox.reviewer.on().in_turn([complete(MORE), reject()])
    for each in (1, 2, 3):
        refund(each)
    with pytest.raises(ApprovalRejected):
        refund(4)


@pytest.mark.parametrize(
    "other",
    [
        {"name": "renamed"},
        {"allowance": Allowance(minutes=31, uses=20)},
        {"allowance": Allowance(minutes=30, uses=21)},
        {"version": "2"},
    ],
)
def test_it_holds_for_its_rule_and_its_version_alone(
    sandbox: Sandbox, client: HITLClient, ledger: Ledger, other: dict[str, Any]
) -> None:
    same: dict[str, Any] = {"allowance": Allowance(minutes=30, uses=20)}
    sandbox.reviewer.on().in_turn([complete(MORE), reject()])
    refunding(client, ledger, **same)(1)
    assert refunding(client, ledger, **same)(2) == "paid 2"
    with pytest.raises(ApprovalRejected):
        refunding(client, ledger, **{**same, **other})(3)


def test_it_reaches_no_further_than_its_predicate_and_no_other_function(
    sandbox: Sandbox, client: HITLClient, ledger: Ledger
) -> None:
    sandbox.reviewer.on().in_turn([complete(MORE), reject(), reject()])
    refund = refunding(client, ledger, Allowance(minutes=30))
    refund(1)
    with pytest.raises(ApprovalRejected):
        refund(50)
    with pytest.raises(ApprovalDenied):
        refund(13)
    rules = [Rule("small", ask=True, allowance=Allowance(minutes=30))]
    another = require_approval(client, ledger=ledger, policy=Policy(rules)).block("refund", amount=1)
    with pytest.raises(ApprovalRejected), another:
        pytest.fail("ran")


def test_when_has_a_say_of_its_own(sandbox: Sandbox, client: HITLClient, ledger: Ledger) -> None:
    policy = Policy([Rule("small", ask=True, allowance=Allowance(minutes=30))])
    gate = require_approval(client, ledger=ledger, policy=policy, when=lambda call: call.arguments["amount"] > 5)

    @gate
    def refund(amount: int) -> str:
        return f"paid {amount}"

    sandbox.reviewer.on().in_turn([complete(MORE), reject()])
    refund(1)
    assert refund(2) == "paid 2"
    with pytest.raises(ApprovalRejected):
        refund(6)


def test_it_can_be_revoked_once(sandbox: Sandbox, client: HITLClient, ledger: Ledger) -> None:
    refund = refunding(client, ledger, Allowance(minutes=30))
    sandbox.reviewer.on().in_turn([complete(MORE), reject()])
    refund(1)
    (given,) = ledger.allowances()
    assert ledger.revoke(given.id, "kim")
    assert not ledger.revoke(given.id, "lee")
    assert not ledger.revoke("another", "kim")
    with pytest.raises(ApprovalRejected):
        refund(2)
    (given,) = ledger.allowances()
    assert given.revoked_by == "kim"
    assert json.loads(list(ledger.records())[5].body) | {"what": "revoked", "by": "kim", "allowance": given.id} == (
        json.loads(list(ledger.records())[5].body)
    )


def test_what_is_in_doubt_is_not_run_again_by_an_allowance(
    sandbox: Sandbox, client: HITLClient, ledger: Ledger
) -> None:
    refund = refunding(client, ledger, Allowance(minutes=30))
    sandbox.reviewer.on().complete(MORE)
    pending = submit(refund, 7)
    refund(1)
    pending_row = ledger.get(pending.key)
    assert pending_row is not None
    ledger.note_review(pending.key, pending.review_id)
    ledger.decide(pending.key, "answered", pending_row.call, Decision("approved"))
    ledger.consume(pending.key, pending_row.call, "of another process", "elsewhere:1")
    with pytest.raises(OutcomeUnknown):
        refund(7)
    assert refund(8) == "paid 8"


def test_in_a_scope_what_has_run_does_not_run_again(sandbox: Sandbox, client: HITLClient, ledger: Ledger) -> None:
    ran: list[int] = []
    policy = Policy([Rule("small", ask=True, allowance=Allowance(minutes=30))])

    @require_approval(client, ledger=ledger, policy=policy)
    def refund(amount: int) -> int:
        ran.append(amount)
        return amount

    sandbox.reviewer.on().complete(MORE)
    for _ in range(2):
        with client.idempotency_scope("order-7"):
            refund(1)
    assert ran == [1]


def test_a_question_that_is_submitted_is_denied_like_any_other(
    sandbox: Sandbox, client: HITLClient, ledger: Ledger
) -> None:
    with pytest.raises(ApprovalDenied):
        submit(refunding(client, ledger, Allowance(minutes=30)), 13)
    assert sandbox.reviewer.asked(times=0) == []


# --- the clock -------------------------------------------------------------------------------------------------------


def given(ledger: Ledger, key: str = "k", minutes: float = 30, uses: int | None = None) -> None:
    ledger.ask(NewApproval(key, key, "", 0, "shop:refund", {}, {}, "f", "s"))
    ledger.decide(key, "answered", "r", Decision("approved", "kim"), NewAllowance("small", "b", minutes, uses))


def test_a_clock_that_is_set_back_ends_every_allowance(ledger: Ledger, clock: Clock) -> None:
    given(ledger)
    given(ledger, "k2", 60)
    clock.go(minutes=20)
    assert ledger.use("b", {}) is not None
    clock.go(seconds=-3)
    assert ledger.use("b", {}) is None
    assert {each.revoked_by for each in ledger.allowances()} == {"the clock, which was set back"}
    clock.go(minutes=5)
    assert ledger.use("b", {}) is None
    assert whats(ledger)[-2:] == ["revoked", "revoked"]


def test_a_clock_that_is_set_back_is_noticed_by_any_record(ledger: Ledger, clock: Clock) -> None:
    given(ledger)
    clock.go(minutes=29)
    ledger.record("allowed", {})
    clock.go(minutes=-20)
    ledger.record("allowed", {})
    clock.go(minutes=1)
    assert ledger.use("b", {}) is None


def test_a_clock_that_is_corrected_by_a_second_ends_nothing(ledger: Ledger, clock: Clock) -> None:
    given(ledger)
    clock.go(seconds=10)
    for _ in range(2):
        ledger.record("allowed", {})
        clock.go(seconds=-1.9)
        assert ledger.use("b", {}) is not None
        clock.go(seconds=5)


def test_a_clock_that_jumps_ahead_ends_it_for_good(ledger: Ledger, clock: Clock) -> None:
    given(ledger)
    clock.go(days=1)
    assert ledger.use("b", {}) is None
    ledger.record("allowed", {})
    clock.go(days=-1)
    assert ledger.use("b", {}) is None


def test_threads_share_its_uses(ledger: Ledger) -> None:
    given(ledger, uses=10)
    with ThreadPoolExecutor(8) as threads:
        used = [each for each in threads.map(lambda _: ledger.use("b", {}), range(40)) if each]
    assert sorted(each.uses_left or 0 for each in used) == list(range(10))
    assert whats(ledger).count("allowed") == 10


def test_the_first_word_gives_and_no_later_one(ledger: Ledger) -> None:
    given(ledger)
    given(ledger)
    assert len(ledger.allowances()) == 1


@pytest.mark.parametrize(
    "make",
    [
        lambda: Allowance(minutes=0),
        lambda: Allowance(minutes=-1),
        lambda: Allowance(minutes=float("nan")),
        lambda: Allowance(minutes=float("inf")),
        lambda: Allowance(minutes=True),
        lambda: Allowance(minutes="30"),  # type: ignore[arg-type]
        lambda: Allowance(minutes=8 * 24 * 60),
        lambda: Allowance(minutes=30, uses=0),
        lambda: Allowance(minutes=30, uses=True),
        lambda: Allowance(minutes=30, uses=1.5),  # type: ignore[arg-type]
        lambda: Rule("x", allow=True, allowance=Allowance(minutes=30)),
        lambda: Rule("x", deny=True, allowance=Allowance(minutes=30)),
    ],
)
def test_a_wrong_allowance_is_refused(make: Callable[[], Any]) -> None:
    with pytest.raises(ConfigurationError):
        make()


@pytest.mark.parametrize("settings", [{"template_id": "tpl_1"}, {"quorum": 2}])
def test_it_needs_the_form_that_the_gate_makes_and_one_person(client: HITLClient, settings: dict[str, Any]) -> None:
    policy = Policy([Rule("x", ask=True, allowance=Allowance(minutes=30))])
    with pytest.raises(ConfigurationError, match="allowance="):
        require_approval(client, policy=policy, **settings)
