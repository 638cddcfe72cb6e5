from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from hitl.server.webhooks.deliverer import PAUSES, classify


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        *((status, "delivered") for status in (200, 201, 204, 299)),
        *((status, "failed") for status in (400, 401, 404, 410, 422, 499)),
        *((status, "retry") for status in (None, 408, 429, 500, 502, 503, 599, 301, 302, 307)),
    ],
)
def test_only_what_may_be_transient_is_tried_again(status: int | None, outcome: str) -> None:
    assert classify(status, refused=False) == outcome
    assert classify(status, refused=True) == "failed"


def test_the_documentation_has_the_same_schedule() -> None:
    page = (Path(__file__).parents[2] / "docs/reference/webhook-delivery.md").read_text()
    rows = re.findall(r"^\| \d \| (\d+) (s|min|h) \|$", page, re.MULTILINE)
    seconds = {"s": 1, "min": 60, "h": 3600}
    assert [timedelta(seconds=int(count) * seconds[unit]) for count, unit in rows] == list(PAUSES)
