"""What is done while nobody answers: once for all who wait, also over restarts; and what is refused at decoration."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import anyio
import pytest
from attrs import define, field
from script import answer, review
from scripted import scripted

from hitl import HITLClient
from hitl.approval import (
    ApprovalRejected,
    Escalation,
    Ledger,
    Reminder,
    SQLiteLedger,
    export,
    ledger_at,
    require_approval,
    resume,
    submit,
)
from hitl.approval import escalating as module
from hitl.approval.ledger import Handling
from hitl.exceptions import (
    ConfigurationError,
    ConflictError,
    PermissionDeniedError,
    WaitTimeoutError,
)
from hitl.models import Review
from hitl.testing import Sandbox

HOUR = 3600.0
TEAM, LEAD = ["ann@example.com"], ["lead@example.com"]


@define
class Clock:
    """The server's clock; reviews are as old as it is behind."""

    behind: timedelta = field(factory=timedelta)

    def __call__(self) -> datetime:
        return datetime.now(UTC) - self.behind

    def goes_back(self, **by: float) -> None:
        """Have the reviews of now be older."""
        self.behind += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> Iterator[Sandbox]:
    with Sandbox(rate_limit=(1_000_000, 60.0), clock=clock) as sandbox:
        yield sandbox


@define
class World:
    """A sandbox in which nobody answers by themselves, a ledger, and what has run."""

    sandbox: Sandbox
    ledger: Ledger
    ran: list[str] = field(factory=list[str])

    def refund(self, client: HITLClient | None = None, ledger: Ledger | None = None, **how: Any) -> Callable[..., str]:
        def refund(order: str = "o-7") -> str:
            self.ran.append(order)
            return "paid"

        gate: Any = require_approval(client or self.sandbox.client(), ledger=ledger or self.ledger, **how)
        gated: Callable[..., str] = gate(refund)
        return gated

    def approve(self, review: Review) -> None:
        self.sandbox.reviewer.complete(review, {"approved": True}, "lead@example.com")

    def answers_after(self, hours: float) -> Reminder:
        """Return a reminder that has the lead say yes: nothing happens after it."""
        return Reminder(hours * HOUR, self.approve)

    def review(self) -> Review:
        (found,) = self.sandbox.reviewer.asked(times=1)
        return found

    def records(self, *what: str) -> list[dict[str, Any]]:
        return [each for each in map(json.loads, export(self.ledger)) if each["what"] in what]


@pytest.fixture
def world(sandbox: Sandbox, ledger: Ledger) -> World:
    sandbox.reviewer.on().never()
    return World(sandbox, ledger)


# --- an escalation ---------------------------------------------------------------------------------------------------


def test_when_nobody_answers_more_people_are_asked_more_urgently(world: World, clock: Clock) -> None:
    clock.goes_back(hours=2)
    escalate = Escalation(timedelta(hours=1), to=LEAD, priority="high")
    refund = world.refund(assignees=TEAM, escalate=escalate, remind=world.answers_after(1.5))
    assert refund() == "paid"
    (review,) = world.sandbox.reviewer.asked(times=1)
    assert (review.assignees, review.priority) == ([*TEAM, *LEAD], "high")
    (record,) = world.records("escalated")
    (row,) = world.ledger.approvals()
    told = {name: record[name] for name in ("key", "call", "function", "review_id", "assignees", "priority")}
    assert told == {
        "key": row.key,
        "call": row.call,
        "function": row.function,
        "review_id": review.id,
        "assignees": [*TEAM, *LEAD],
        "priority": "high",
    }


def test_an_answer_in_time_leaves_the_question_as_it_was(sandbox: Sandbox, ledger: Ledger) -> None:
    sandbox.reviewer.on().after(HOUR / 2).approve()
    sandbox.fast_forward()
    world = World(sandbox, ledger)
    assert world.refund(assignees=TEAM, escalate=Escalation(HOUR, to=LEAD), timeout=2 * HOUR)() == "paid"
    assert world.review().assignees == TEAM
    assert world.records("escalated") == []


def test_it_waits_until_it_is_time(world: World) -> None:
    refund = world.refund(escalate=Escalation(0.05, priority="high"), remind=Reminder(0.06, world.approve))
    assert refund() == "paid"
    assert [each["what"] for each in world.records("escalated", "reminded")] == ["escalated", "reminded"]


