"""Many waits at once, in virtual time before a server that counts what it is asked."""

from __future__ import annotations

import itertools
import math
import pickle
import random
import statistics
import warnings
from collections import Counter
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import evolve
from script import refused
from world import EPOCH, Vendor, World, wait_registry

from hitl import WaitBudgetWarning
from hitl._api import operations
from hitl._calls import Backoff, Exchange, random_key
from hitl._engine import Response
from hitl._flows import Sleep, Wakeup
from hitl._waiting import (
    ALL,
    ANY_REJECTED,
    FIRST,
    REVIEWS,
    AsCompleted,
    ReturnWhen,
    WaitOptions,
    subjects,
    wait_for_many,
    wait_for_one,
)
from hitl._waiting.model import GetOne, ListMany, ListResult
from hitl._waiting.progress import Progress
from hitl._waiting.schedule import RECONCILE
from hitl._waiting.timing import HOLD, SLOWEST
from hitl.exceptions import (
    AuthenticationError,
    BatchError,
    RateLimitError,
    ReviewCancelledError,
    ReviewExpiredError,
    ReviewNotFoundError,
    WaitTimeoutError,
)
from hitl.models import Review

pytestmark = pytest.mark.filterwarnings("ignore::hitl.WaitBudgetWarning")


EARLY = datetime.fromtimestamp(EPOCH, UTC)


class Office:
    """A client's waits before a vendor's server, and what they brought."""

    def __init__(self, vendor: Vendor, server: Any = None) -> None:
        self.vendor = vendor
        self.world = World(server or vendor)
        self.exchange = Exchange(Backoff(3, 1.0))
        self.waits = wait_registry(self.world.clock, self.exchange)
        self.results: dict[str, Any] = {}
        self.seen_at: dict[str, float] = {}

    def wait(self, review_id: str, timeout: float | None = None, poll_interval: float = 1.0, **how: Any) -> Any:
        flow = wait_for_one(self.waits, review_id, None, WaitOptions(timeout, poll_interval, **how), REVIEWS)
        return self.world.start(flow, lambda result: self._note(review_id, result))

    def wait_for_each(self, **how: Any) -> None:
        for review_id in self.vendor.created:
            self.wait(review_id, **how)

    def wait_for_all(self, ids: list[Any], timeout: float | None = None, return_when: Any = ALL) -> Any:
        flow = wait_for_many(self.waits, subjects(ids, REVIEWS), WaitOptions(timeout, 1.0), return_when, REVIEWS)
        return self.world.start(flow, lambda result: self._note("all", result))

    def _note(self, name: str, result: Any) -> None:
        self.results[name] = result
        self.seen_at[name] = self.world.now

    @property
    def asked(self) -> Counter[str]:
        return Counter(operation for _, operation in self.vendor.asked)


def office(count: int, *, after: float = 30.0, **vendor: Any) -> Office:
    """Return an office with so many reviews, each of which ends so many seconds later than the one before."""
    office = Office(Vendor(None, **vendor))
    for number in range(count):
        office.vendor.add(f"rev_{number}", EPOCH - count + number, count + after)
    return office


class Dated(Vendor):
    """A vendor that writes some times of creation in a way of its own."""

    def __init__(self, written: str) -> None:
        super().__init__(None)
        self.written = written

    def _review(self, review_id: str, now: float) -> dict[str, Any]:
        told = super()._review(review_id, now)
        return {**told, "created_at": self.written} if review_id in ("rev_1", "rev_3") else told


@pytest.mark.parametrize(
    "written", ["0001-01-01T00:00:00Z", "0001-01-01", "2027-01-15T07:59:00", "9999-12-31T23:59:59Z"]
)
def test_times_without_a_zone_or_sense_end_no_wait(written):
    odd = Office(Dated(written))
    for number in range(6):
        odd.vendor.add(f"rev_{number}", EPOCH, 30.0 if number < 4 else math.inf)
    seen: list[Progress] = []
    display = SimpleNamespace(show=seen.append, close=lambda: None)
    given = {f"rev_{number}": None for number in range(4)}
    flow = wait_for_many(odd.waits, subjects(given, REVIEWS), WaitOptions(None, 1.0, display=display), ALL, REVIEWS)
    odd.world.start(flow, lambda result: odd._note("all", result))
    odd.world.run(EPOCH + 60.0)
    assert [each.id for each in odd.results["all"]] == list(given)
    assert seen


