"""`Prefer: wait=N` against a live sandbox (RFC 7240, section 4.3)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from hitl.testing import Sandbox

REVIEW = {"template_id": "template_123", "content": {"text": "A draft"}}


def wait(http: httpx.Client, preference: str) -> httpx.Response:
    return http.get("/v1/reviews/rev_1", headers={"Prefer": preference})


def remaining(http: httpx.Client) -> int:
    return int(http.get("/v1/reviews").headers["X-RateLimit-Remaining"])


def soon(act: Callable[[], object]) -> None:
    threading.Timer(0.1, act).start()


def test_any_change_is_told_as_soon_as_it_is_made(sandbox: Sandbox, http: httpx.Client) -> None:
    http.post("/v1/reviews", json=REVIEW)
    soon(lambda: sandbox.reviewer.start("rev_1"))
    assert wait(http, "wait=50").json()["data"]["status"] == "in_progress"


def test_an_answer_comes_after_the_time_that_was_asked_for(http: httpx.Client) -> None:
    http.post("/v1/reviews", json=REVIEW)
    begun = time.monotonic()
    answer = wait(http, "wait=1")
    assert time.monotonic() - begun >= 1
    assert answer.json()["data"]["status"] == "created"
    assert answer.headers["Preference-Applied"] == "wait=1"


def test_a_finished_review_is_answered_at_once(sandbox: Sandbox, http: httpx.Client) -> None:
    http.post("/v1/reviews", json=REVIEW)
    sandbox.reviewer.reject("rev_1")
    assert wait(http, "wait=50").elapsed < timedelta(seconds=20)


def test_a_wait_ends_at_the_moment_of_expiry(http: httpx.Client) -> None:
    due = datetime.now(UTC) + timedelta(seconds=0.5)
    http.post("/v1/reviews", json={**REVIEW, "due_date": due.isoformat()})
    answer = wait(http, "wait=50")
    assert answer.json()["data"]["status"] == "expired"
    assert answer.elapsed < timedelta(seconds=20)


def test_a_wait_is_cut_to_a_minute_and_says_so(sandbox: Sandbox, http: httpx.Client) -> None:
    http.post("/v1/reviews", json=REVIEW)
    soon(lambda: sandbox.reviewer.reject("rev_1"))
    assert wait(http, "wait=86400").headers["Preference-Applied"] == "wait=60"


@pytest.mark.parametrize(
    ("preference", "applied"),
    [
        ("wait=0", "wait=0"),
        ("respond-async, WAIT = 0", "wait=0"),
        ('wait="0"; foo=bar', "wait=0"),
        ("wait=0, wait=50", "wait=0"),
        ("wait=-1", None),
        ("wait=soon", None),
        ("respond-async", None),
    ],
)
def test_preferences_are_read_as_the_rfc_writes_them(http: httpx.Client, preference: str, applied: str | None) -> None:
    http.post("/v1/reviews", json=REVIEW)
    assert wait(http, preference).headers.get("Preference-Applied") == applied


def test_many_wait_for_one_review_and_all_are_woken(sandbox: Sandbox, http: httpx.Client) -> None:
    http.post("/v1/reviews", json=REVIEW)
    with ThreadPoolExecutor(8) as threads:
        answers = [threads.submit(wait, http, "wait=50") for _ in range(8)]
        soon(lambda: sandbox.reviewer.reject("rev_1"))
        assert {answer.result().json()["data"]["status"] for answer in answers} == {"rejected"}


def test_a_sandbox_that_closes_answers_those_who_wait_before_it_goes() -> None:
    with ThreadPoolExecutor(1) as threads:
        with Sandbox(["hitl_test_key"]) as sandbox:
            headers = {"Authorization": "Bearer hitl_test_key"}
            http = httpx.Client(base_url=sandbox.base_url, headers=headers, timeout=60)
            http.post("/v1/reviews", json=REVIEW)
            begun = time.monotonic()
            answer = threads.submit(wait, http, "wait=50")
            # The wait counts against the budget as soon as it is in, which is all that can be seen of it.
            own_requests = 2
            while 1000 - remaining(http) == own_requests:
                own_requests += 1
        assert answer.result().json()["data"]["status"] == "created"
        assert time.monotonic() - begun < 20
        http.close()
