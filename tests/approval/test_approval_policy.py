"""Policies: which calls are asked about, allowed and denied."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from hitl import HITLClient
from hitl.approval import ApprovalDenied, ApprovalRejected, Call, Ledger, Policy, Rule, require_approval
from hitl.exceptions import ConfigurationError
from hitl.testing import Sandbox


def amount(call: Call) -> Any:
    return call.arguments["amount"]


RULES = [
    Rule("never above 10,000", deny=lambda call: amount(call) > 10_000),
    Rule("small refunds", allow=lambda call: amount(call) < 50),
]


def refunding(client: HITLClient, ledger: Ledger, **settings: Any) -> Callable[[int], str]:
    @require_approval(client, ledger=ledger, **settings)
    def refund(amount: int) -> str:
        return f"paid {amount}"

    return refund


def whats(ledger: Ledger) -> list[str]:
    import json

    return [json.loads(each.body)["what"] for each in ledger.records()]


def test_the_first_rule_that_matches_decides(sandbox: Sandbox, client: HITLClient, ledger: Ledger) -> None:
    refund = refunding(client, ledger, policy=Policy(RULES))
    sandbox.reviewer.on().reject()
    assert refund(7) == "paid 7"
    with pytest.raises(ApprovalDenied, match="never above 10,000") as caught:
        refund(10_001)
    assert caught.value.rule == "never above 10,000"
    with pytest.raises(ApprovalRejected):
        refund(60)
    assert whats(ledger) == ["allowed", "denied", "asked", "decided"]
    sandbox.reviewer.asked(times=1)


def test_what_a_reviewer_chose_is_denied_all_the_same(sandbox: Sandbox, client: HITLClient, ledger: Ledger) -> None:
    from hitl.approval import ApprovalMismatch

    sandbox.reviewer.on().edit(arguments={"amount": 20_000})
    with pytest.raises(ApprovalMismatch, match="a rule forbids"):
        refunding(client, ledger, policy=Policy(RULES))(60)


def test_when_asks_only_about_some_calls(sandbox: Sandbox, client: HITLClient, ledger: Ledger) -> None:
    refund = refunding(client, ledger, when=lambda call: amount(call) > 50)
    sandbox.reviewer.on().approve()
    assert (refund(50), refund(51)) == ("paid 50", "paid 51")
    sandbox.reviewer.asked(times=1)


def test_when_and_a_policy_the_stricter_one_decides(sandbox: Sandbox, client: HITLClient, ledger: Ledger) -> None:
    refund = refunding(client, ledger, when=lambda call: amount(call) == 7, policy=Policy(RULES, otherwise="allow"))
    sandbox.reviewer.on().approve()
    assert [refund(each) for each in (6, 7, 60)] == ["paid 6", "paid 7", "paid 60"]
    sandbox.reviewer.asked(times=1)
    with pytest.raises(ApprovalDenied):
        refund(10_001)


@pytest.mark.parametrize("answer", [None, 1, "yes", anyio.sleep])
def test_a_predicate_that_is_not_clear_stops_the_call(
    sandbox: Sandbox, client: HITLClient, ledger: Ledger, answer: Any
) -> None:
    with pytest.raises(TypeError, match="True or False"):
        refunding(client, ledger, when=lambda call: answer)(5)
    assert (sandbox.reviewer.asked(times=0), whats(ledger)) == ([], [])


def test_an_error_in_a_predicate_or_a_description_stops_the_call_and_says_where(
    sandbox: Sandbox, client: HITLClient, ledger: Ledger
) -> None:
    def boom(_: Call) -> bool:
        raise ZeroDivisionError

    for settings in ({"when": boom}, {"describe": boom}, {"policy": Policy([Rule("boom", allow=boom)])}):
        with pytest.raises(ZeroDivisionError) as caught:
            refunding(client, ledger, **settings)(5)
        assert "nobody was asked" in caught.value.__notes__[0]
    assert sandbox.reviewer.asked(times=0) == []


def test_predicates_may_be_asynchronous_in_an_asynchronous_gate(sandbox: Sandbox, ledger: Ledger) -> None:
    async def main() -> None:
        async def small(call: Call) -> bool:
            await anyio.lowlevel.checkpoint()
            return bool(amount(call) < 50)

        async with sandbox.async_client() as client:

            @require_approval(client, ledger=ledger, policy=Policy([Rule("small", allow=small)]))
            async def refund(amount: int) -> int:
                return amount

            assert await refund(7) == 7
        with pytest.raises(TypeError, match="AsyncHITLClient"):
            refunding(sandbox.client(), ledger, when=small)(7)

    anyio.run(main)


def test_a_sample_is_the_same_for_the_same_call(sandbox: Sandbox, client: HITLClient, ledger: Ledger) -> None:
    policy = Policy([Rule("sample", ask=True, one_in=4)], salt="of the house")
    refund = refunding(client, ledger, policy=policy)
    sandbox.reviewer.on().approve()
    for _ in range(2):
        for each in range(40):
            refund(each)
    asked = [each.content["arguments"]["amount"] for each in sandbox.reviewer.asked()]
    assert 2 * len(set(asked)) == len(asked)
    assert 3 < len(set(asked)) < 20


def test_the_shadow_mode_asks_nobody_and_still_denies(sandbox: Sandbox, client: HITLClient, ledger: Ledger) -> None:
    refund = refunding(client, ledger, policy=Policy(RULES, shadow=True))
    assert (refund(7), refund(60)) == ("paid 7", "paid 60")
    with pytest.raises(ApprovalDenied):
        refund(10_001)
    assert whats(ledger) == ["allowed", "would_ask", "denied"]
    assert sandbox.reviewer.asked(times=0) == []


@pytest.mark.parametrize(
    "make",
    [
        lambda: Rule("none"),
        lambda: Rule("two", ask=True, deny=True),
        lambda: Rule("false", ask=False),  # type: ignore[arg-type]
        lambda: Rule("sample", allow=True, one_in=3),
        lambda: Rule("sample", ask=True, one_in=0),
        lambda: Policy([Rule("sample", ask=True, one_in=3)]),
        lambda: Policy(otherwise="maybe"),  # type: ignore[arg-type]
    ],
)
def test_a_wrong_rule_is_refused(make: Callable[[], Any]) -> None:
    with pytest.raises(ConfigurationError):
        make()