def test_an_id_that_is_given_twice_is_answered_twice_and_asked_about_once():
    many = office(2)
    many.wait_for_all(["rev_1", "rev_0", "rev_1", finished("rev_0", "rejected"), "rev_1"])
    many.world.run()
    assert [each.id for each in many.results["all"]] == ["rev_1", "rev_0", "rev_1", "rev_0", "rev_1"]
    assert many.results["all"][0] is many.results["all"][2] is many.results["all"][4]
    alone = office(1)
    alone.wait_for_all(["rev_0"])
    alone.world.run()
    twice = office(1)
    twice.wait_for_all(["rev_0", "rev_0"])
    twice.world.run()
    assert twice.asked == alone.asked


@pytest.mark.parametrize(
    ("return_when", "given", "returned"),
    [
        (FIRST, ["rev_1", "rev_0", "rev_1", "rev_0"], ["rev_1", "rev_0", "rev_1", "rev_0"]),
        (FIRST, ["rev_1", "rev_1"], ["rev_1", "rev_1"]),
        (FIRST, ["rev_1", ("rev_9", "completed"), "rev_1", "rev_9"], ["rev_9", "rev_9"]),
        (ANY_REJECTED, ["rev_1", ("rev_9", "rejected"), "rev_9"], ["rev_9", "rev_9"]),
        (ANY_REJECTED, ["rev_1", "rev_0", "rev_1"], ["rev_1", "rev_0", "rev_1"]),
    ],
)
def test_an_id_that_is_given_twice_is_returned_twice_also_before_all_have_ended(
    return_when: Any, given: list[Any], returned: list[str]
):
    many = office(2)
    many.wait_for_all([finished(*each) if isinstance(each, tuple) else each for each in given], return_when=return_when)
    many.world.run()
    assert [each.id for each in many.results["all"]] == returned


def test_the_errors_of_many_waits_tell_what_it_took_to_know():
    many = Office(Vendor(None, ids=True))
    for number, status in enumerate(["expired", "cancelled", "completed"]):
        many.vendor.add(f"rev_{number}", EPOCH, 5.0, status)
    many.wait_for_all(list(many.vendor.created))
    many.world.run()
    error = many.results["all"]
    assert isinstance(error, BatchError)
    asked = len(many.vendor.asked)
    assert [(each.attempts, each.sent) for each in (error, *error.failures.values())] == [(asked, "yes")] * 3


