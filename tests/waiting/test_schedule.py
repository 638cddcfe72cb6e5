"""The table of requests: what is to be asked about and what the server can do → what is asked next."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pytest
from script import Script

from hitl._calls import Server
from hitl._waiting.model import ClientState, ListResult, ServerCapabilities, Subscription
from hitl._waiting.rate_limit import RateLimitBudget
from hitl._waiting.schedule import RECONCILE, Schedule
from hitl._waiting.timing import SLOWEST, Timing
from hitl.models import Review

CREATED = datetime(2027, 1, 1, tzinfo=UTC)


class Poller:
    """A schedule for some reviews, carried out one request after the other."""

    def __init__(self, count: int, **server: Any) -> None:
        self.script, self.server = Script([]), ServerCapabilities(**server)
        known = Server(honours_wait=True)
        self.client = ClientState(self.script.clock, known, RateLimitBudget(known), 30.0)
        self.reviews = {f"rev_{number}": Subscription([]) for number in range(count)}
        self.timing = Timing(self.client)
        self.schedule = Schedule(self.reviews, self.timing, self.server)
        for review_id in self.reviews:
            self.schedule.add(review_id, is_known=False)

    def ask(self) -> Any:
        request = self.schedule.next_request((), math.inf)
        self.timing.began()
        return request

    def answer(self, request: Any, *ids: str, cursor: str | None = None) -> None:
        found = [Review(review_id, "created", "t", {}, CREATED) for review_id in ids]
        self.schedule.completed(request, ListResult(found, None, cursor), has_news=False)


@pytest.mark.parametrize(
    ("count", "server", "asked"),
    [
        (1, {}, ("GetOne", "single", ())),
        (2, {"lists": False}, ("GetOne", "snapshot", ())),
        (2, {}, ("ListMany", "snapshot", ("rev_0", "rev_1"))),
        (2, {"id_filter": True}, ("ListMany", "snapshot", ("rev_0", "rev_1"))),
        (2, {"id_filter": False}, ("ListMany", "snapshot", ())),
    ],
)
def test_the_best_that_the_server_has_is_asked_for(count, server, asked):
    request = Poller(count, **server).ask()
    assert (type(request).__name__, request.channel, getattr(request, "ids", ())) == asked


def test_a_busy_feed_leaves_time_for_a_poll_of_everything():
    poller, asked = Poller(2), []
    while poller.script.now < 1000.0 + RECONCILE + 2 * SLOWEST:
        request = poller.ask()
        if isinstance(request, float):
            poller.script.now += request
        else:
            asked.append(request)
            poller.answer(request, *poller.reviews, cursor="a cursor")
            poller.script.now += SLOWEST  # so that the feed is always due
    assert [request.channel for request in asked].count("snapshot") == 2