def test_people_who_are_asked_already_are_not_asked_twice(world: World, clock: Clock) -> None:
    clock.goes_back(hours=2)
    escalate = Escalation(HOUR, to=["ANN@example.com ", *LEAD], priority="medium")
    world.refund(assignees=TEAM, priority="high", escalate=escalate, remind=world.answers_after(1.5))()
    assert (world.review().assignees, world.review().priority) == ([*TEAM, *LEAD], "high")


def test_a_question_that_a_person_has_escalated_is_left_alone(world: World, clock: Clock) -> None:
    clock.goes_back(hours=2)
    refund = world.refund(
        assignees=TEAM, escalate=Escalation(HOUR, to=LEAD, priority="high"), remind=world.answers_after(1.5)
    )
    pending = submit(refund)
    world.sandbox.client().update_review(pending.review_id, assignees=[*LEAD, *TEAM], priority="high")
    assert pending.result() == "paid"
    assert (world.review().assignees, world.review().version) == ([*LEAD, *TEAM], 3)  # created, changed, completed


# --- restarts --------------------------------------------------------------------------------------------------------


def test_another_process_escalates_what_was_asked_before(world: World, clock: Clock, address: str) -> None:
    clock.goes_back(hours=2)
    how: dict[str, Any] = {"assignees": TEAM, "escalate": Escalation(HOUR, to=LEAD)}
    token = submit(world.refund(**how)).token()
    ledger = ledger_at(address)  # as another process has it
    refund = world.refund(ledger=ledger, remind=world.answers_after(1.5), **how)
    assert resume(token, refund).result() == "paid"
    assert world.review().assignees == [*TEAM, *LEAD]
    assert len(world.records("escalated")) == 1
    ledger.close()


def test_what_was_escalated_once_is_not_escalated_again(world: World, clock: Clock) -> None:
    clock.goes_back(hours=2)
    how: dict[str, Any] = {"assignees": TEAM, "escalate": Escalation(HOUR, to=LEAD)}

    def fail(review: Review) -> None:
        raise OSError("no network")

    with pytest.raises(OSError, match="no network") as caught:
        world.refund(remind=Reminder(1.5 * HOUR, fail), **how)()
    assert "still open" in caught.value.__notes__[0]
    world.sandbox.client().reassign_review(world.review().id, assignees=["kim@example.com"])  # a person knows better
    assert world.refund(remind=world.answers_after(1.5), **how)() == "paid"
    assert world.review().assignees == ["kim@example.com"]
    assert len(world.records("escalated")) == len(world.records("reminded")) == 1


class Crashing(SQLiteLedger):
    """A ledger whose process dies at a method, before or after it has done its work."""

    crash = ""

    def begin_handling(self, *names: str, **how: Any) -> Handling:
        state = super().begin_handling(*names, **how)
        self._crash("begun")
        return state

    def end_handling(self, decision: str, handler: str, facts: dict[str, Any] | None = None) -> None:
        self._crash("ending")
        super().end_handling(decision, handler, facts)
        self._crash("ended")

    def _crash(self, at: str) -> None:
        if self.crash == at:
            self.crash = ""
            raise KeyboardInterrupt


@pytest.mark.parametrize("crash", ["begun", "ending", "ended"])
def test_a_crash_neither_loses_an_escalation_nor_repeats_it(
    sandbox: Sandbox, clock: Clock, tmp_path: Path, crash: str
) -> None:
    sandbox.reviewer.on().never()
    clock.goes_back(hours=2)
    world = World(sandbox, Crashing(tmp_path / "approvals.db"))
    refund = world.refund(assignees=TEAM, escalate=Escalation(HOUR, to=LEAD), remind=world.answers_after(1.5))
    assert isinstance(world.ledger, Crashing)
    world.ledger.crash = crash
    with pytest.raises(KeyboardInterrupt):
        refund()
    assert refund() == "paid"
    assert (world.review().assignees, world.review().version) == ([*TEAM, *LEAD], 3)  # created, escalated, completed
    assert len(world.records("escalated")) == 1