class TestSharing:
    @pytest.mark.parametrize("knows_ids", [True, False])
    def test_a_hundred_waits_cost_as_much_as_one(self, knows_ids):
        many = office(100, ids=knows_ids)
        many.wait_for_each(poll_interval=10.0)
        many.world.run()
        assert {result.status for result in many.results.values()} == {"completed"}
        ticks = (many.world.now - EPOCH) / 10.0
        assert len(many.vendor.asked) <= ticks + 3
        assert many.asked["get_review"] <= 1

    def test_ten_thousand_first_polls_take_a_request_for_each_hundred(self):
        many = office(10_000, ids=True, after=5.0)
        many.wait_for_all(list(many.vendor.created))
        many.world.run(EPOCH + 5.1)
        assert many.asked["list_reviews"] <= 100 + 3
        assert many.asked["get_review"] == 0

    def test_nothing_is_polled_once_nobody_waits(self):
        one = office(3)
        one.wait_for_all(list(one.vendor.created), timeout=5.0)
        one.world.run()
        assert isinstance(one.results["all"], WaitTimeoutError)
        assert one.waits.stats().waits == one.waits.stats().open == 0
        assert one.world.now <= EPOCH + 5.25

    @pytest.mark.parametrize("cancelled_after", [0.01, 10.0])  # in the middle of a request, and asleep
    def test_a_wait_that_is_cancelled_hands_the_work_on(self, cancelled_after):
        pair = office(2)
        first = pair.wait("rev_0")
        pair.wait("rev_1")
        pair.world.at(EPOCH + cancelled_after, first.close)
        pair.world.run(EPOCH + 60)
        assert pair.results["rev_1"].status == "completed"
        assert "rev_0" not in pair.results

    def joined(self, count: int) -> Any:
        waits = office(count).waits
        joined = [waits.begin({f"rev_{number}": None}, WaitOptions(None, 1.0)) for number in range(count)]
        return joined[0].poller, joined

    def test_work_is_handed_to_a_waiter_without_a_request_in_flight(self):
        poller, (held, owner, idle) = self.joined(3)
        assert isinstance(poller.plan(held, math.inf), ListMany)
        assert poller.plan(owner, math.inf) == poller.plan(idle, math.inf) == math.inf
        poller.rest(owner)
        woken: list[Any] = []
        held.wakeup.subscribe(lambda: woken.append("held"))
        idle.wakeup.subscribe(lambda: woken.append("idle"))
        assert woken == ["idle"]

    def test_another_waiter_owns_the_timer_while_a_server_holds_up_its_owner(self):
        poller, (owner, other) = self.joined(2)
        snapshot = poller.plan(other, math.inf)
        assert isinstance(snapshot, ListMany)
        assert poller.plan(owner, math.inf) == math.inf
        pending = [finished(review_id, "created") for review_id in snapshot.ids]
        poller.completed(snapshot, ListResult(pending, None, "a cursor"))
        poller.finished(snapshot, other)
        changes = poller.plan(owner, math.inf)
        assert isinstance(changes, ListMany)
        assert changes.channel == "changes"
        assert poller.plan(other, math.inf) == RECONCILE

    def test_a_wait_that_ends_hands_the_work_on(self):
        pair = office(2)
        pair.vendor.ends["rev_1"] = (EPOCH + 300.0, "rejected")
        pair.wait_for_each()
        pair.world.run()
        assert pair.seen_at["rev_1"] - (EPOCH + 300.0) <= SLOWEST + 1

    def test_those_who_begin_together_are_asked_about_together(self):
        many = office(50)
        many.wait_for_each()
        many.world.run()
        assert many.asked["get_review"] == 0  # the first of them does not begin to listen to its own review alone

    def test_two_waits_for_one_review_end_together(self):
        one = office(1)
        one.wait("rev_0")
        one.wait_for_all(["rev_0"])
        one.world.run()
        assert one.seen_at["rev_0"] == one.seen_at["all"]

    def test_the_extra_latency_is_half_the_interval(self):
        late: list[float] = []
        for number in range(60):
            one = office(2)
            ends = EPOCH + 100.0 + number * 0.83
            one.vendor.ends["rev_0"] = one.vendor.ends["rev_1"] = (ends, "completed")
            one.wait_for_each(poll_interval=20.0)
            one.world.run()
            late.append(one.seen_at["rev_0"] - ends)
        assert statistics.mean(late) <= 0.6 * 20.0


