"""The gate: when a function runs, with which arguments, and when it does not."""

from __future__ import annotations

import inspect
import pickle
import typing
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any, Literal

import anyio
import pydantic
import pytest

from hitl import AsyncHITLClient, HITLClient
from hitl.approval import (
    ApprovalConsumed,
    ApprovalError,
    ApprovalMismatch,
    ApprovalNotGiven,
    ApprovalRejected,
    Ledger,
    OutcomeUnknown,
    Refusal,
    SQLiteLedger,
    UnbindableArgument,
    require_approval,
    submit,
)
from hitl.approval.ledger import Outcome
from hitl.exceptions import AuthenticationError, ConfigurationError, WaitTimeoutError
from hitl.testing import Sandbox, approve, edit, reject


@dataclass
class Item:
    sku: str
    count: int = 1


class Shop:
    """Gated functions of each kind, and what has run."""

    def __init__(self, client: HITLClient, ledger: Ledger, **settings: Any) -> None:
        self.ran: list[Any] = []
        gate = require_approval(client, ledger=ledger, **settings)

        @gate
        def refund(
            order: str, amount: float = 1.0, *, note: str | None = None, way: Literal["card", "cash"] = "card"
        ) -> str:
            """Pay money back to a customer."""
            self.ran.append((order, amount, note, way))
            return f"paid {amount}"

        @gate
        def send(item: Item, tags: list[str], *rest: int, **more: Any) -> None:
            self.ran.append((item, tags, rest, more))

        @gate
        def fail(order: str) -> None:
            self.ran.append(order)
            raise RuntimeError("out of money")

        self.refund, self.send, self.fail = refund, send, fail


@pytest.fixture
def shop(client: HITLClient, ledger: Ledger) -> Shop:
    return Shop(client, ledger)


def states(ledger: Ledger) -> list[str]:
    return [each.state for each in ledger.approvals()]


# --- a yes -----------------------------------------------------------------------------------------------------------


def test_a_person_sees_the_call_and_it_runs_once(sandbox: Sandbox, shop: Shop, ledger: Ledger) -> None:
    sandbox.reviewer.on().approve()
    assert shop.refund("o-7", 5.0) == "paid 5.0"
    (review,) = sandbox.reviewer.asked()
    assert review.content["arguments"] == {"order": "o-7", "amount": 5, "note": None, "way": "card"}
    assert review.content["description"] == "Pay money back to a customer."
    assert review.content["action"].endswith("refund")
    (row,) = ledger.approvals()
    assert (row.state, row.decision and row.decision.reviewer) == ("finished", "reviewer@example.com")
    assert shop.ran == [("o-7", 5.0, None, "card")]


def test_the_edited_arguments_run_and_only_once(sandbox: Sandbox, shop: Shop) -> None:
    shown = {"order": "o-7", "amount": 60, "note": None, "way": "card"}
    sandbox.reviewer.on().in_turn([edit(arguments={**shown, "amount": 30, "way": "cash"}), reject()])
    assert shop.refund("o-7", 60) == "paid 30.0"
    with pytest.raises(ApprovalRejected):
        shop.refund("o-7", 60)
    assert shop.ran == [("o-7", 30.0, None, "cash")]


def test_what_was_not_edited_stays_the_live_object(sandbox: Sandbox, shop: Shop) -> None:
    item, shown = Item("a"), {"item": {"sku": "a", "count": 1}, "tags": ["x"], "rest": [1], "more": {"n": 2}}
    sandbox.reviewer.on().in_turn(
        [edit(arguments={**shown, "tags": ["y", "z"]}), edit(arguments={**shown, "item": {"sku": "b", "count": 2}})]
    )
    shop.send(item, ["x"], 1, n=2)
    assert shop.ran[0][0] is item
    assert shop.ran[0][1] == ["y", "z"]
    shop.send(item, ["x"], 1, n=2)
    assert shop.ran[1][0] == Item("b", 2)


def test_the_same_approval_does_not_run_again(sandbox: Sandbox, shop: Shop) -> None:
    sandbox.reviewer.on().in_turn(
        [edit(arguments={"order": "o-7", "amount": 1, "note": None, "way": "card"}), reject()]
    )
    shop.refund("o-7")
    with pytest.raises(ApprovalRejected):
        shop.refund("o-7")
    assert len(sandbox.reviewer.asked(times=2)) == 2


