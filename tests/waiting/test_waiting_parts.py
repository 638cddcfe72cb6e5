"""What webhooks tell, how progress looks, and what polling may spend: the pure parts of waiting."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any

import anyio
import pytest
from script import Script, answer, reviewed

from hitl import HITLClient, Review
from hitl._calls import Server
from hitl._methods import Methods
from hitl._waiting.arguments import Notice, notice_of
from hitl._waiting.kinds import REQUESTS, REVIEWS
from hitl._waiting.progress import Bar, Progress, duration, line
from hitl._waiting.rate_limit import FLOOR, GREATEST_SHARE, LATE, MARGIN, PENALTY, RateLimitBudget
from hitl.exceptions import ConfigurationError
from hitl.webhooks import WebhookEvent

SUMMARY: dict[str, Any] = {
    "id": "rev_1",
    "template_id": "t",
    "status": "completed",
    "result": {"approved": True},
    "reviewer": "ann@example.com",
    "completed_at": "2027-01-15T08:00:00Z",
}
ANSWERED = {
    "status": "completed",
    "result": {"approved": True},
    "reviewer": "ann@example.com",
    "completed_at": datetime(2027, 1, 15, 8, tzinfo=UTC),
}


class TestNotices:
    @pytest.mark.parametrize(
        ("changed", "update"),
        [
            ({}, ANSWERED),
            ({"status": "in_progress"}, {"status": "in_progress"}),  # no answer yet
            *((missing, {}) for missing in ({"result": None}, {"result": []}, {"reviewer": 7}, {"completed_at": None})),
            ({"status": None}, {}),
        ],
    )
    def test_the_vendors_summary_reports_what_changed_if_nothing_is_left_open(self, changed, update):
        event = {"event": "review.completed", "review": {**SUMMARY, **changed}}
        assert notice_of(WebhookEvent(event)) == notice_of(event) == Notice(REVIEWS, "rev_1", update)

    @pytest.mark.parametrize("payload", [{}, {"review": None}, {"review": {}}, {"review": {"id": 7}}, {"template": {}}])
    def test_what_is_about_no_review_is_nobodys(self, payload):
        assert notice_of(payload) is None

    def test_a_whole_review_is_taken_whole(self):
        document = {**SUMMARY, "content": {}, "created_at": "2027-01-15T07:00:00Z"}
        notice = notice_of({"event": "review.completed", "review": document})
        assert notice is not None
        assert isinstance(notice.update, Review)
        assert (notice.review_id, notice.update.result) == ("rev_1", {"approved": True})

    @pytest.mark.parametrize(
        "payload",
        [
            {"event": "request.completed", "request_id": "65f1", "status": "completed", "response_data": True},
            {"event": "request.completed", "data": {"request": {"id": "65f1", "status": "completed"}}},
        ],
    )
    def test_what_reports_the_end_of_a_request_is_not_signed_so_it_only_says_what_to_read(self, payload):
        assert notice_of(payload) == Notice(REQUESTS, "65f1", {})

    @pytest.mark.parametrize("event", [None, "rev_1", b"{}", 7, [SUMMARY]])
    def test_anything_else_is_refused(self, event):
        with pytest.raises(ConfigurationError, match="notify takes a WebhookEvent"):
            notice_of(event)


class TestArguments:
    @pytest.fixture
    def core(self) -> Methods:
        return Methods({"api_key": "key"})

    @pytest.mark.parametrize(
        ("reviews", "return_when", "on_update", "says"),
        [
            ("rev_1", "ALL", None, "must be a list of ids"),
            (["rev_1"], "all", None, "return_when must be one of ALL, FIRST, ANY_REJECTED"),
            (["rev_1"], "ALL", anyio.sleep, "not a coroutine function"),
        ],
    )
    def test_a_wrong_argument_is_refused(self, core, reviews, return_when, on_update, says):
        with pytest.raises(ConfigurationError, match=says):
            core.wait_for_reviews(reviews, return_when, timeout=None, poll_interval=1.0, on_update=on_update)

    def test_a_review_is_waited_for_once_however_often_it_is_given(self, core):
        script = Script([reviewed("completed")])
        flow = core.wait_for_reviews(["rev_1", "rev_1"], "ALL", timeout=None, poll_interval=1.0)
        assert [each.id for each in script.play(flow)] == ["rev_1", "rev_1"]
        assert len(script.calls) == 1


class TestProgress:
    def test_the_line_tells_what_is_open_and_when_it_is_looked_at(self):
        assert line(Progress(10, 7, 1, 3725.0, 4.4)) == (
            "7 open, 3 done, 1 rejected, oldest 1 h 2 min, next look in 4 s"
        )
        assert line(Progress(1, 1, 0, None, None)) == "1 open, 0 done, 0 rejected, listening"

    @pytest.mark.parametrize(
        ("seconds", "text"), [(0.2, "0 s"), (59, "59 s"), (61, "1 min 1 s"), (7260, "2 h 1 min"), (90_000, "1 d 1 h")]
    )
    def test_a_duration_is_told_in_two_units(self, seconds, text):
        assert duration(seconds) == text

    @pytest.mark.parametrize("noun", ["review", "request"])
    def test_the_bar_fills_as_reviews_end(self, capsys, noun):
        bar = Bar(noun)
        bar.show(Progress(2, 2, 0, None, 1.0))
        bar.show(Progress(2, 0, 1, None, None))
        bar.close()
        bar.close()
        shown = capsys.readouterr().err
        assert all(part in shown for part in ("Waiting for people", "2/2", "1 rejected", noun))

    def test_without_the_extra_it_says_what_to_install(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "tqdm.auto", None)
        with HITLClient("key") as client, pytest.raises(ConfigurationError, match=r"with its 'progress' extra"):
            client.wait_for_review("rev_1", progress=True)


class TestBudget:
    def test_what_is_known_to_be_used_by_others_is_kept_for_them(self):
        server = Server(limit=100, remaining=100, reset=3600.0)
        budget = RateLimitBudget(server)
        for minute in range(60):  # one poll and one request of others each minute, over an hour
            server.remaining, server.reset = 100 - 2 * (minute % 30), 3600.0 + 1800 * (minute // 30)
            budget.spent(60.0 * minute)
        assert budget.others_rate() == pytest.approx(1 / 60, rel=0.2)
        server.remaining, server.reset = 80, 5400.0
        assert budget.reserve(3600.0) == pytest.approx(FLOOR + MARGIN * 1800 / 60, rel=0.2)

    def test_never_more_than_a_part_of_what_is_left_is_kept(self):
        budget = RateLimitBudget(Server(limit=100, remaining=10, reset=3600.0), others=3600.0)
        assert budget.reserve(0.0) == GREATEST_SHARE * 10

    def test_when_nothing_is_left_to_spend_the_next_window_is_waited_for(self):
        budget = RateLimitBudget(Server(limit=100, remaining=2, reset=600.0))
        assert budget.blocked_for(0.0) == 600.0 + LATE
        assert budget.blocked_for(600.5) == 0.0

    def test_a_server_that_says_nothing_or_nonsense_sets_no_pace(self):
        assert RateLimitBudget(Server()).interval(0.0) == RateLimitBudget(Server()).reserve(0.0) == 0.0
        assert (
            RateLimitBudget(Server(limit=100, remaining=50, reset=10e9)).interval(0.0) <= 86_400.0
        )  # no wait of years
        assert RateLimitBudget(Server(limit=100, remaining=50, reset=600.0)).reserve(100_000.0) == FLOOR  # it is over

    @pytest.mark.parametrize("hours", [-2, 2])
    def test_the_end_of_a_window_is_read_against_the_servers_own_clock(self, hours):
        server, wrong = Server(), hours * 3600
        ends = int(datetime(2026, 11, 23, 12, 30, tzinfo=UTC).timestamp())
        limits = {"x-ratelimit-remaining": "50", "x-ratelimit-reset": str(ends)}
        server.learn(answer(200, b"", date="Mon, 23 Nov 2026 12:00:00 GMT", **limits), now=ends - 1800 + wrong)
        assert server.to_reset(ends - 1800 + wrong) == 1800.0
        assert server.to_reset(ends - 600 + wrong) == 600.0
        assert RateLimitBudget(server).interval(ends - 1800 + wrong) >= 1800 / 50
        server.learn(answer(200, b"", **limits), now=ends - 600)
        assert server.to_reset(ends - 600) == 600.0

    def test_a_refusal_in_a_window_that_is_over_by_this_clock_is_met_with_a_pause(self):
        budget = RateLimitBudget(Server(limit=100, remaining=0, reset=600.0))
        budget.refused(100_000.0, None)
        assert budget.blocked_for(100_000.0) == PENALTY