class TestFindingOut:
    def test_a_server_that_ignores_ids_is_found_out_and_asked_by_date(self):
        many = office(120)
        waited = list(many.vendor.created)[-30:]
        for review_id in waited:
            many.wait(review_id)
        many.world.run()
        assert all(many.results[review_id].status == "completed" for review_id in waited)
        assert many.asked["get_review"] <= 1

    def test_a_server_without_lists_is_asked_for_each(self):
        many = office(3, lists=False)
        many.wait_for_all(list(many.vendor.created))
        many.world.run()
        assert [review.id for review in many.results["all"]] == ["rev_0", "rev_1", "rev_2"]
        assert many.asked["list_reviews"] <= 2

    def test_what_a_list_does_not_show_is_read_by_itself(self):
        many = office(60, page=10)
        many.vendor.created = dict(sorted(many.vendor.created.items()))
        many.wait("rev_0")
        many.wait("rev_59")
        many.world.run()
        assert many.results["rev_0"].status == many.results["rev_59"].status == "completed"

    def test_a_review_that_does_not_exist_ends_only_its_own_wait(self):
        many = office(2)
        for review_id in ("rev_0", "rev_none", "rev_1"):
            many.wait(review_id)
        many.world.run()
        assert isinstance(many.results["rev_none"], ReviewNotFoundError)
        assert many.results["rev_0"].status == many.results["rev_1"].status == "completed"
        assert many.seen_at["rev_none"] < EPOCH + 5

    def test_a_key_that_is_refused_ends_all_waits_each_with_an_error_of_its_own(self):
        many = Office(Vendor(None), lambda call, now: refused(401))
        many.wait("rev_0")
        many.wait("rev_1")
        many.wait_for_all(["rev_2", "rev_3"])
        many.world.run()
        assert all(isinstance(result, AuthenticationError) for result in many.results.values())
        assert len({id(result) for result in many.results.values()}) == 3

    def test_lists_that_make_no_sense_are_given_up(self):
        inner = Vendor(None)
        inner.add("rev_0", EPOCH, 20.0)
        inner.add("rev_1", EPOCH, 20.0)

        def server(call: Any, now: float) -> Any:
            answer = inner(call, now)
            return Response(200, {}, b"<html>") if call.operation == "list_reviews" else answer

        many = Office(inner, server)
        many.wait_for_all(["rev_0", "rev_1"])
        many.world.run()
        assert len(many.results["all"]) == 2


class TestAlwaysANewOne:
    """Reviews that are waited for while others join all the time are not forgotten."""

    @pytest.mark.parametrize("vendor", [{}, {"ids": True}, {"lists": False}])
    def test_old_reviews_are_seen_although_new_ones_join_every_second(self, vendor):
        many = office(120, after=60.0, **vendor)
        many.wait_for_each(poll_interval=5.0)
        for number in range(240):
            many.world.at(EPOCH + number, lambda number=number: self._join(many, f"new_{number}"))
        many.world.run(EPOCH + 240.0)
        assert [each for each in many.vendor.created if each.startswith("rev") and each not in many.results] == []

    @staticmethod
    def _join(many: Office, review_id: str) -> None:
        many.vendor.add(review_id, many.world.now, math.inf)
        many.wait(review_id, poll_interval=5.0)


class TestFollowingChanges:
    def test_a_list_of_changes_is_held_open_and_followed(self):
        """The server's cursor is the second; it holds a question about changes until there are some."""
        inner = Vendor(None, ids=True)
        inner.add("rev_0", EPOCH, 40.0)
        inner.add("rev_1", EPOCH, 90.0)
        asked: list[Any] = []

        def server(call: Any, now: float) -> Any:
            asked.append((now, call))
            query = dict(call.request.query)
            after = query.pop("changes_after", None)
            headers = {"preference-applied": "wait=25"} if "Prefer" in call.request.headers else {}
            if after is not None:
                changed = [each for each, (ends, _) in inner.ends.items() if float(after) < ends <= now]
                query["ids"] = ",".join(changed or ["none"])
            answer = inner._list(query, now, {})
            assert isinstance(answer, Response)
            return Response(200, {**headers, "x-changes-cursor": str(now)}, answer.content)

        many = Office(inner, server)
        many.wait_for_all(["rev_0", "rev_1"])
        many.world.run(EPOCH + 200)
        assert [review.id for review in many.results["all"]] == ["rev_0", "rev_1"]
        follows = [call for _, call in asked if "changes_after" in call.request.query]
        assert follows[0].request.headers["Prefer"] == f"wait={HOLD}"
        assert len(asked) - len(follows) == 1


