"""What an agent, a reviewer or a server may try so that something else runs than what was approved."""

from __future__ import annotations

import enum
import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import anyio
import pytest
from script import answer, refused, review
from scripted import scripted

from hitl import HITLClient
from hitl.approval import (
    ApprovalConsumed,
    ApprovalDenied,
    ApprovalError,
    ApprovalMismatch,
    ApprovalNotGiven,
    ApprovalRejected,
    Policy,
    Rule,
    SQLiteLedger,
    UnbindableArgument,
    require_approval,
    resume,
    submit,
)
from hitl.exceptions import HITLError, WaitTimeoutError
from hitl.testing import Sandbox


class Access(enum.IntFlag):
    READ = 1


class Marks(enum.Flag, boundary=enum.KEEP):
    SEEN = 1


@dataclass
class Item:
    sku: str
    tags: list[str]


class Gated:
    """A function of anything, gated, and what it has run with."""

    def __init__(self, client: HITLClient, ledger: SQLiteLedger, **settings: Any) -> None:
        self.ran: list[Any] = []

        def act(value: Any, *rest: Any, option: Any = None, **more: Any) -> str:
            self.ran.append(value)
            return "done"

        self.act = require_approval(client, ledger=ledger, **settings)(act)


@pytest.fixture
def gated(sandbox: Sandbox, client: HITLClient, ledger: SQLiteLedger) -> Gated:
    sandbox.reviewer.on().approve()
    return Gated(client, ledger)


# --- another call than the approved one ------------------------------------------------------------------------------

CHANGED: list[tuple[Any, Any]] = [
    (None, ""),
    (None, False),
    (True, 1),
    (True, "true"),
    (0, False),
    (1, 1.0),
    (1, "1"),
    (1, 2),
    (0.0, -0.0),
    (0.1, 0.1 + 2**-56),
    (2**53, 2.0**53),
    (2**53, 2**53 + 1),
    ("a", "A"),
    ("a", "a "),
    ("\u00e9", "e\u0301"),
    ("\ufb01", "fi"),
    ("a", "\u0430"),
    ("a", "a\u200b"),
    ("", None),
    ([], {}),
    ([], None),
    ([1, 2], [2, 1]),
    ([1], [1.0]),
    ([1], (1,)),
    ([1], [1, None]),
    ([[1], 2], [[1, 2]]),
    ({"a": 1}, {"a": 1.0}),
    ({"a": 1}, {"A": 1}),
    ({"a": None}, {}),
    ({"a": {"b": 1}}, {"a": {"b": 2}}),
    ({"1": "a"}, {1: "a"}),
    ({"$int": "1"}, {"$$int": "1"}),
    (Decimal("1.0"), Decimal("1.00")),
    (Decimal(1), 1),
    (b"a", "YQ=="),
    (Access(8), Access(16)),
    (Marks(8), Marks(16)),
    (Item("a", []), Item("a", ["x"])),
    (Item("a", []), {"sku": "a", "tags": []}),
]


@pytest.mark.parametrize(("approved", "changed"), CHANGED, ids=repr)
def test_an_approval_is_none_for_another_argument(gated: Gated, approved: Any, changed: Any) -> None:
    token = submit(gated.act, approved).token()
    with pytest.raises(ApprovalMismatch, match="not that of this call"):
        resume(token, gated.act, changed)
    assert gated.ran == []
    assert resume(token, gated.act, approved).result() == "done"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (lambda act, of: of(act, "ab"), lambda act, of: of(act, "a", "b")),
        (lambda act, of: of(act, "a", "b"), lambda act, of: of(act, "a", ("b",))),
        (lambda act, of: of(act, "a", "b"), lambda act, of: of(act, "a", option="b")),
        (lambda act, of: of(act, "a", x=1), lambda act, of: of(act, "a", y=1)),
        (lambda act, of: of(act, "a", x=1), lambda act, of: of(act, "a", option={"x": 1})),
    ],
)
def test_an_approval_is_none_for_the_same_values_in_other_places(gated: Gated, one: Any, other: Any) -> None:
    token = one(gated.act, submit).token()
    with pytest.raises(ApprovalMismatch):
        other(gated.act, lambda *args, **kwargs: resume(token, *args, **kwargs))


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        (({"a": 1, "b": 2.5},), {}),
        (({"b": 2.5, "a": 1},), {"option": None}),
        ((), {"option": None, "value": {"a": 1, "b": 2.5}}),
    ],
)
def test_order_of_names_and_defaults_do_not_matter(gated: Gated, args: Any, kwargs: Any) -> None:
    token = submit(gated.act, {"a": 1, "b": 2.5}).token()
    assert resume(token, gated.act, *args, **kwargs).result() == "done"