def test_in_a_scope_a_restarted_program_asks_nobody_again(sandbox: Sandbox, ledger: Ledger) -> None:
    sandbox.reviewer.on().approve()
    for _ in range(2):
        with sandbox.client() as client, client.idempotency_scope("order-7"):
            assert Shop(client, ledger).refund("o-7", 5.0) == "paid 5.0"
    sandbox.reviewer.asked(times=1)


def test_equal_calls_in_a_scope_are_two_questions(sandbox: Sandbox, client: HITLClient, ledger: Ledger) -> None:
    sandbox.reviewer.on().approve()
    shop = Shop(client, ledger)
    with client.idempotency_scope("order-7"):
        shop.refund("o-7")
        shop.refund("o-7")
    assert len(shop.ran) == 2
    sandbox.reviewer.asked(times=2)


def test_a_block_runs_what_the_grant_says(sandbox: Sandbox, client: HITLClient, ledger: Ledger) -> None:
    sandbox.reviewer.on().edit(arguments={"version": "1.2"})
    with require_approval(client, ledger=ledger).block("deploy", version="1.1") as grant:
        pass
    # A block's arguments have no annotations, so they stay of their types.
    assert (grant.arguments, states(ledger)) == ({"version": "1.2"}, ["finished"])


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_coroutine_functions_are_gated_alike(sandbox: Sandbox, ledger: Ledger, backend: str) -> None:
    sandbox.reviewer.on().in_turn([edit(arguments={"order": "b"}), reject(feedback="No")])

    async def main() -> None:
        async with sandbox.async_client() as client:
            gate = require_approval(client, ledger=ledger)

            @gate
            async def refund(order: str) -> str:
                return f"paid {order}"

            assert inspect.iscoroutinefunction(refund)
            assert await refund("a") == "paid b"
            with pytest.raises(ApprovalRejected, match="No"):
                async with gate.ablock("deploy", version=1):
                    pytest.fail("ran")

    anyio.run(main, backend=backend)
    assert states(ledger) == ["finished", "refused"]


def test_another_ledger_is_not_given_an_approval_that_was_used(
    sandbox: Sandbox, client: HITLClient, tmp_path: Path
) -> None:
    sandbox.reviewer.on().in_turn([approve(), reject(feedback="Paid already")])
    assert Shop(client, SQLiteLedger(tmp_path / "lost.db")).refund("o-7") == "paid 1.0"
    with pytest.raises(ApprovalRejected, match="Paid already"):
        Shop(client, SQLiteLedger(tmp_path / "new.db")).refund("o-7")
    sandbox.reviewer.asked(times=2)


def test_those_who_ask_at_the_same_moment_ask_one_question(
    sandbox: Sandbox, client: HITLClient, ledger: Ledger
) -> None:
    sandbox.reviewer.on().never()
    together = Barrier(4)
    shops = [Shop(client, ledger) for _ in range(4)]

    def ask(shop: Shop) -> str:
        together.wait(timeout=60)
        return submit(shop.refund, "o-7").key

    with ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(ask, shops))) == 1
    sandbox.reviewer.asked(times=1)


# --- anything else ---------------------------------------------------------------------------------------------------


def test_a_no_is_final_for_a_while_and_asks_nobody(sandbox: Sandbox, shop: Shop) -> None:
    sandbox.reviewer.on().reject(feedback="Paid already")
    for _ in range(3):
        with pytest.raises(ApprovalRejected, match="Paid already") as caught:
            shop.refund("o-7")
        assert (caught.value.kind, caught.value.reviewer) == ("rejected", "reviewer@example.com")
    sandbox.reviewer.asked(times=1)
    assert shop.ran == []


def test_a_no_in_words_is_a_no(sandbox: Sandbox, shop: Shop) -> None:
    sandbox.reviewer.on().complete({"approved": False, "feedback": "No"})
    with pytest.raises(ApprovalRejected, match="No"):
        shop.refund("o-7")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"amount": "7"}, "must be a number"),
        ({"amount": True}, "must be a number"),
        ({"order": 7}, "must be a text"),
        ({"way": "gold"}, "one of card, cash"),
        ({"note": 5}, "must be a text"),
    ],
)
def test_edits_that_are_not_of_their_type_do_not_run(
    sandbox: Sandbox, shop: Shop, ledger: Ledger, answer: dict[str, Any], kind: str
) -> None:
    shown = {"order": "o-7", "amount": 1, "note": None, "way": "card"}
    sandbox.reviewer.on().edit(arguments={**shown, **answer})
    with pytest.raises(ApprovalMismatch, match=kind):
        shop.refund("o-7")
    assert (shop.ran, states(ledger)) == ([], ["refused"])