class TestWhatIsKept:
    """Ten thousand reviews may hold long texts, so they are not kept where nobody may ask for them."""

    PENDING = Review("rev_0", "created", "template_123", {}, EARLY, version=3)

    def listed(self, *options: WaitOptions, cursor: str | None = "a cursor") -> list[Any]:
        """Return one wait for each of these options, after a list that showed what they wait for."""
        one = office(1)
        joined = [one.waits.begin({"rev_0": None}, each) for each in options]
        request = ListMany(("rev_0",), {}, 0, "snapshot", None, 1.0)
        joined[0].poller.completed(request, ListResult([self.PENDING], None, cursor))
        return joined

    def test_where_the_server_has_a_feed_of_changes_a_stub_is_enough(self):
        [wait] = self.listed(WaitOptions(None, 1.0))
        assert wait.poller.last_seen("rev_0") is None
        assert wait.poller.created_at("rev_0") == self.PENDING.created_at

    @pytest.mark.parametrize(
        ("options", "cursor"),
        [
            pytest.param(WaitOptions(60.0, 1.0), "a cursor", id="a timeout reports it"),
            pytest.param(WaitOptions(None, 1.0, lambda _: None), "a cursor", id="a callback is given it"),
            pytest.param(WaitOptions(None, 1.0), None, id="without a feed a webhook may report only what changed"),
        ],
    )
    def test_it_is_kept_where_it_may_be_reported(self, options, cursor):
        wait, _ = self.listed(options, WaitOptions(None, 1.0), cursor=cursor)
        assert wait.poller.last_seen("rev_0") == self.PENDING

    def test_it_is_kept_where_the_server_does_not_count_its_changes(self):
        uncounted = evolve(self.PENDING, version=None)
        [wait] = self.listed(WaitOptions(None, 1.0))
        wait.registry.notify(evolve(self.PENDING, version=4))
        wait.registry.notify(uncounted)
        assert wait.poller.last_seen("rev_0") == uncounted

    def test_it_is_read_again_for_a_later_wait_that_may_report_it(self):
        [early] = self.listed(WaitOptions(None, 1.0))
        late = early.registry.begin({"rev_0": None}, WaitOptions(60.0, 1.0))
        again = late.poller.plan(late, math.inf)
        assert isinstance(again, GetOne)
        late.poller.completed(again, ListResult([self.PENDING], None, None))
        assert late.poller.last_seen("rev_0") == self.PENDING

    def test_a_stub_is_reported_when_it_changes_and_not_before(self):
        told: list[Any] = []
        [early] = self.listed(WaitOptions(None, 1.0))
        late = early.registry.begin({"rev_0": None}, WaitOptions(None, 1.0, told.append))
        early.registry.notify(self.PENDING)
        assert not late.has_something
        early.registry.notify(evolve(self.PENDING, status="in_progress", version=4))
        assert [each.version for _, each in late.found] == [4]

    def test_a_webhook_that_reports_only_what_changed_has_it_read(self):
        [wait] = self.listed(WaitOptions(None, 1.0))
        assert wait.registry.notify({"review": {"id": "rev_0", "status": "completed", "result": {}, "reviewer": None}})
        assert isinstance(wait.poller.plan(wait, math.inf), GetOne)


class TestEnds:
    def ended(self, *statuses: str, return_when: Any = ALL, timeout: float | None = None) -> Any:
        many = Office(Vendor(None))
        for number, status in enumerate(statuses):
            many.vendor.add(f"rev_{number}", EPOCH, 10.0 * (number + 1), status)
        many.wait_for_all(list(many.vendor.created), timeout, return_when)
        many.world.run()
        return many.results["all"]

    @pytest.mark.parametrize(
        ("statuses", "return_when", "returned"),
        [
            (("rejected", "completed"), ALL, ["rev_0", "rev_1"]),
            (("expired", "rejected", "completed"), FIRST, ["rev_1"]),
            (("completed", "rejected", "completed"), ANY_REJECTED, ["rev_0", "rev_1"]),
            (("completed", "completed"), ANY_REJECTED, ["rev_0", "rev_1"]),
        ],
    )
    def test_what_return_when_asks_for_is_returned_in_the_order_given(self, statuses, return_when, returned):
        assert [review.id for review in self.ended(*statuses, return_when=return_when)] == returned

    @pytest.mark.parametrize(
        ("statuses", "return_when", "kinds"),
        [
            *((("expired", "cancelled"), when, [ReviewExpiredError, ReviewCancelledError]) for when in ReturnWhen),
            (("completed", "expired"), ALL, [Review, ReviewExpiredError]),
        ],
    )
    def test_ends_without_an_answer_are_told_together_at_the_end_and_in_their_places(
        self, statuses, return_when, kinds
    ):
        error = self.ended(*statuses, return_when=return_when)
        assert isinstance(error, BatchError)
        assert [type(each) for each in error.outcomes] == kinds
        assert error.outcomes[1].review.id == "rev_1"

    def test_a_timeout_names_what_is_open_and_what_had_ended(self):
        error = self.ended("completed", "completed", "rejected", timeout=15.0)
        assert isinstance(error, WaitTimeoutError)
        assert error.pending == ["rev_1", "rev_2"]
        assert [review.id for review in error.reviews] == ["rev_0"]
        assert "2 of 3 reviews are still open (rev_1, rev_2) after 15 s; call again" in str(error)
        assert pickle.loads(pickle.dumps(error)).pending == error.pending

    def test_what_is_final_already_costs_no_request(self):
        many = office(1)
        given = [finished("rev_x", "rejected"), finished("rev_y", "completed")]
        many.wait_for_all(given)
        assert many.results["all"] == given
        flow = wait_for_one(many.waits, "rev_x", given[0], WaitOptions(None, 1.0), REVIEWS)
        many.world.start(flow, lambda result: many.results.update(one=result))
        assert many.results["one"] is given[0]
        many.wait_for_all([])
        assert many.results["all"] == []
        assert not many.vendor.asked