def test_an_approval_is_none_for_another_function_version_or_server(
    sandbox: Sandbox, client: HITLClient, ledger: SQLiteLedger, gated: Gated
) -> None:
    def other(value: Any, *rest: Any, option: Any = None, **more: Any) -> None:
        pytest.fail("ran")

    token = submit(gated.act, 1).token()
    with Sandbox() as elsewhere:
        for another in (
            require_approval(client, ledger=ledger)(other),
            Gated(client, ledger, version="2").act,
            Gated(elsewhere.client(), ledger).act,
            Gated(client, ledger, ignore=["option"]).act,
        ):
            with pytest.raises(ApprovalMismatch) as caught:
                resume(token, another, 1)
            assert caught.value.kind == "call"


def test_an_approval_is_used_once_however_often_it_is_presented(gated: Gated) -> None:
    pending = submit(gated.act, 1)
    token = pending.token()
    assert pending.result() == "done"
    for again in (pending.result, lambda: resume(token, gated.act, 1).result()):
        with pytest.raises(ApprovalConsumed):
            again()
    assert gated.ran == [1]


def test_a_block_in_a_scope_runs_once(sandbox: Sandbox, client: HITLClient, ledger: SQLiteLedger) -> None:
    sandbox.reviewer.on().approve()
    ran = []
    with client.idempotency_scope("release-7"), require_approval(client, ledger=ledger).block("deploy", version=1):
        ran.append(1)
    again = require_approval(client, ledger=ledger).block("deploy", version=1)
    with client.idempotency_scope("release-7"), pytest.raises(ApprovalConsumed), again:
        ran.append(2)
    assert ran == [1]


class Registry:
    gate: Any = None

    def close(self, cls: str) -> str:
        return cls


def test_only_the_first_parameter_of_a_method_is_its_object(
    sandbox: Sandbox, client: HITLClient, ledger: SQLiteLedger
) -> None:
    gated = require_approval(client, ledger=ledger)(Registry.close)
    sandbox.reviewer.on().never()
    submit(gated, Registry(), "A shares")
    submit(gated, Registry(), "B shares")
    shown = [each.content["arguments"] for each in sandbox.reviewer.asked(times=2)]
    assert shown == [{"cls": "A shares"}, {"cls": "B shares"}]


def test_what_is_denied_cannot_be_submitted_or_resumed_either(
    sandbox: Sandbox, client: HITLClient, ledger: SQLiteLedger
) -> None:
    sandbox.reviewer.on().approve()
    token = submit(Gated(client, ledger).act, 7).token()
    denying = Gated(client, ledger, policy=Policy([Rule("never", deny=True)]))
    for attempt in (lambda: submit(denying.act, 8), lambda: resume(token, denying.act, 7).result()):
        with pytest.raises(ApprovalDenied, match="never"):
            attempt()
    assert denying.ran == []
    sandbox.reviewer.asked(times=1)


# --- arguments that change ---------------------------------------------------------------------------------------------


def grow(value: Any) -> None:
    if isinstance(value, list):
        value.append(1)
    elif isinstance(value, dict):
        value["more"] = 1
    else:
        value.tags.append("more")


@pytest.mark.parametrize("make", [list, dict, lambda: Item("a", [])])
def test_an_argument_that_changes_while_a_person_reads_does_not_run(
    sandbox: Sandbox, client: HITLClient, ledger: SQLiteLedger, make: Callable[[], Any]
) -> None:
    gated, value = Gated(client, ledger), make()

    def reads(_: Any) -> bool:
        grow(value)
        return True

    sandbox.reviewer.on(content=reads).approve()
    with pytest.raises(ApprovalMismatch, match="have changed"):
        gated.act(value)
    assert gated.ran == []


