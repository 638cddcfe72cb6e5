"""Waits for requests to loops: what ends them, what they ask a server for, and one rate limit with those for reviews."""

from __future__ import annotations

import json
import math
import random
import statistics
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from script import answer, refused
from scripted import scripted, world_client
from world import EPOCH, Vendor, World

from hitl import FIRST, Request
from hitl._engine import Response
from hitl._flows import ApiCall, Sleep
from hitl.exceptions import (
    BatchError,
    ConfigurationError,
    RateLimitError,
    RequestCancelledError,
    RequestExpiredError,
    RequestNotFoundError,
    ServerError,
    WaitTimeoutError,
)

pytestmark = pytest.mark.filterwarnings("ignore::hitl.WaitBudgetWarning")

ID = "65f1234567890abcdef12348"


def request(status: str = "pending", request_id: str = ID, **more: Any) -> dict[str, Any]:
    """Return a request as the API writes it."""
    return {
        "id": request_id,
        "loop_id": "65f1234567890abcdef12345",
        "processing_type": "time-sensitive",
        "type": "markdown",
        "priority": "high",
        "request_text": "May it be shown?",
        "response_type": "boolean",
        "default_response": False,
        "status": status,
        "created_at": "2027-01-15T08:00:00Z",
        **(
            {"response_data": {"boolean": True}, "response_at": "2027-01-15T08:01:00Z"} if status == "completed" else {}
        ),
        **more,
    }


def told(status: str = "pending", **more: Any) -> Response:
    return answer(
        200, {"error": False, "msg": "Request retrieved successfully", "data": {"request": request(status, **more)}}
    )


def missing() -> Response:
    return answer(404, {"error": True, "msg": "Request not found"})


class TestOne:
    def test_a_persons_answer_is_returned(self):
        client = scripted(told(), told("claimed"), told("pondering"), told("completed"))
        done = client.requests.wait(ID)
        assert (done.answer, done.timed_out, done.verdict) == (True, False, "approved")
        assert [each.path for each in client.sent] == [f"/v1/api/requests/{ID}"] * 4

    def test_after_the_timeout_the_default_is_returned_and_is_no_approval(self):
        done = scripted(told(), told("timeout", default_response=True)).requests.wait(ID)
        assert (done.answer, done.timed_out, done.verdict) == (True, True, "expired")

    @pytest.mark.parametrize(
        ("end", "error"),
        [
            (told("cancelled"), RequestCancelledError),
            (told("timeout", default_response=None), RequestExpiredError),
            (missing(), RequestNotFoundError),
        ],
    )
    def test_the_absence_of_an_answer_is_raised(self, end, error):
        with pytest.raises(error, match="equest") as caught:
            scripted(told(), refused(503), end).requests.wait(ID)
        assert getattr(caught.value, "request", None) is None or caught.value.request.id == ID

    def test_a_wait_that_is_up_says_what_is_open(self):
        with pytest.raises(WaitTimeoutError, match=f"request {ID} is still pending after 7 s; call again") as caught:
            scripted(told()).requests.wait(ID, timeout=7.0)
        assert (caught.value.pending, caught.value.request.id, caught.value.review) == ([ID], ID, None)

    def test_a_request_that_has_ended_costs_nothing(self):
        client = scripted(refused(500))
        given = Request.from_json(request("completed"))
        assert client.requests.wait(given) is given
        assert client.calls == []

    @pytest.mark.parametrize("given", ["", "a/b", None, 7])
    def test_what_is_no_id_is_refused(self, given):
        with pytest.raises(ConfigurationError, match="request_id must be an id"):
            scripted(told()).requests.wait(given)

    def test_an_unknown_option_is_refused(self):
        with pytest.raises(TypeError, match="patience"):
            scripted(told()).requests.wait(ID, patience=7)