class TestAsCompleted:
    def walk(self, many: Office, ids: list[str], timeout: float | None = None) -> list[Any]:
        completion = AsCompleted(many.waits, dict.fromkeys(ids), WaitOptions(timeout, 1.0), REVIEWS)
        got: list[Any] = []

        def take(result: Any = ...) -> None:
            if result is not ...:
                got.append(result if isinstance(result, Exception) else result and (result.id, result.status))
            if result is ... or isinstance(result, Review):
                many.world.start(completion.next(), take)

        take()
        many.world.run()
        return got

    def test_reviews_come_as_they_end_whatever_their_end(self):
        many = Office(Vendor(None))
        for number, (after, status) in enumerate(((50, "completed"), (20, "expired"), (90, "rejected"))):
            many.vendor.add(f"rev_{number}", EPOCH, after, status)
        got = self.walk(many, ["rev_0", "rev_1", "rev_2"])
        assert got == [("rev_1", "expired"), ("rev_0", "completed"), ("rev_2", "rejected"), None]

    def test_what_cannot_be_read_is_told_after_the_others(self):
        many = office(1)
        *got, error = self.walk(many, ["rev_none", "rev_0"])
        assert got == [("rev_0", "completed")]
        assert isinstance(error, BatchError)
        assert isinstance(error.outcomes[0], ReviewNotFoundError)
        assert str(error).startswith("1 of 2 reviews ended without an answer, the first: ")
        assert str(error).endswith("the same account. See .outcomes, one entry for each review in order.")

    def test_its_time_is_counted_from_the_call(self):
        many = office(1, after=100.0)
        [error] = self.walk(many, ["rev_0"], timeout=7.0)
        assert error.pending == ["rev_0"]
        assert many.world.now == pytest.approx(EPOCH + 7.0, abs=0.25)
        assert many.waits.stats().open == 0