class Slow(SQLiteLedger):
    """A ledger during whose transaction another task changes an argument."""

    meanwhile: Callable[[], None]

    def consume(self, key: str, ran: str, claim: str, owner: str) -> bool:
        won = super().consume(key, ran, claim, owner)
        self.meanwhile()
        return won


@pytest.mark.parametrize("backend", [None, "asyncio", "trio"])
def test_an_argument_that_changes_after_the_answer_does_not_run(
    sandbox: Sandbox, client: HITLClient, tmp_path: Path, backend: str | None
) -> None:
    slow, value, ran = Slow(tmp_path / "approvals.db"), ["a"], []
    slow.meanwhile = lambda: value.append("b")
    sandbox.reviewer.on().approve()
    if backend is None:
        with pytest.raises(ApprovalMismatch, match="since they were approved"):
            require_approval(client, ledger=slow)(lambda value: ran.append(value))(value)
    else:

        async def main() -> None:
            async with sandbox.async_client() as client:

                @require_approval(client, ledger=slow)
                async def act(value: list[str]) -> None:
                    ran.append(value)

                with pytest.raises(ApprovalMismatch, match="since they were approved"):
                    await act(value)

        anyio.run(main, backend=backend)
    (row,) = slow.approvals()
    assert (ran, row.state, row.outcome and row.outcome.note) == ([], "failed", "did not begin")


# --- what a person is shown, and edits -----------------------------------------------------------------------------------


def test_nothing_of_an_argument_is_hidden_from_the_reviewer(sandbox: Sandbox, gated: Gated) -> None:
    gated.act({1: "a", "1": "b"})
    (review,) = sandbox.reviewer.asked()
    assert review.content["arguments"]["value"] == [{"key": 1, "value": "a"}, {"key": "1", "value": "b"}]


def test_what_holds_more_than_its_members_cannot_be_bound(sandbox: Sandbox, gated: Gated) -> None:
    @dataclass
    class Table(dict[str, int]):
        name: str

    with pytest.raises(UnbindableArgument, match="not a plain dict"):
        gated.act(Table("t"))
    sandbox.reviewer.asked(times=0)


def test_a_preview_may_hold_any_value(sandbox: Sandbox, client: HITLClient, ledger: SQLiteLedger) -> None:
    sandbox.reviewer.on().approve()
    preview = {"before": Decimal("5.00"), "rate": float("nan"), "item": Item("a", [])}
    Gated(client, ledger, describe=lambda _: preview).act(1)
    (review,) = sandbox.reviewer.asked()
    assert review.content["preview"] == {"before": "5.00", "rate": "nan", "item": {"sku": "a", "tags": []}}


def run_edited(sandbox: Sandbox, client: HITLClient, ledger: SQLiteLedger, kind: Any, before: Any, after: Any) -> Any:
    def act(value: Any) -> Any:
        return value

    act.__annotations__["value"] = kind
    if kind is None:
        del act.__annotations__["value"]
    sandbox.reviewer.on().edit(arguments={"value": after})
    return require_approval(client, ledger=ledger)(act)(before)


