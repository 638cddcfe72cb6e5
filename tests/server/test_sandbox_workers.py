"""Nobody stalls the server for others: what takes long runs in a few threads, without the lock, and is bounded."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from hitl.server.http import in_worker, in_worker_if_large
from hitl.server.http.workers import AT_ONCE, LARGE
from hitl.server.inbox.diffing import MAX_KEYS, content_diff
from hitl.server.inbox.pieces import pieces
from hitl.server.primitives import ApiError
from hitl.server.primitives.validation import MOST_FAULTS
from hitl.server.review_server import ReviewServer
from hitl.server.reviews import ReviewQuery, search
from hitl.server.reviews.schemas import MOST_ASSIGNEES
from hitl.testing import Sandbox

TEMPLATE = "content_review"


def test_what_is_small_runs_at_once_and_what_is_large_in_a_worker() -> None:
    async def threads() -> tuple[int, int]:
        return (
            await in_worker_if_large(LARGE - 1, threading.get_ident),
            await in_worker_if_large(LARGE, threading.get_ident),
        )

    small, large = asyncio.run(threads())
    assert small == threading.get_ident() != large


def test_only_a_few_workers_run_at_once_and_an_error_gives_its_place_back() -> None:
    running = most = 0
    lock, is_full = threading.Lock(), threading.Event()

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
            if running == AT_ONCE:
                is_full.set()
        assert is_full.wait(20)
        with lock:
            running -= 1
        raise ValueError("its own")

    async def many() -> list[BaseException | None]:
        return await asyncio.gather(*(in_worker(work) for _ in range(4 * AT_ONCE)), return_exceptions=True)

    failures = asyncio.run(many())
    assert most == AT_ONCE
    assert [type(each) for each in failures] == [ValueError] * 4 * AT_ONCE


@pytest.fixture
def loop_threads(monkeypatch: pytest.MonkeyPatch, server: ReviewServer) -> dict[str, set[bool]]:
    """Note for each method of the service whether it ran in a thread that has a running event loop."""
    seen: dict[str, set[bool]] = {}

    def noting(name: str) -> Any:
        method = getattr(server.reviews, name)

        def call(*arguments: Any, **options: Any) -> Any:
            try:
                asyncio.get_running_loop()
                seen.setdefault(name, set()).add(True)
            except RuntimeError:
                seen.setdefault(name, set()).add(False)
            return method(*arguments, **options)

        return call

    for name in (
        *("create_review", "get_review", "list_reviews", "update_review", "cancel_review", "get_template"),
        *("update_template", "complete", "earlier_content", "to_answer"),
    ):
        monkeypatch.setattr(server.reviews, name, noting(name))
    return seen


def review_of(server: ReviewServer, content: Any) -> str:
    review_id: str = server.reviews.create_review({"template_id": TEMPLATE, "content": content}).document["id"]
    return review_id


def test_pages_of_the_inbox_do_nothing_on_the_event_loop(
    server: ReviewServer, browser: TestClient, loop_threads: dict[str, set[bool]]
) -> None:
    review_id = review_of(server, {"text": "A draft"})
    form = {"reviewer": "kim", "decision": "complete", "version": "1", "field.approved": "true"}
    pick = {"pick": f"{review_id}:1", "action": "cancel", "reviewer": "kim"}
    loop_threads.clear()
    for path in ("/", "/?q=draft", "/requests", "/deliveries", f"/reviews/{review_id}", f"/reviews/{review_id}/done"):
        assert browser.get(f"/inbox{path}").status_code in (200, 303)
    assert browser.get(f"/inbox/reviews/{review_id}/answer", headers={"accept": "application/json"}).status_code == 200
    browser.post("/inbox/bulk", data=pick)
    browser.post(f"/inbox/reviews/{review_id}/start", data={"reviewer": "kim"})
    browser.post(f"/inbox/reviews/{review_id}/answer", data=form)
    assert {"get_review", "list_reviews", "to_answer", "earlier_content"} <= loop_threads.keys()
    assert set().union(*loop_threads.values()) == {False}


@pytest.mark.parametrize("size", [10, 2 * LARGE])
def test_calls_of_the_api_leave_the_event_loop_if_their_data_is_large(size: int) -> None:
    """By what is stored as well as by what is sent, since a small change reads and writes a large review."""
    with Sandbox() as sandbox, httpx.Client(base_url=sandbox.base_url, timeout=60) as http:
        http.headers["Authorization"] = f"Bearer {sandbox.api_key}"
        body = {"template_id": TEMPLATE, "content": {"text": "x" * size}}
        review = http.post("/v1/reviews", json=body).json()["data"]
        thread_names: set[str] = set()
        sandbox_loads = json.loads

        def noting(*arguments: Any, **options: Any) -> Any:
            if isinstance(arguments[0], str) and len(arguments[0]) > size and "template_id" in arguments[0]:
                thread_names.add(threading.current_thread().name)
            return sandbox_loads(*arguments, **options)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("hitl.server.reviews.service.json.loads", noting)
            path = f"/v1/reviews/{review['id']}"
            assert http.get(path).json()["data"] == review
            assert http.get(path, headers={"Prefer": "wait=0"}).json()["data"] == review
            assert http.patch(path, json={"priority": "high"}).status_code == 200
            assert http.delete(path).status_code == 200
    assert thread_names
    assert ("hitl-sandbox" in thread_names) == (size < LARGE)


def test_a_search_leaves_the_database_to_others(server: ReviewServer, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [review_of(server, {"text": f"word {number}"}) for number in range(5)]
    were_free: list[bool] = []
    holds = search.holds

    def looking(*arguments: Any, **options: Any) -> bool:
        def take() -> None:
            were_free.append(server.database.lock.acquire(blocking=False))
            if were_free[-1]:
                server.database.lock.release()

        other = threading.Thread(target=take)
        other.start()
        other.join()
        return holds(*arguments, **options)

    monkeypatch.setattr(search, "holds", looking)
    found = server.reviews.list_reviews(ReviewQuery(search="WORD", limit=2, offset=1))
    assert [review["id"] for review in found.items] == ids[::-1][1:3]
    assert found.total == 5
    assert were_free == [True] * 5


def test_a_search_keeps_filters_and_order(server: ReviewServer) -> None:
    ids = [review_of(server, {"text": f"word {number}"}) for number in range(3)]
    server.reviews.cancel_review(ids[1])
    found = server.reviews.list_reviews(ReviewQuery(search="word", status=["created"], oldest_first=True, limit=None))
    assert [review["id"] for review in found.items] == [ids[0], ids[2]]
    assert server.reviews.list_reviews(ReviewQuery(search="word", offset=9)).items == []


@pytest.mark.parametrize(
    "body",
    [
        {f"k{number}": 1 for number in range(5_000)},
        {"template_id": TEMPLATE, "content": {}, "assignees": [1] * 900},
        {"template_id": TEMPLATE, "content": {}, "assignees": [1] * 200_000},
    ],
)
def test_faults_are_told_up_to_a_number(server: ReviewServer, body: dict[str, Any]) -> None:
    with pytest.raises(ApiError) as refused:
        server.reviews.create_review(body)
    assert refused.value.status == 400
    assert len((refused.value.details or {})["errors"]) <= MOST_FAULTS


def test_a_review_has_a_bounded_number_of_assignees(server: ReviewServer) -> None:
    names = [f"{number}@x.co" for number in range(MOST_ASSIGNEES + 1)]
    body = {"template_id": TEMPLATE, "content": {"a": 1}}
    review = server.reviews.create_review({**body, "assignees": names[1:]}).document
    assert len(review["assignees"]) == MOST_ASSIGNEES
    for refused in (
        lambda: server.reviews.create_review({**body, "assignees": names}),
        lambda: server.reviews.update_review(review["id"], {"assignees": names}),
    ):
        with pytest.raises(ApiError, match="at most 1000 items"):
            refused()


def test_changed_keys_beyond_a_number_are_compared_together() -> None:
    before = {f"k{number}": number for number in range(MAX_KEYS + 50)}
    after = {**dict.fromkeys(before, -1), "new": 1}
    changed = content_diff(before, after)
    assert len(changed) == MAX_KEYS + 1
    assert changed[-1].key == "… and 51 more"
    assert changed[-1].diff.after["new"] == 1
    assert "new" not in changed[-1].diff.before


def test_a_text_is_split_no_further_than_is_asked() -> None:
    assert pieces("a b c", most=3) == ["a", " ", "b"]
    assert pieces("x" * 1_000_000) == ["x" * 1_000_000]
    assert "".join(pieces("Zürich 東京 e\u0301a 👩‍💻")) == "Zürich 東京 e\u0301a 👩‍💻"


@pytest.mark.parametrize(
    "status", [None, "assigned", ["assigned", "in_progress"], ["assigned", "cancelled"], "cancelled"]
)
def test_who_has_something_to_do_is_found_the_same_with_and_without_documents(
    server: ReviewServer, status: str | list[str] | None
) -> None:
    body = {"template_id": TEMPLATE, "content": {"a": 1}}
    ids = [
        server.reviews.create_review({**body, "assignees": names}).document["id"]
        for names in (["a"], ["b", "a"], ["b"])
    ]
    server.reviews.start(ids[0], "a")
    server.reviews.cancel_review(server.reviews.create_review({**body, "assignees": ["a"]}).document["id"])
    everything = server.reviews.list_reviews(ReviewQuery(limit=None)).items
    wanted = [status] if isinstance(status, str) else status
    expected = [
        each["id"] for each in everything if "a" in each["assignees"] and (wanted is None or each["status"] in wanted)
    ]
    found = server.reviews.list_reviews(ReviewQuery(status=status, assignee="a", limit=None))
    assert [each["id"] for each in found.items] == expected
    assert found.total == len(expected)