@pytest.mark.parametrize(
    "answer",
    [{"order": "o-7"}, {"order": "o-7", "amount": 1, "note": None, "way": "card", "all": True}],
)
def test_edits_that_add_or_remove_names_do_not_run(sandbox: Sandbox, shop: Shop, answer: dict[str, Any]) -> None:
    sandbox.reviewer.on().edit(arguments=answer)
    with pytest.raises(ApprovalMismatch, match="names"):
        shop.refund("o-7")
    assert shop.ran == []


def test_variadic_arguments_cannot_be_edited(sandbox: Sandbox, shop: Shop) -> None:
    sandbox.reviewer.on().edit(arguments={"item": {"sku": "a", "count": 1}, "tags": ["x"], "rest": [1, 2], "more": {}})
    with pytest.raises(ApprovalMismatch, match="rest"):
        shop.send(Item("a"), ["x"], 1)


def test_an_argument_that_changes_while_a_person_reads_does_not_run(
    sandbox: Sandbox, shop: Shop, ledger: Ledger
) -> None:
    tags = ["x"]

    def grow(_: Any) -> bool:
        tags.append("y")
        return True

    sandbox.reviewer.on(content=grow).approve()
    with pytest.raises(ApprovalMismatch, match="have changed"):
        shop.send(Item("a"), tags)
    assert (shop.ran, states(ledger)) == ([], ["refused"])


def test_a_form_or_a_content_that_changed_while_it_was_open_does_not_run(
    sandbox: Sandbox, client: HITLClient, ledger: Ledger
) -> None:
    shop = Shop(client, ledger, timeout=0.01)
    sandbox.reviewer.on().never()
    with pytest.raises(WaitTimeoutError):
        shop.refund("o-1")
    with pytest.raises(WaitTimeoutError):
        shop.refund("o-2")
    first, second = sandbox.reviewer.pending()
    client.update_review(first.id, content={"action": "is it sunny?"})
    template = client.get_template(second.template_id)
    sandbox.reviewer.complete(first, {"approved": True})
    with pytest.raises(ApprovalMismatch, match="content"):
        shop.refund("o-1")
    sandbox.reviewer.complete(second, {"approved": True})
    client.update_template(
        template.id, fields=[*template.fields[:-1], {**template.fields[-1], "label": "Is it sunny?"}]
    )
    with pytest.raises(ApprovalMismatch, match="form"):
        shop.refund("o-2")
    assert shop.ran == []


def test_nobody_answers(sandbox: Sandbox, client: HITLClient, ledger: Ledger) -> None:
    shop = Shop(client, ledger, timeout=0.01)
    sandbox.reviewer.on().never()
    with pytest.raises(WaitTimeoutError) as caught:
        shop.refund("o-7")
    assert caught.value.pending == [each.id for each in sandbox.reviewer.pending()]
    client.cancel_review(caught.value.pending[0])
    with pytest.raises(ApprovalNotGiven) as ended:
        shop.refund("o-7")
    assert (ended.value.kind, states(ledger)) == ("cancelled", ["refused"])


def test_an_expired_question_is_no_refusal(sandbox: Sandbox, client: HITLClient, ledger: Ledger) -> None:
    shop = Shop(client, ledger, due_date="2099-01-01T00:00:00Z", timeout=0.01)
    sandbox.reviewer.on().never()
    with pytest.raises(WaitTimeoutError):
        shop.refund("o-7")
    sandbox.clock.advance("40000d")
    with pytest.raises(ApprovalNotGiven) as caught:
        shop.refund("o-7")
    assert caught.value.kind == "expired"


def test_a_wrong_key_asks_nobody_and_runs_nothing(sandbox: Sandbox, ledger: Ledger) -> None:
    with HITLClient("wrong", base_url=sandbox.base_url) as client:
        shop = Shop(client, ledger)
        with pytest.raises(AuthenticationError):
            shop.refund("o-7")
    assert (shop.ran, states(ledger)) == ([], [])


def test_what_cannot_be_bound_asks_nobody(sandbox: Sandbox, shop: Shop) -> None:
    with pytest.raises(UnbindableArgument) as caught:
        shop.send(Item("a"), [object()])  # type: ignore[list-item]
    assert caught.value.path == "tags[0]"
    with pytest.raises(TypeError, match="missing"):
        shop.refund()  # type: ignore[call-arg]
    assert sandbox.reviewer.asked(times=0) == []