def test_those_who_wait_together_escalate_once(world: World, clock: Clock, address: str) -> None:
    clock.goes_back(hours=2)
    together = threading.Barrier(4)
    how: dict[str, Any] = {
        "assignees": TEAM,
        "escalate": Escalation(HOUR, to=LEAD),
        "remind": Reminder(1.5 * HOUR, world.approve),
    }
    token = submit(world.refund(**how)).token()

    def wait(_: int) -> str:
        ledger = ledger_at(address)
        refund = world.refund(ledger=ledger, **how)
        together.wait(timeout=60)
        try:
            return resume(token, refund).result()
        except Exception as error:
            return type(error).__name__
        finally:
            ledger.close()

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(wait, range(4)))
    assert found.count("paid") == len(world.ran) == 1
    assert world.review().version == 3  # created, escalated, completed
    assert [each["what"] for each in world.records("escalated", "reminded")] == ["escalated", "reminded"]


class Slow(SQLiteLedger):
    """A ledger in which the first waiter waits for the lock, until a second one is in the middle of the escalation."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.first_waits, self.second_has_begun, self.first_has_looked = (threading.Event() for _ in range(3))
        self.looks = 0

    def begin_handling(self, *names: str, **how: Any) -> Handling:
        self.looks += 1
        if self.looks == 1:
            self.first_waits.set()
            assert self.second_has_begun.wait(60)
            state = super().begin_handling(*names, **how)
            self.first_has_looked.set()
            return state
        state = super().begin_handling(*names, **how)
        self.second_has_begun.set()
        return state

    def end_handling(self, decision: str, handler: str, facts: dict[str, Any] | None = None) -> None:
        assert self.first_has_looked.wait(60)
        super().end_handling(decision, handler, facts)


def test_who_begins_while_another_waits_for_the_ledger_is_not_taken_over(
    sandbox: Sandbox, clock: Clock, tmp_path: Path
) -> None:
    sandbox.reviewer.on().never()
    clock.goes_back(hours=2)
    ledger = Slow(tmp_path / "approvals.db")
    world = World(sandbox, ledger)
    refund = world.refund(assignees=TEAM, escalate=Escalation(HOUR, to=LEAD), remind=world.answers_after(1.5))
    pending = submit(refund)

    def second() -> str:
        assert ledger.first_waits.wait(60)
        return pending.result()

    with ThreadPoolExecutor(2) as threads:
        found = [threads.submit(act) for act in (pending.result, second)]
        errors = [each.exception(timeout=60) for each in found]
    assert errors.count(None) == 1
    assert world.review().version == 3  # created, escalated, completed


# --- a server that does not do it ------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/v1/reviews/*"])
@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_it_is_tried_again_when_the_server_has_a_bad_moment(
    world: World, clock: Clock, monkeypatch: pytest.MonkeyPatch, path: str, method: str
) -> None:
    clock.goes_back(hours=2)
    monkeypatch.setattr(module, "AGAIN", 0.01)
    client = world.sandbox.client(max_retries=0)
    refund = world.refund(client, assignees=TEAM, escalate=Escalation(HOUR, to=LEAD), remind=world.answers_after(1.5))
    world.sandbox.faults.next(503, path=path, method=method)
    assert refund() == "paid"
    assert world.review().assignees == [*TEAM, *LEAD]


def test_a_server_that_refuses_ends_the_wait_and_not_the_question(world: World, clock: Clock) -> None:
    clock.goes_back(hours=2)
    refund = world.refund(assignees=TEAM, escalate=Escalation(HOUR, to=LEAD), remind=world.answers_after(1.5))
    for status, error in ((403, PermissionDeniedError), (409, ConflictError)):
        world.sandbox.faults.next(status, method="PATCH")
        with pytest.raises(error):
            refund()
    assert ([each.state for each in world.ledger.approvals()], world.ran) == (["asked"], [])
    assert refund() == "paid"


FORM = {
    "id": "template_123",
    "name": "Approve",
    "fields": [{"name": "approved", "type": "boolean", "label": "Run it?", "required": True}],
}


class Server:
    """A server of a script: it ignores changes, or the review is answered while it is changed."""

    def __init__(self, *, answered_at_change: bool) -> None:
        self.answered_at_change = answered_at_change
        self.review: dict[str, Any] = {}

    def __call__(self, call: Any) -> Any:
        method = call.request.method
        if "templates" in call.request.path:
            return answer(200, {"success": True, "data": FORM})
        if method == "POST":
            self.review = review(**json.loads(call.request.body), created_at="2026-01-01T00:00:00Z")
        elif method == "PATCH" and self.answered_at_change:
            self.review |= {"status": "rejected", "reviewer": "kim@example.com"}
            return answer(409, {"success": False, "error": {"code": "conflict", "message": "it is finished"}})
        return answer(201 if method == "POST" else 200, {"success": True, "data": self.review})


def test_a_server_that_ignores_it_is_found_out(tmp_path: Path) -> None:
    client = scripted(Server(answered_at_change=False))
    gate = require_approval(
        client,
        template_id="template_123",
        ledger=SQLiteLedger(tmp_path / "approvals.db"),
        escalate=Escalation(HOUR, to=LEAD),
    )
    with pytest.raises(ConfigurationError, match="did not escalate"):
        gate(lambda: pytest.fail("ran"))()


def test_an_answer_that_comes_at_that_moment_counts(tmp_path: Path) -> None:
    client, ledger = scripted(Server(answered_at_change=True)), SQLiteLedger(tmp_path / "approvals.db")
    gate = require_approval(client, template_id="template_123", ledger=ledger, escalate=Escalation(HOUR, to=LEAD))
    with pytest.raises(ApprovalRejected) as caught:
        gate(lambda: pytest.fail("ran"))()
    assert caught.value.reviewer == "kim@example.com"
    assert "escalated" not in "".join(export(ledger))


# --- a reminder ------------------------------------------------------------------------------------------------------


def test_people_are_reminded_once_with_the_question(world: World, clock: Clock) -> None:
    clock.goes_back(hours=2)
    told: list[Review] = []
    refund = world.refund(remind=Reminder(HOUR, told.append), timeout=HOUR + 1)
    pending = submit(refund)

    def answer_later(review: Review) -> None:
        told.append(review)
        world.approve(review)

    again = world.refund(remind=Reminder(HOUR, answer_later))
    assert again() == "paid"
    assert [each.id for each in told] == [pending.review_id]
    assert [each["review_id"] for each in world.records("reminded")] == [pending.review_id]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_both_work_alike_for_coroutine_functions(world: World, clock: Clock, backend: str) -> None:
    clock.goes_back(hours=2)

    async def remind(review: Review) -> None:
        await anyio.to_thread.run_sync(world.approve, review)

    async def main() -> str:
        async with world.sandbox.async_client() as client:
            gate = require_approval(
                client,
                ledger=world.ledger,
                assignees=TEAM,
                escalate=Escalation(HOUR, to=LEAD, priority="high"),
                remind=Reminder(1.5 * HOUR, remind),
            )

            @gate
            async def refund(order: str) -> str:
                return f"paid {order}"

            return await refund("o-7")

    assert anyio.run(main, backend=backend) == "paid o-7"
    assert (world.review().assignees, world.review().priority) == ([*TEAM, *LEAD], "high")
    assert [each["what"] for each in world.records("escalated", "reminded")] == ["escalated", "reminded"]


def test_a_wait_that_is_too_short_for_the_rest_times_out_as_ever(world: World, clock: Clock) -> None:
    clock.goes_back(seconds=-3)  # created in the future, by the clock of the program
    refund = world.refund(escalate=Escalation(0.01, priority="high"), timeout=0.02)
    with pytest.raises(WaitTimeoutError):
        refund()
    assert (world.records("escalated"), [each.state for each in world.ledger.approvals()]) == ([], ["asked"])


# --- what nobody would carry out -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: Escalation(HOUR), "people to ask"),
        (lambda: Escalation(HOUR, to=[]), "people to ask"),
        (lambda: Escalation(0, to=LEAD), "after"),
        (lambda: Escalation("soon", to=LEAD), "after"),  # type: ignore[arg-type]
        (lambda: Escalation(HOUR, to="lead@example.com"), "list of addresses"),
        (lambda: Escalation(HOUR, to=[""]), r"to\[0\]"),
        (lambda: Escalation(HOUR, priority="urgent"), "priority"),  # type: ignore[arg-type]
        (lambda: Reminder(-1, print), "after"),
        (lambda: Reminder(HOUR, "by mail"), "send"),  # type: ignore[arg-type]
    ],
)
def test_an_escalation_or_a_reminder_of_nothing_is_refused(make: Callable[[], object], why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        make()


async def later(_: Review) -> None: ...


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"escalate": HOUR}, "Escalation"),
        ({"remind": HOUR}, "the server reminds nobody"),
        ({"remind": True}, "the server reminds nobody"),
        ({"remind": Reminder(HOUR, later)}, "AsyncHITLClient"),
        ({"remind": Reminder(HOUR, print), "timeout": timedelta(minutes=60)}, "less than timeout"),
        ({"escalate": Escalation(HOUR, to=LEAD), "timeout": 60}, "less than timeout"),
        ({"escalate": Escalation(HOUR, to=LEAD), "assignees": ["Lead@example.com"]}, "change nothing"),
        ({"escalate": Escalation(HOUR, priority="low")}, "change nothing"),
        ({"escalate": Escalation(HOUR, priority="normal")}, "change nothing"),
        ({"escalate": Escalation(HOUR, priority="high"), "priority": "high"}, "change nothing"),
        ({"escalate": Escalation(HOUR, to=LEAD), "asked_by": "Lead@example.com"}, "who asks"),
        ({"assignees": TEAM, "asked_by": "ann@example.com"}, "name more people"),
        ({"assignees": TEAM, "quorum": 2}, "name more people"),
        ({"assignees": [*TEAM, "Ann@example.com"], "quorum": 2}, "name more people"),
        ({"assignees": TEAM, "quorum": 3, "escalate": Escalation(HOUR, to=LEAD)}, "name more people"),
        ({"quorum": 2, "asked_by": "ann@example.com"}, "among them unseen"),
        ({"assignees": "ann@example.com"}, "list of addresses"),
        ({"priority": "urgent"}, "priority"),
        ({"due_date": datetime(2099, 1, 1)}, "time zone"),
        ({"timeout": "soon"}, "timeout"),
    ],
)
def test_what_nobody_would_carry_out_is_refused_at_decoration(sandbox: Sandbox, how: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        require_approval(sandbox.client(), **how)


@pytest.mark.parametrize(
    "how",
    [
        {"assignees": TEAM, "quorum": 2, "escalate": Escalation(HOUR, to=LEAD)},
        {"quorum": 3},
        {"assignees": [*TEAM, *LEAD], "asked_by": "ann@example.com"},
        {"escalate": Escalation(HOUR, priority="medium"), "priority": "low"},
        {"escalate": Escalation(HOUR, to=LEAD), "assignees": []},
        {"remind": Reminder(HOUR, print), "timeout": 2 * HOUR},
    ],
)
def test_what_can_be_carried_out_is_taken(sandbox: Sandbox, how: dict[str, Any]) -> None:
    require_approval(sandbox.client(), **how)


@pytest.mark.parametrize(
    ("who", "why"), [({"asked_by": "ann@example.com"}, "unseen"), ({"assignees": TEAM}, "name more")]
)
def test_a_form_that_needs_more_people_is_refused_before_it_is_asked(
    world: World, who: dict[str, Any], why: str
) -> None:
    template = world.sandbox.client().create_template(
        "By two", [{"name": "approved", "type": "boolean", "required": True}], settings={"approval_threshold": 2}
    )
    with pytest.raises(ConfigurationError, match=why):
        world.refund(template_id=template.id, **who)()
    assert (world.sandbox.reviewer.asked(times=0), world.ledger.approvals()) == ([], [])


def test_a_question_that_would_end_before_is_not_asked(world: World) -> None:
    client = world.sandbox.client()
    template = client.create_template(
        "Soon over", [{"name": "approved", "type": "boolean", "required": True}], settings={"timeout_hours": 1}
    )
    soon = datetime.now(UTC) + timedelta(minutes=30)
    ends: list[dict[str, Any]] = [{"template_id": template.id}, {"due_date": soon}]
    steps: list[dict[str, Any]] = [{"escalate": Escalation(HOUR, to=LEAD)}, {"remind": Reminder(HOUR, print)}]
    for end, step in product(ends, steps):
        with pytest.raises(ConfigurationError, match="too late"):
            world.refund(**end, **step)()
    assert (world.sandbox.reviewer.asked(times=0), world.ledger.approvals()) == ([], [])