@pytest.mark.parametrize(
    ("kind", "before", "after", "ran"),
    [
        (float, 60.0, 30, 30.0),
        (None, 60.0, 30, 30.0),
        (None, "a", "b", "b"),
        (Any, {"a": [1]}, {"a": [2]}, {"a": [2]}),
        (dict[str, Any], {"a": 1}, {"b": "c"}, {"b": "c"}),
        (dict, {"a": 1}, {"a": 2}, {"a": 2}),
        (Literal[3, 4], 3, 4, 4),
        (Access | None, None, None, None),
        (str | None, None, "a", "a"),
        (Decimal, Decimal("1.50"), "2.50", Decimal("2.50")),
        (list[dict[str, int]], [{"a": 1}], [{"a": 2}], [{"a": 2}]),
        (tuple[int, str], (1, "a"), [2, "b"], (2, "b")),
        (Item, Item("a", ["x"]), {"sku": "b", "tags": "x\ny"}, Item("b", ["x", "y"])),
    ],
)
def test_an_edit_is_read_by_its_annotation(
    sandbox: Sandbox, client: HITLClient, ledger: SQLiteLedger, kind: Any, before: Any, after: Any, ran: Any
) -> None:
    found = run_edited(sandbox, client, ledger, kind, before, after)
    assert (found, type(found)) == (ran, type(ran))


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        (float, 60.0, "30"),
        (float, 60.0, True),
        (float, 60.0, 10**400),
        (float, 60.0, None),
        (int, 60, 30.5),
        (int, 60, "30"),
        (int, 60, [30]),
        (bool, False, 1),
        (bool, False, "true"),
        (str, "a", 1),
        (str, "a", None),
        (str, "a", {"a": "b"}),
        (Decimal, Decimal("1.5"), 2.5),
        (Literal["card", "cash"], "card", "gold"),
        (Literal[3, 4], 3, 5),
        (list[int], [1], ["2"]),
        (list[int], [1], {"0": 2}),
        (list, [Decimal("1.5")], ["2.5"]),
        (None, [Decimal("1.5")], ["2.5"]),
        (None, {1: "a"}, {"1": "b"}),
        (None, (1,), [2]),
        (None, 1, 2.5),
        (None, 1, True),
        (None, None, "a"),
        (tuple[int, str], (1, "a"), [2]),
        (int | str, 1, 2),
        (bytes, b"a", "Yg=="),
        (Item, Item("a", []), {"sku": "a", "tags": [], "more": 1}),
        (Item, Item("a", []), {"sku": 7, "tags": "x"}),
        ("NoSuchType", "a", "b"),
    ],
)
def test_an_edit_of_a_wrong_type_does_not_run(
    sandbox: Sandbox, client: HITLClient, ledger: SQLiteLedger, kind: Any, before: Any, after: Any
) -> None:
    with pytest.raises(ApprovalMismatch) as caught:
        run_edited(sandbox, client, ledger, kind, before, after)
    assert caught.value.kind == "arguments"
    (row,) = ledger.approvals()
    assert row.state == "refused"


@pytest.mark.parametrize(
    ("asked_by", "reviewer", "is_refused"),
    [
        ("ann@example.com", "ANN@example.com", True),
        (" ann@example.com ", "ann@example.com", True),
        ("ann@example.com", "Ann <ann@example.com>", True),
        ("ann@example.com", "kim@example.com, ann@example.com", True),
        ("ann@example.com", "joann@example.com", False),
        ("ann@example.com", "ann@example.com.au", False),
        ("Ann", "ann.b@example.com", False),
    ],
)
def test_nobody_approves_of_what_they_ask_for(
    sandbox: Sandbox, client: HITLClient, ledger: SQLiteLedger, asked_by: str, reviewer: str, is_refused: bool
) -> None:
    sandbox.reviewer.on().never()
    pending = submit(Gated(client, ledger, asked_by=asked_by).act, 1)
    sandbox.reviewer.complete(pending.review_id, {"approved": True}, reviewer)
    if is_refused:
        with pytest.raises(ApprovalMismatch) as caught:
            pending.result()
        assert caught.value.kind == "self-approval"
    else:
        assert pending.result() == "done"


# --- a server that lies --------------------------------------------------------------------------------------------------

TEMPLATE = {
    "id": "template_123",
    "name": "Approve",
    "fields": [{"name": "approved", "type": "boolean", "label": "Run it?", "required": True}],
}


class Lying:
    """A server that answers a question with a lie, and changes its form when asked to."""

    def __init__(self, lie: dict[str, Any], form: dict[str, Any] | None = None) -> None:
        self.lie, self.form = lie, form
        self.content: dict[str, Any] = {}

    def __call__(self, call: Any) -> Any:
        request = call.request
        if request.path.startswith("/v1/templates"):
            changed = self.form if self.form and self.content else {}
            return answer(200, {"success": True, "data": {**TEMPLATE, **changed}})
        if request.method == "POST":
            self.content = json.loads(request.body)["content"]
            return answer(201, {"success": True, "data": review(content=self.content)})
        lie = {"status": "completed", "result": {"approved": True}, "content": self.content, **self.lie}
        return answer(200, {"success": True, "data": review(**lie)})


