"""Many at once, over real sockets: one decision, one review, and everybody else is told so."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from sandbox_process import HEADERS, REVIEW, Running, fill_form, running

MANY = 64


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data: Path = tmp_path_factory.mktemp("races") / "sandbox.db"
    with running(data) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def browser(sandbox: Running) -> Iterator[httpx.Client]:
    with sandbox.browser() as browser:
        yield browser


def create(sandbox: Running) -> str:
    with sandbox.api() as api:
        review_id: str = api.post("/v1/reviews", json=REVIEW).json()["data"]["id"]
        return review_id


def at_once(
    sandbox: Running, cookies: httpx.Cookies, act: Callable[[httpx.Client, int], httpx.Response]
) -> list[httpx.Response]:
    """Let many act at the same moment, each over a connection of its own that stands already."""
    start = threading.Barrier(MANY)

    def one(number: int) -> httpx.Response:
        with httpx.Client(base_url=sandbox.url, headers=HEADERS, cookies=cookies, timeout=60) as http:
            assert http.get("/healthz").status_code == 200
            start.wait(60)
            return act(http, number)

    with ThreadPoolExecutor(MANY) as threads:
        return list(threads.map(one, range(MANY)))


def test_of_64_deciders_one_decides_and_63_are_told(sandbox: Running, browser: httpx.Client) -> None:
    review_id = create(sandbox)
    form = fill_form(browser, review_id, "")

    def decide(http: httpx.Client, number: int) -> httpx.Response:
        sent = {**form, "reviewer": f"reviewer-{number}", "decision": "reject" if number % 2 else "complete"}
        return http.post(f"/inbox/reviews/{review_id}/answer", data=sent)

    answers = at_once(sandbox, browser.cookies, decide)
    assert Counter(answer.status_code for answer in answers) == {303: 1, 409: MANY - 1}
    (winner,) = [number for number, answer in enumerate(answers) if answer.status_code == 303]
    with sandbox.api() as api:
        review = api.get(f"/v1/reviews/{review_id}").json()["data"]
    assert review["reviewer"] == f"reviewer-{winner}"
    assert (review["status"], review["version"]) == ("rejected" if winner % 2 else "completed", 2)


def test_a_decision_and_a_cancellation_at_once_are_one_of_the_two(sandbox: Running, browser: httpx.Client) -> None:
    review_id = create(sandbox)
    form = fill_form(browser, review_id, "ann@example.com")

    def act(http: httpx.Client, number: int) -> httpx.Response:
        if number % 2:
            return http.delete(f"/v1/reviews/{review_id}")
        return http.post(f"/inbox/reviews/{review_id}/answer", data=form)

    answers = at_once(sandbox, browser.cookies, act)
    decided, cancelled = (Counter(answer.status_code for answer in answers[begin::2]) for begin in (0, 1))
    half = MANY // 2
    assert (decided, cancelled) in (({303: 1, 409: half - 1}, {409: half}), ({409: half}, {200: half}))


def test_of_64_equal_creations_under_one_key_one_creates_and_63_are_told_what_it_made(sandbox: Running) -> None:
    with sandbox.api() as api:
        before = api.get("/v1/reviews").json()["meta"]["pagination"]["total"]

        def create_once(http: httpx.Client, number: int) -> httpx.Response:
            key = '"job-42"' if number % 2 else "job-42"  # two spellings of one name
            return http.post("/v1/reviews", json=REVIEW, headers={"Idempotency-Key": key})

        answers = at_once(sandbox, httpx.Cookies(), create_once)
        after = api.get("/v1/reviews").json()["meta"]["pagination"]["total"]
    assert Counter(answer.status_code for answer in answers) == {201: MANY}
    assert Counter(answer.headers.get("Idempotent-Replayed") for answer in answers) == {None: 1, "true": MANY - 1}
    assert len({answer.json()["data"]["id"] for answer in answers}) == 1
    assert after == before + 1


def test_of_64_different_creations_under_one_key_one_is_made_and_the_others_are_refused(sandbox: Running) -> None:
    def create_other(http: httpx.Client, number: int) -> httpx.Response:
        body = {**REVIEW, "content": {"text": f"Draft {number}"}}
        return http.post("/v1/reviews", json=body, headers={"Idempotency-Key": "job-43"})

    answers = at_once(sandbox, httpx.Cookies(), create_other)
    assert Counter(answer.status_code for answer in answers) == {201: 1, 422: MANY - 1}
    codes = {answer.json()["error"]["code"] for answer in answers if answer.status_code == 422}
    assert codes == {"idempotency_key_reused"}