def test_a_function_that_fails_has_used_its_approval(sandbox: Sandbox, shop: Shop, ledger: Ledger) -> None:
    sandbox.reviewer.on().approve()
    with pytest.raises(RuntimeError, match="out of money"):
        shop.fail("o-7")
    (row,) = ledger.approvals()
    assert (row.state, row.outcome and row.outcome.error) == ("failed", "builtins.RuntimeError")
    with pytest.raises(RuntimeError):
        shop.fail("o-7")  # outside of a scope it is a new question
    sandbox.reviewer.asked(times=2)


def test_in_a_scope_a_failure_is_not_repeated(sandbox: Sandbox, client: HITLClient, ledger: Ledger) -> None:
    sandbox.reviewer.on().approve()
    shop = Shop(client, ledger)
    for error in (RuntimeError, ApprovalConsumed):
        with client.idempotency_scope("order-7"), pytest.raises(error):
            shop.fail("o-7")
    assert shop.ran == ["o-7"]


def test_a_ctrl_c_inside_the_function_leaves_it_in_doubt(sandbox: Sandbox, client: HITLClient, ledger: Ledger) -> None:
    sandbox.reviewer.on().approve()

    @require_approval(client, ledger=ledger)
    def slow() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        slow()
    with pytest.raises(OutcomeUnknown, match="Do not repeat it"):
        slow()
    (row,) = ledger.approvals(states=["unknown"])
    assert ledger.settle(row.key, None, "finished", Outcome(by="kim", note="looked"))
    assert states(ledger) == ["finished"]


def test_many_threads_share_one_approval(sandbox: Sandbox, shop: Shop) -> None:
    sandbox.reviewer.on().after(0.05).approve()
    sandbox.fast_forward()

    def call(_: int) -> str:
        try:
            return shop.refund("o-7")
        except (ApprovalConsumed, OutcomeUnknown) as error:
            return type(error).__name__

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(call, range(8)))
    assert found.count("paid 1.0") == len(shop.ran)
    assert len(shop.ran) == len(sandbox.reviewer.asked())


def test_who_asks_cannot_approve(sandbox: Sandbox, client: HITLClient, ledger: Ledger) -> None:
    shop = Shop(client, ledger, asked_by="Reviewer@example.com")
    sandbox.reviewer.on().approve()
    with pytest.raises(ApprovalMismatch) as caught:
        shop.refund("o-7")
    assert (caught.value.kind, shop.ran) == ("self-approval", [])


def test_an_approval_of_another_function_or_version_is_none(
    sandbox: Sandbox, client: HITLClient, ledger: Ledger
) -> None:
    sandbox.reviewer.on().approve()
    for version in ("1", "2"):
        Shop(client, ledger, version=version).refund("o-7")
    one, other = ledger.approvals()
    assert one.call != other.call


# --- what a model reads ----------------------------------------------------------------------------------------------


def test_a_refusal_can_be_returned_to_a_model(sandbox: Sandbox, client: HITLClient, ledger: Ledger) -> None:
    sandbox.reviewer.on().reject(feedback="Paid\x1b[31m already\u202e")
    shop = Shop(client, ledger, on_reject="return")
    told = typing.cast("Any", shop.refund("o-7"))
    assert isinstance(told, Refusal)
    assert told.startswith('`refund` was not run. reviewer@example.com refused it and wrote: "Paid [31m already"')
    assert "do not call `refund` again" in told
    assert (told.kind, told.reviewer) == ("rejected", "reviewer@example.com")


def test_a_mismatch_is_never_returned_to_a_model(sandbox: Sandbox, client: HITLClient, ledger: Ledger) -> None:
    sandbox.reviewer.on().edit(arguments={"order": "o-7"})
    with pytest.raises(ApprovalMismatch):
        Shop(client, ledger, on_reject="return").refund("o-7")


def test_a_function_may_make_something_of_a_refusal(sandbox: Sandbox, client: HITLClient, ledger: Ledger) -> None:
    sandbox.reviewer.on().reject(feedback="No")
    assert Shop(client, ledger, on_reject=lambda error: error.kind).refund("o-7") == "rejected"