def asked_of(server: Any, ledger: SQLiteLedger) -> tuple[Gated, Any]:
    client = scripted(server)
    return Gated(client, ledger, template_id="template_123", timeout=60), client


def test_the_server_of_these_tests_tells_the_truth_unless_it_lies(ledger: SQLiteLedger) -> None:
    gated, _ = asked_of(Lying({}), ledger)
    assert gated.act(1) == "done"


@pytest.mark.parametrize(
    ("lie", "error"),
    [
        ({"result": {"approved": "true"}}, ApprovalNotGiven),
        ({"result": {"approved": 1}}, ApprovalNotGiven),
        ({"result": {"approved": [True]}}, ApprovalNotGiven),
        ({"result": {"approved": None}}, ApprovalNotGiven),
        ({"result": {}}, ApprovalNotGiven),
        ({"result": {"Approved": True}}, ApprovalNotGiven),
        ({"result": {"approved ": True}}, ApprovalNotGiven),
        ({"result": {"approved": True, "approval": True}}, ApprovalNotGiven),
        ({"result": {"approved": True, "approval": "yes"}}, ApprovalNotGiven),
        ({"result": {"approved": True, "approval": False}}, ApprovalRejected),
        ({"result": {"approved": True}, "verdict_field": "sunny"}, ApprovalNotGiven),
        ({"result": {"approved": False, "sunny": True}, "verdict_field": "sunny"}, ApprovalRejected),
        ({"status": "rejected"}, ApprovalRejected),
        ({"status": "expired"}, ApprovalNotGiven),
        ({"status": "cancelled"}, ApprovalNotGiven),
        ({"status": "COMPLETED"}, WaitTimeoutError),
        ({"status": "approved"}, WaitTimeoutError),
        ({"status": "completed "}, WaitTimeoutError),
        ({"status": "started"}, WaitTimeoutError),
        ({"status": True}, WaitTimeoutError),
        ({"result": [True]}, WaitTimeoutError),
        ({"result": "approved"}, WaitTimeoutError),
        ({"id": "rev_2"}, HITLError),
        ({"template_id": "template_124"}, ApprovalMismatch),
        ({"content": {}}, ApprovalMismatch),
        ({"content": {"action": "is it sunny?"}}, ApprovalMismatch),
    ],
    ids=str,
)
def test_a_lie_about_the_answer_runs_nothing(ledger: SQLiteLedger, lie: dict[str, Any], error: type[Exception]) -> None:
    gated, _ = asked_of(Lying(lie), ledger)
    with pytest.raises(error):
        gated.act(1)
    assert gated.ran == []
    (row,) = ledger.approvals()
    assert row.state in ("asked", "refused")


@pytest.mark.parametrize(
    "form",
    [
        {"fields": [{**TEMPLATE["fields"][0], "label": "Is it sunny?"}]},  # type: ignore[dict-item]
        {"fields": [*TEMPLATE["fields"], {"name": "more", "type": "text", "label": "More"}]},
        {"fields": []},
        {"settings": {"approval_threshold": 1}},
    ],
)
def test_a_form_that_changes_runs_nothing(ledger: SQLiteLedger, form: dict[str, Any]) -> None:
    gated, _ = asked_of(Lying({}, form), ledger)
    with pytest.raises(ApprovalMismatch) as caught:
        gated.act(1)
    assert (caught.value.kind, gated.ran) == ("shown", [])


def test_a_question_that_has_vanished_is_asked_anew(sandbox: Sandbox, client: HITLClient, ledger: SQLiteLedger) -> None:
    sandbox.reviewer.on().approve()
    gated = Gated(client, ledger)
    pending = submit(gated.act, 1)
    with scripted(refused(404), base_url=client.base_url) as forgetful:
        with pytest.raises(ApprovalMismatch) as caught:
            resume(pending.token(), Gated(forgetful, ledger).act, 1).result()
        assert caught.value.kind == "review"
    assert gated.act(1) == "done"
    sandbox.reviewer.asked(times=2)


def test_an_answer_of_another_server_is_no_error_of_the_gate_alone(ledger: SQLiteLedger) -> None:
    gated, _ = asked_of(refused(401), ledger)
    with pytest.raises(HITLError) as caught:
        gated.act(1)
    assert not isinstance(caught.value, ApprovalError)
