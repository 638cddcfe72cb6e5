"""The gate fails closed: the table of docs/reference/approval.md, a row a test, and nothing runs that should not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import define
from script import BROKEN, UNREACHABLE, answer, refused, review
from scripted import scripted

from hitl import HITLClient
from hitl.approval import Escalation, Policy, Reminder, Rule, SQLiteLedger, require_approval, resume, submit
from hitl.approval.errors import LedgerError
from hitl.exceptions import HITLError
from hitl.testing import Sandbox, reject

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "approval.md"
FORM = {
    "id": "template_123",
    "name": "Approve",
    "fields": [{"name": "approved", "type": "boolean", "label": "Run it?", "required": True}],
}


class Failing(SQLiteLedger):
    """A ledger that fails at one method, before it or after it, as if the disk were full or somebody pressed Ctrl-C."""

    at = ""
    before: BaseException | None = None
    after: BaseException | None = None

    def _failing(self, name: str, act: Callable[[], Any]) -> Any:
        if self.at == name and self.before is not None:
            raise self.before
        found = act()
        if self.at == name and self.after is not None:
            error, self.after = self.after, None
            raise error
        return found

    def decide(self, *args: Any) -> Any:
        return self._failing("decide", lambda: super(Failing, self).decide(*args))

    def consume(self, *args: Any) -> Any:
        return self._failing("consume", lambda: super(Failing, self).consume(*args))

    def settle(self, *args: Any) -> Any:
        return self._failing("settle", lambda: super(Failing, self).settle(*args))


@define
class World:
    """A sandbox, a ledger, and a function `refund` that notes that it has run."""

    sandbox: Sandbox
    client: HITLClient
    ledger: Failing
    ran: list[Any]

    def refund(self, client: HITLClient | None = None, **settings: Any) -> Callable[..., str]:
        def refund(order: str = "o-7", amount: float = 60, extra: Any = None) -> str:
            self.ran.append((order, amount))
            return f"paid {amount}"

        return require_approval(client or self.client, ledger=self.ledger, **settings)(refund)

    def answered(self, **answers: Any) -> Callable[..., str]:
        self.sandbox.reviewer.on().complete({"approved": True, **answers})
        return self.refund()

    def told(self, *answers: Any) -> Callable[..., str]:
        """Return the function, gated by a server of a script."""
        return self.refund(scripted(*answers, timeout=5), template_id="template_123", timeout=60)

    def fails(self, at: str, *, before: BaseException | None = None, after: BaseException | None = None) -> None:
        self.ledger.at, self.ledger.before, self.ledger.after = at, before, after


@pytest.fixture
def world(sandbox: Sandbox, client: HITLClient, tmp_path: Path) -> World:
    return World(sandbox, client, Failing(tmp_path / "approvals.db"), [])


# --- what happens, by the words of the table ---------------------------------------------------------------------------


def by_button(world: World) -> Any:
    world.sandbox.reviewer.on().reject(feedback="Paid already")
    return world.refund()()


def in_words(world: World) -> Any:
    return world.answered(approved=False)()


def by_a_rule(world: World) -> Any:
    return world.refund(policy=Policy([Rule("never", deny=True)]))()


def ended(world: World, end: Callable[[str], object]) -> Any:
    world.sandbox.reviewer.on().never()
    pending = submit(world.refund(due_date="2099-01-01T00:00:00Z"))
    end(pending.review_id)
    return pending.result()


def expired(world: World) -> Any:
    return ended(world, lambda _: world.sandbox.clock.advance("40000d"))


def cancelled(world: World) -> Any:
    return ended(world, world.client.cancel_review)


def unanswered(world: World) -> Any:
    world.sandbox.reviewer.on().never()
    return world.refund(timeout=0.01)()


def lied(world: World, **lie: Any) -> Any:
    sent: dict[str, Any] = {}

    def server(call: Any) -> Any:
        if "templates" in call.request.path:
            return answer(200, {"success": True, "data": FORM})
        if call.request.method == "POST":
            sent.update(json.loads(call.request.body))
            return answer(201, {"success": True, "data": review(content=sent["content"])})
        told = {"status": "completed", "result": {"approved": True}, "content": sent["content"], **lie}
        return answer(200, {"success": True, "data": review(**told)})

    return world.told(server)()


def of_a_new_status(world: World) -> Any:
    return lied(world, status="archived")


def unclear(world: World) -> Any:
    return lied(world, result={"approved": "true"})


def of_another_template(world: World) -> Any:
    return lied(world, template_id="template_124")


def of_other_content(world: World) -> Any:
    return lied(world, content={"action": "is it sunny?"})


def unreachable(world: World) -> Any:
    return world.told(UNREACHABLE)()


def broken_while_waiting(world: World) -> Any:
    created = [answer(200, {"success": True, "data": FORM}), answer(201, {"success": True, "data": review()})]
    return world.told(*created, BROKEN)()


def of_a_wrong_key(world: World) -> Any:
    return world.told(refused(401))()


def vanished(world: World) -> Any:
    created = [answer(200, {"success": True, "data": FORM}), answer(201, {"success": True, "data": review()})]
    return world.told(*created, refused(404))()


def growing(world: World) -> Any:
    order = ["o-7"]

    def reads(_: Any) -> bool:
        order.append("o-8")
        return True

    world.sandbox.reviewer.on(content=reads).approve()
    return world.refund()(extra=order)


def edited(world: World, **arguments: Any) -> Any:
    world.sandbox.reviewer.on().edit(arguments={"order": "o-7", "amount": 60, "extra": None, **arguments})
    return world.refund(policy=Policy([Rule("never above", deny=lambda call: call.arguments["amount"] > 100)]))()


def edited_wrongly(world: World) -> Any:
    return edited(world, amount="30")


def edited_into_what_is_denied(world: World) -> Any:
    return edited(world, amount=101)


def with_anothers_token(world: World) -> Any:
    world.sandbox.reviewer.on().never()
    return resume(submit(world.refund()).token(), world.refund(), "o-8")


def presented_again(world: World) -> Any:
    pending = submit(world.answered())
    pending.result()
    world.ran.clear()
    return pending.result()


def taken_by_another(world: World) -> Any:
    pending = submit(world.answered())
    world.fails("settle", before=LedgerError("the disk is full"))
    with suppress(HITLError):
        pending.result()
    world.fails("")
    world.ran.clear()
    return pending.result()


def taken_by_another_ledger(world: World) -> Any:
    world.sandbox.reviewer.on().approve()
    mine, other, found = world.ledger, Failing(world.ledger.path.with_name("other.db")), None
    for world.ledger in (other, mine):
        world.ran.clear()
        with world.sandbox.client() as client, client.idempotency_scope("order-7"):
            found = world.refund(client)()
    return found


def raising(world: World) -> Any:
    return world.refund(when=lambda call: call.arguments["none"])()


def undecided(world: World) -> Any:
    return world.refund(when=lambda _: 1)()


async def later(_: Any) -> bool:
    return True


def awaitable(world: World) -> Any:
    return world.refund(when=later)()


def unbindable(world: World) -> Any:
    return world.refund()(extra=object())


def wrongly_called(world: World) -> Any:
    return world.refund()(ordre="o-7")


def without_a_ledger(world: World) -> Any:
    world.ledger.path.mkdir()
    return world.refund()()


def with_a_full_disk(world: World) -> Any:
    world.fails("consume", before=LedgerError("the disk is full"))
    return world.answered()()


def interrupted_before(world: World) -> Any:
    world.fails("decide", before=KeyboardInterrupt())
    return world.answered()()


def interrupted_between(world: World) -> Any:
    world.fails("consume", after=KeyboardInterrupt())
    return world.answered()()


def interrupted_inside(world: World) -> Any:
    world.sandbox.reviewer.on().approve()

    def refund() -> None:
        world.ran.append("began")
        raise KeyboardInterrupt

    return require_approval(world.client, ledger=world.ledger)(refund)()


def interrupted_after(world: World) -> Any:
    world.fails("settle", before=KeyboardInterrupt())
    return world.answered()()


def failing(world: World) -> Any:
    world.sandbox.reviewer.on().approve()

    def refund() -> None:
        world.ran.append("began")
        raise RuntimeError("out of money")

    return require_approval(world.client, ledger=world.ledger)(refund)()


def untold(world: World) -> Any:
    world.fails("settle", before=LedgerError("the disk is full"))
    return world.answered()()


def by_too_few(world: World) -> Any:
    made: dict[str, Any] = {}

    def server(call: Any) -> Any:
        if call.request.method == "POST":
            made.update(json.loads(call.request.body), id="template_123")
            made.pop("settings")
        listed = not call.request.path.endswith("template_123") and call.request.method == "GET"
        return answer(200, {"success": True, "data": {"templates": []} if listed else made})

    return world.refund(scripted(server, timeout=5), quorum=2)()


def by_the_asker(world: World) -> Any:
    world.sandbox.reviewer.on().approve()
    return world.refund(asked_by="reviewer@example.com")()


def escalated_too_late(world: World) -> Any:
    soon = datetime.now(UTC) + timedelta(minutes=30)
    return world.refund(due_date=soon, escalate=Escalation(3600, priority="high"))()


def escalated_in_vain(world: World) -> Any:
    world.sandbox.reviewer.on().never()
    world.sandbox.faults.next(403, method="PATCH")
    return world.refund(escalate=Escalation(0.001, priority="high"))()


def reminded_in_vain(world: World) -> Any:
    def send(_: Any) -> None:
        raise OSError("no network")

    world.sandbox.reviewer.on().never()
    return world.refund(remind=Reminder(0.001, send))()


CASES: dict[str, list[Callable[[World], Any]]] = {
    "a person rejects it, or answers `approved: false`": [by_button, in_words],
    "a rule of the policy denies it": [by_a_rule],
    "the question expires": [expired],
    "the question is cancelled": [cancelled],
    "nobody answers within `timeout`": [unanswered],
    "the review gets a status that this version does not know": [of_a_new_status],
    'it is completed without a clear yes: `approved` is missing, `"true"`, `1`, or there are two': [unclear],
    "the server cannot be reached when it is asked": [unreachable],
    "the server cannot be reached while it waits": [broken_while_waiting],
    "the key is wrong, or may not do this": [of_a_wrong_key],
    "the review does not exist any more, or another one or another form answers": [vanished, of_another_template],
    "what was shown has changed: the content, or the form": [of_other_content],
    "an argument has changed since it was asked about": [growing],
    "the reviewer's edits are not of their types, or add or remove names": [edited_wrongly],
    "a rule denies what the reviewer edited": [edited_into_what_is_denied],
    "a token is of another function, version, server or arguments": [with_anothers_token],
    "the approval has been used": [presented_again],
    "a program with another ledger has used the approval, as the server knows": [taken_by_another_ledger],
    "somebody else has taken the approval, and nobody knows the outcome": [taken_by_another],
    "`when`, `describe` or a rule raises": [raising],
    "a rule or `when` returns neither true nor false, or must be awaited in a blocking gate": [undecided, awaitable],
    "an argument cannot be bound": [unbindable],
    "the function does not take the arguments": [wrongly_called],
    "the ledger cannot be opened or read": [without_a_ledger],
    "the ledger cannot be written when the approval is consumed": [with_a_full_disk],
    "Ctrl-C, or a cancellation, before the approval is consumed": [interrupted_before],
    "… after that, before the function begins": [interrupted_between],
    "… inside the function": [interrupted_inside],
    "… after the function, before the ledger knows": [interrupted_after],
    "the function raises": [failing],
    "the function has returned, and the ledger cannot be written": [untold],
    "`quorum` is set, and the server does not know approvals by several people": [by_too_few],
    "the reviewer is the one who asks (`asked_by`)": [by_the_asker],
    "the question would end before it is escalated, or before people are reminded": [escalated_too_late],
    "the server refuses to escalate the question": [escalated_in_vain],
    "`send` of the reminder raises": [reminded_in_vain],
}


def table() -> dict[str, list[str]]:
    body = PAGE.read_text().partition("| When |")[2].partition("\n\n")[0].splitlines()[2:]
    return {cells[0]: cells[1:] for cells in (row.strip("| ").split(" | ") for row in body)}


def test_the_table_and_the_tests_have_the_same_rows() -> None:
    assert list(table()) == list(CASES)


@pytest.mark.parametrize(("when", "case"), [(when, case) for when, cases in CASES.items() for case in cases])
def test_what_the_table_says_happens(world: World, when: str, case: Callable[[World], Any]) -> None:
    raised, runs, state = table()[when][:3]
    with pytest.raises(BaseException) as caught:  # noqa: PT011 - the table says which
        case(world)
    error = caught.value
    name, *kind = re.findall(r"`([\w-]+)`", raised)
    assert type(error).__name__ == name, repr(error)
    if kind:
        assert [error.kind] == kind  # type: ignore[attr-defined]
    assert runs == ("yes" if world.ran else "no")
    states = [each.state for each in world.ledger.approvals()] if world.ledger.path.is_file() else []
    assert (states or ["–"]) == [state.strip("`")]


# --- the same call again -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "case", [cancelled, edited_wrongly, edited_into_what_is_denied, by_the_asker, unclear, vanished]
)
def test_what_was_not_approved_is_asked_anew(world: World, case: Callable[[World], Any]) -> None:
    with pytest.raises(HITLError):
        case(world)
    world.sandbox.reviewer.on().in_turn([reject()])
    rows = len(world.ledger.approvals())
    with suppress(HITLError):
        case(world)
    assert len(world.ledger.approvals()) > rows
    assert world.ran == []