def test_errors_can_be_pickled(sandbox: Sandbox, shop: Shop) -> None:
    sandbox.reviewer.on().reject(feedback="No")
    with pytest.raises(ApprovalError) as caught:
        shop.refund("o-7")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), str(again), again.kind, again.key) == (
        type(caught.value),
        str(caught.value),
        "rejected",
        caught.value.key,
    )


# --- the function stays what it is -----------------------------------------------------------------------------------


def test_tools_see_the_function_itself(client: HITLClient, ledger: Ledger) -> None:
    def refund(order: str, item: Item, amount: float = 1, *, note: str = "") -> str:
        """Pay money back."""
        return order

    gated = require_approval(client, ledger=ledger)(refund)
    assert inspect.signature(gated) == inspect.signature(refund, eval_str=True)
    assert typing.get_type_hints(gated) == typing.get_type_hints(refund)
    assert (gated.__name__, gated.__doc__, gated.__module__) == (refund.__name__, refund.__doc__, refund.__module__)
    assert inspect.isfunction(gated)
    assert inspect.unwrap(gated) is gated
    assert pydantic.TypeAdapter(gated).json_schema() == pydantic.TypeAdapter(refund).json_schema()


class Account:
    gate: Any = None

    def __init__(self, number: int) -> None:
        self.number = number

    def approval_identity(self) -> int:
        return self.number


def test_methods_are_bound_to_their_object(sandbox: Sandbox, client: HITLClient, ledger: Ledger) -> None:
    def close(self: Account, reason: str) -> int:
        return self.number

    close.__qualname__ = "Account.close"
    gated = require_approval(client, ledger=ledger)(close)
    Account.close = gated  # type: ignore[attr-defined]
    sandbox.reviewer.on().approve()
    assert Account(1).close("old") == 1  # type: ignore[attr-defined]
    assert Account(2).close("old") == 2  # type: ignore[attr-defined]
    one, other = ledger.approvals()
    assert one.call != other.call
    assert sandbox.reviewer.asked()[0].content["arguments"] == {"reason": "old"}


async def coroutine() -> None: ...
def generator() -> Any:
    yield


@pytest.mark.parametrize(
    "what",
    [coroutine, generator, Item, staticmethod(len), classmethod(len), len, "refund", Account(1).approval_identity],
)
def test_what_cannot_be_gated_is_refused_at_decoration(client: HITLClient, ledger: Ledger, what: Any) -> None:
    with pytest.raises(TypeError):
        require_approval(client, ledger=ledger)(what)


@pytest.mark.parametrize(
    "settings",
    [
        {"on_reject": "ignore"},
        {"quorum": 0},
        {"quorum": True},
        {"quorum": 2, "template_id": "general_review"},
    ],
)
def test_wrong_settings_are_refused_at_decoration(client: HITLClient, settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        require_approval(client, **settings)
    with pytest.raises(ConfigurationError, match="AsyncHITLClient"):
        require_approval(object())  # type: ignore[call-overload]


def test_a_parameter_may_be_left_out(sandbox: Sandbox, client: HITLClient, ledger: Ledger) -> None:
    @require_approval(client, ledger=ledger, ignore=["session"])
    def refund(order: str, session: object) -> str:
        return order

    sandbox.reviewer.on().approve()
    assert refund("o-7", object()) == "o-7"
    assert sandbox.reviewer.asked()[0].content["arguments"] == {"order": "o-7"}
    with pytest.raises(TypeError, match="sesion"):
        require_approval(client, ledger=ledger, ignore=["sesion"])(plain)


def test_several_people_must_approve_where_the_server_can(sandbox: Sandbox, client: HITLClient, ledger: Ledger) -> None:
    shop = Shop(client, ledger, quorum=2, timeout=timedelta(seconds=0.01))
    sandbox.reviewer.on().never()
    with pytest.raises(WaitTimeoutError):
        shop.refund("o-7")
    (review,) = sandbox.reviewer.pending()
    sandbox.reviewer.complete(review, {"approved": True}, "kim@example.com")
    with pytest.raises(WaitTimeoutError):
        shop.refund("o-7")
    sandbox.reviewer.complete(review, {"approved": True}, "ann@example.com")
    assert shop.refund("o-7") == "paid 1.0"


def test_the_asynchronous_client_is_for_coroutine_functions(sandbox: Sandbox) -> None:
    client: AsyncHITLClient = sandbox.async_client()
    with pytest.raises(TypeError, match="HITLClient"):
        require_approval(client)(plain)


def plain() -> None: ...
