from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hitl.server.webhooks.schedule import PAUSES, classify, next_attempt

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_the_pauses_are_those_that_the_vendor_documents_and_the_eighth_attempt_is_the_last() -> None:
    pauses = []
    for tries in range(1, 9):
        due = next_attempt(tries, NOW)
        pauses.append(None if due is None else (due - NOW).total_seconds())
    assert pauses == [15, 60, 300, 1_800, 7_200, 43_200, 86_400, None]


def test_the_last_attempt_is_made_a_day_and_a_half_after_the_first() -> None:
    moment = NOW
    for tries in range(1, 8):
        due = next_attempt(tries, moment)
        assert due is not None
        moment = due
    assert timedelta(hours=38) < moment - NOW < timedelta(hours=39)


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_every_2xx_is_a_success(status: int) -> None:
    assert classify(status, refused=False) == "delivered"


@pytest.mark.parametrize("status", [400, 401, 404, 410, 422, 499])
def test_a_4xx_is_not_tried_again(status: int) -> None:
    assert classify(status, refused=False) == "failed"


@pytest.mark.parametrize("status", [None, 408, 429, 500, 502, 503, 599, 301, 302, 307])
def test_what_may_go_away_by_itself_is_tried_again_and_a_redirect_is_a_fault(status: int | None) -> None:
    assert classify(status, refused=False) == "retry"


def test_what_must_not_be_sent_is_not_tried_again() -> None:
    assert classify(None, refused=True) == "failed"


def test_the_documentation_has_the_same_schedule() -> None:
    page = (Path(__file__).parents[2] / "docs/reference/webhook-delivery.md").read_text()
    rows = re.findall(r"^\| \d \| (\d+) (s|min|h) \|$", page, re.MULTILINE)
    seconds = {"s": 1, "min": 60, "h": 3600}
    assert [timedelta(seconds=int(count) * seconds[unit]) for count, unit in rows] == list(PAUSES)