class TestNotify:
    def waiting(self, seconds: float) -> Office:
        """Return an office in which two reviews have been waited for that long; they end after two hours."""
        one = office(2, after=7200.0)
        one.wait_for_each()
        one.world.run(EPOCH + seconds)
        return one

    def told(self, review_id: str, status: str = "completed") -> dict[str, Any]:
        summary = {"id": review_id, "template_id": "t", "status": status, "result": {"approved": True}}
        summary |= {"reviewer": "ann@example.com", "completed_at": "2027-01-15T08:00:00Z"}
        return {"event": f"review.{status}", "review": summary, "timestamp": "2027-01-15T08:00:00Z"}

    def test_a_webhook_or_a_review_ends_the_wait_at_once_and_without_a_request(self):
        one = self.waiting(100.0)
        before = len(one.vendor.asked)
        assert one.waits.notify(self.told("rev_0"))
        assert one.waits.notify(finished("rev_1", "rejected"))
        one.world.run(EPOCH + 100.0)
        assert one.results["rev_0"].result == {"approved": True}
        assert one.results["rev_0"].reviewer == "ann@example.com"
        assert one.results["rev_1"].status == "rejected"
        assert len(one.vendor.asked) == before

    def test_once_webhooks_work_polls_are_rare_and_a_lost_one_is_only_late(self):
        one = self.waiting(60.0)
        one.vendor.ends["rev_1"] = (EPOCH + 3700.0, "completed")
        one.waits.notify(self.told("rev_0"))
        before = len(one.vendor.asked)
        one.world.run(EPOCH + 3660.0)
        assert len(one.vendor.asked) - before <= 61
        one.world.run(EPOCH + 4000.0)
        assert one.seen_at["rev_1"] <= EPOCH + 3761.0

    def test_an_event_that_does_not_say_enough_has_the_review_polled_at_once(self):
        one = office(2, after=100.0)
        one.vendor.ends["rev_0"] = (EPOCH + 50.0, "completed")
        one.wait_for_each(poll_interval=3000.0)
        one.world.at(EPOCH + 51.0, lambda: one.waits.notify({"event": "review.done", "review": {"id": "rev_0"}}))
        one.world.run(EPOCH + 52.0)
        assert one.results["rev_0"].status == "completed"

    def test_events_about_anything_else_are_nobodys(self):
        one = self.waiting(0.0)
        assert not one.waits.notify(self.told("rev_9"))
        assert not one.waits.notify({"event": "template.updated", "template": {"id": "t"}})
        assert "rev_0" not in one.results


class TestUpdates:
    def test_each_change_is_told_once_and_the_end_too(self):
        one = office(1, after=10.0)
        seen: list[str] = []
        one.wait("rev_0", on_update=lambda review: seen.append(review.status))
        one.world.run()
        assert seen == ["created", "completed"]

    def test_the_progress_is_shown_at_least_every_second(self):
        shown: list[Any] = []
        closed: list[bool] = []
        one = office(1, after=60.0)
        one.wait("rev_0", display=SimpleNamespace(show=shown.append, close=lambda: closed.append(True)))
        one.world.run()
        assert len(shown) >= 60
        assert (shown[0].open, shown[-1].open, closed) == (1, 0, [True])
        assert shown[-3].oldest == pytest.approx(60.0, abs=5.0)