class HitlSh(Vendor):
    """The vendor with both halves of its API and one rate limit: requests have neither filters nor a feed of changes.

    Attributes:
        whole: Whether lists show answers; the pages leave that open.
        troubled: Whether a share of the requests is answered with 503.
    """

    def __init__(self, limit: int | None = 100, *, whole: bool = True, troubled: float = 0.0) -> None:
        super().__init__(limit)
        self.whole = whole
        self.troubled = troubled
        self.asking: dict[str, float] = {}
        self.draw = random.Random(7)

    def ask(self, request_id: str, now: float, after: float, status: str = "completed") -> None:
        """Put a request there, which ends so many seconds later."""
        self.asking[request_id] = now
        self.ends[request_id] = (now + after, status)

    def __call__(self, call: ApiCall[Any], now: float) -> Any:
        if not call.request.path.startswith("/v1/api/"):
            return super().__call__(call, now)
        self.asked.append((now, call.operation))
        headers = self._spend(now)
        if "retry-after" in headers:
            self.refused.append((now, call.operation))
            return self._answer(429, {"error": True, "msg": "API rate limit exceeded"}, headers)
        if self.draw.random() < self.troubled:
            return self._answer(503, {"error": True, "msg": "Service temporarily unavailable"}, headers)
        return self._answer(200, {"error": False, "msg": "", "data": self._data(call, now)}, headers)

    def _data(self, call: ApiCall[Any], now: float) -> dict[str, Any]:
        if call.operation == "create_request":
            request_id = f"{len(self.asking):024x}"
            self.ask(request_id, now, math.inf)
            sent = json.loads(call.request.body or b"")
            return {"request_id": request_id, "status": "pending", "type": sent["type"]}
        if call.operation == "list_requests":
            offset, limit = int(call.request.query.get("offset", 0)), int(call.request.query["limit"])
            found = list(reversed(self.asking))[offset : offset + limit]
            return {"requests": [self._request(each, now, whole=self.whole) for each in found], "count": len(found)}
        return {"request": self._request(call.request.path.rpartition("/")[2], now, whole=True)}

    def _request(self, request_id: str, now: float, *, whole: bool) -> dict[str, Any]:
        ends, status = self.ends[request_id]
        created = datetime.fromtimestamp(self.asking[request_id], UTC).isoformat()
        found = request(status if ends <= now else "pending", request_id, created_at=created)
        return found if whole else {name: value for name, value in found.items() if not name.startswith("response_d")}


class Office:
    """Everything that one client does before a vendor, in virtual time."""

    def __init__(self, vendor: HitlSh) -> None:
        self.vendor = vendor
        self.world = World(vendor)
        self.client = world_client(self.world, max_retries=3)
        self.results: dict[str, Any] = {}
        self.seen_at: dict[str, float] = {}

    def start(self, name: str, flow: Any) -> None:
        def note(result: Any) -> None:
            self.results[name], self.seen_at[name] = result, self.world.now

        self.world.start(flow, note)

    def asked(self, operation: str) -> int:
        return sum(each == operation for _, each in self.vendor.asked)


def office(count: int, *, after: float = 30.0, whole: bool = True, limit: int | None = None) -> Office:
    found = Office(HitlSh(limit, whole=whole))
    for number in range(count):
        found.vendor.ask(f"{number:024x}", EPOCH - count + number, count + after)
    return found


class TestMany:
    @pytest.mark.parametrize("whole", [True, False])
    def test_many_are_listed_and_what_a_list_leaves_out_is_read(self, whole):
        many = office(50, whole=whole)
        many.start("all", many.client.requests.wait_many(list(many.vendor.asking)))
        many.world.run()
        assert [each.answer for each in many.results["all"]] == [True] * 50
        assert many.asked("get_request") == (0 if whole else 50)

    def test_one_that_cannot_be_read_does_not_keep_the_others_waiting(self):
        many = office(3, whole=False)
        broken = f"{0:024x}"
        many.vendor.ends[broken] = (EPOCH + 5.0, "completed")

        def server(call: Any, now: float) -> Any:
            is_read = call.request.path.endswith(broken)
            return Response(200, {}, b"<html>") if is_read else many.vendor(call, now)

        many.world._server = server
        for request_id in many.vendor.asking:
            many.start(request_id, many.client.requests.wait(request_id, timeout=600.0))
        many.world.run()
        assert isinstance(many.results.pop(broken), WaitTimeoutError)
        assert [each.answer for each in many.results.values()] == [True, True]
        assert max(many.seen_at[each] for each in many.results) <= EPOCH + 60.0

    def test_an_old_one_behind_many_newer_ones_is_read_by_itself(self):
        many = office(300)
        oldest, *_, newest = many.vendor.asking
        many.start("old", many.client.requests.wait(oldest))
        many.start("new", many.client.requests.wait(newest))
        many.world.run()
        assert many.results["old"].is_answered
        assert many.results["new"].is_answered

    def test_reviews_and_requests_do_not_mix(self):
        both = office(2)
        both.vendor.add("rev_0", EPOCH, 20.0)
        both.vendor.add("rev_1", EPOCH, 20.0)
        both.start("requests", both.client.requests.wait_many(list(both.vendor.asking)))
        both.start("reviews", both.client.wait_for_reviews(["rev_0", "rev_1"]))
        both.world.run(EPOCH + 10.0)
        assert (both.client.wait_stats().waits, both.client.wait_stats().open) == (2, 4)
        both.world.run()
        assert [each.id for each in both.results["reviews"]] == ["rev_0", "rev_1"]
        assert [each.id for each in both.results["requests"]] == list(both.vendor.asking)

    def test_the_first_answer_may_be_enough_and_a_rejection_is_nothing_to_wait_for(self):
        many = office(2)
        many.vendor.ends[f"{1:024x}"] = (EPOCH + 5.0, "completed")
        many.start("first", many.client.requests.wait_many(list(many.vendor.asking), return_when=FIRST))
        many.world.run()
        assert [each.id for each in many.results["first"]] == [f"{1:024x}"]
        with pytest.raises(ConfigurationError, match="return_when must be one of ALL, FIRST"):
            many.client.requests.wait_many([], return_when="ANY_REJECTED")

    def test_those_that_were_cancelled_are_told_together(self):
        many = office(2)
        many.vendor.ends[f"{0:024x}"] = (EPOCH + 5.0, "cancelled")
        many.start("all", many.client.requests.wait_many(list(many.vendor.asking)))
        many.world.run()
        error = many.results["all"]
        assert isinstance(error, BatchError)
        assert [type(each) for each in error.outcomes] == [RequestCancelledError, Request]

    def test_a_callback_has_the_request_read_at_once_and_nothing_in_it_is_believed(self):
        one = office(2, after=3000.0)
        one.start("a", one.client.requests.wait(f"{0:024x}", poll_interval=600.0))
        one.start("b", one.client.requests.wait(f"{1:024x}", poll_interval=600.0))
        one.world.run(EPOCH + 5.0)
        lie = {"event": "request.completed", "request_id": f"{0:024x}", "status": "completed", "response_data": True}
        assert one.client.notify(lie)
        one.world.run(EPOCH + 6.0)
        assert "a" not in one.results
        one.vendor.ends[f"{0:024x}"] = (EPOCH + 6.0, "completed")
        one.world.at(EPOCH + 7.0, lambda: one.client.notify(lie))
        one.world.run(EPOCH + 8.0)
        assert one.results["a"].is_answered