class TestBudget:
    """A day at the vendor's 100 requests an hour; human times are lognormal, median 10 minutes."""

    def day(self, per_hour: float, *, hours: float = 12.0, lost: float | None = None, seed: int = 1) -> Office:
        draw = random.Random(seed)
        busy = Office(Vendor(100))
        self.late, self.delays = [], []

        def create() -> Any:
            while True:
                try:
                    creation = operations.create_review({"template_id": "template_123", "content": {}})
                    return (yield from busy.exchange(creation.with_key(random_key())))
                except RateLimitError as error:
                    yield Sleep(error.retry_after)

        def job() -> Any:
            began = busy.world.now
            review = yield from create()
            self.delays.append(busy.world.now - began)
            ends = busy.world.now + draw.lognormvariate(math.log(600), 1.0)
            busy.vendor.ends[review.id] = (ends, "completed")
            if lost is not None and draw.random() >= lost:
                event = TestNotify().told(review.id)
                busy.world.at(ends + 1.0, lambda: busy.waits.notify(event))
            yield from wait_for_one(busy.waits, review.id, review, WaitOptions(None, 1.0), REVIEWS)
            self.late.append(busy.world.now - ends)

        def fail_loudly(result: Any) -> None:
            if isinstance(result, Exception):
                raise result

        at = EPOCH
        while (at := at + draw.expovariate(per_hour / 3600.0)) < EPOCH + 3600.0 * hours:
            busy.world.at(at, lambda: busy.world.start(job(), fail_loudly))
        busy.world.run()
        return busy

    @pytest.mark.parametrize("per_hour", [1, 10, 40])
    def test_no_request_is_refused_no_creation_is_late_and_answers_are_a_little(self, per_hour):
        busy = self.day(per_hour)
        assert busy.vendor.refused == []
        assert max(self.delays) < 1.0
        assert statistics.mean(self.late) <= 40.0

    def test_ten_thousand_old_reviews_are_all_found_within_hours(self):
        many = Office(Vendor(100))
        draw = random.Random(1)
        for number in range(10_000):
            many.vendor.add(f"rev_{number}", EPOCH, draw.lognormvariate(math.log(600), 1.0))
        many.wait_for_all([Review(each, "created", "t", {}, EARLY) for each in many.vendor.created])
        many.world.run(EPOCH + 24 * 3600.0)
        assert len(many.results["all"]) == 10_000

    def test_one_waiter_stays_within_a_hundred_requests_an_hour(self):
        one = Office(Vendor(100))
        one.vendor.add("rev_0", EPOCH, 90_000.0)
        one.wait("rev_0")
        one.world.run()
        assert one.results["rev_0"].status == "completed"
        assert one.vendor.refused == []

    def test_at_eighty_an_hour_waiting_is_refused_nothing(self):
        busy = self.day(80)  # some hours have more creations than requests, and their refusals are not to be avoided
        assert [operation for _, operation in busy.vendor.refused if operation != "create_review"] == []

    def test_at_eighty_an_hour_no_answer_waits_for_hours(self):
        self.day(80)
        assert statistics.mean(self.late) <= 240.0
        assert max(self.late) <= 3 * 3600.0  # of a review that more than a hundred newer ones hide, too

    def test_with_webhooks_answers_are_late_by_seconds(self):
        busy = self.day(40, lost=0.01)
        assert busy.vendor.refused == []
        assert statistics.mean(self.late) <= 6.0

    def refuse(self, many: Office, count: int, **headers: str) -> list[float]:
        """Have the server refuse its first requests, and return the list of the times of all."""
        calls: list[float] = []

        def server(call: Any, now: float) -> Any:
            calls.append(now)
            return refused(429, **headers) if len(calls) <= count else many.vendor(call, now)

        many.world._server = server
        return calls

    def test_a_refusal_stops_every_poll_until_it_is_over(self):
        many = office(5)
        calls = self.refuse(many, 1, retry_after="600")
        many.wait_for_each()
        many.world.run()
        assert min(at for at in calls if at > EPOCH + 1.0) >= calls[0] + 600.0
        assert many.waits.stats().refused == 1

    def test_refusals_without_a_word_on_when_are_met_with_growing_pauses(self):
        many = office(1)
        calls = self.refuse(many, 5)
        many.wait("rev_0")
        many.world.run()
        pauses = [round(after - before) for before, after in itertools.pairwise(calls)]
        assert pauses[:5] == [10, 20, 40, 60, 60]

    def test_a_warning_says_once_how_late_answers_will_be(self):
        many = Office(Vendor(100))
        for number in range(3):
            many.vendor.add(f"rev_{number}", EPOCH, 600.0)
            many.wait(f"rev_{number}")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            many.world.run()
        [warning] = caught
        assert issubclass(warning.category, WaitBudgetWarning)
        for part in ("leaves 99 of 100 requests", "3 open review(s)", "client.notify"):
            assert part in str(warning.message)

    def test_the_stats_tell_what_waiting_costs(self):
        many = Office(Vendor(100))
        many.vendor.add("rev_0", EPOCH, 100.0)
        many.wait("rev_0")
        many.world.run(EPOCH + 90.0)
        stats = many.waits.stats()
        assert (stats.waits, stats.open, stats.hits, stats.limit) == (1, 1, 0, 100)
        assert stats.polls == 100 - stats.remaining
        assert stats.interval > SLOWEST
        many.world.run()
        assert (many.waits.stats().hits, many.waits.stats().interval) == (1, None)


def test_a_wakeup_that_is_set_before_the_sleep_is_not_lost():
    wakeup, woken = Wakeup(), []
    wakeup.set()
    wakeup.subscribe(lambda: woken.append(1))
    assert woken == [1]


def finished(review_id: str, status: str) -> Review:
    return Review(review_id, status, "template_123", {}, EARLY)