class TestADay:
    """24 hours of 100 requests each: reviews and requests are created and waited for, with failures and retries."""

    def day(
        self, per_hour: float, *, hours: float = 24.0, whole: bool = True, troubled: float = 0.0, seed: int = 1
    ) -> Office:
        draw = random.Random(seed)
        busy = Office(HitlSh(100, whole=whole, troubled=troubled))
        self.late: dict[str, list[float]] = {"review": [], "request": []}

        def patiently(create: Any) -> Any:
            while True:
                try:
                    return (yield from create())
                except (RateLimitError, ServerError) as error:
                    yield Sleep(error.retry_after or 60.0)

        def job(kind: str) -> Any:
            client = busy.client
            if kind == "review":
                made = yield from patiently(lambda: client.create_review("template_123", {}))
            else:
                made = yield from patiently(lambda: client.requests.create("65f1234567890abcdef12345", "Is it?"))
            ends = busy.world.now + draw.lognormvariate(math.log(600), 1.0)
            busy.vendor.ends[made.id] = (ends, "completed")
            yield from (client.wait_for_review(made.id) if kind == "review" else client.requests.wait(made.id))
            self.late[kind].append(busy.world.now - ends)

        def fail_loudly(result: Any) -> None:
            if isinstance(result, Exception):
                raise result

        at = EPOCH
        while (at := at + draw.expovariate(per_hour / 3600.0)) < EPOCH + 3600.0 * hours:
            kind = draw.choice(("review", "request"))
            busy.world.at(at, partial(busy.world.start, job(kind), fail_loudly))
        busy.world.run()
        return busy

    @pytest.mark.parametrize(("per_hour", "how"), [(4, {}), (20, {"whole": False}), (20, {"troubled": 0.1}), (30, {})])
    def test_nothing_is_refused_and_neither_kind_is_starved(self, per_hour, how):
        busy = self.day(per_hour, **how)
        assert busy.vendor.refused == []
        reviews, requests = (statistics.mean(late) for late in self.late.values())
        assert max(reviews, requests) <= 120.0
        assert max(reviews, requests) <= 1.5 * min(reviews, requests)
        assert max(max(late) for late in self.late.values()) <= 1200.0

    def test_near_the_limit_waiting_is_refused_nothing(self):
        busy = self.day(40)  # the burst of a moment may be more creations than are left, which nobody can know before
        assert {operation for _, operation in busy.vendor.refused} <= {"create_review", "create_request"}
        assert len(busy.vendor.refused) <= 2

    def test_a_naive_wait_would_spend_the_hour_in_minutes(self):
        one = Office(HitlSh(100))
        one.vendor.ask(ID, EPOCH, 3 * 3600.0)
        one.start("one", one.client.requests.wait(ID))
        one.world.run()
        assert one.results["one"].is_answered
        assert one.vendor.refused == []
        assert one.seen_at["one"] - EPOCH - 3 * 3600.0 <= 60.0
