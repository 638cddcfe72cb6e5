"""A sandbox is killed again and again while people work with it; whatever it acknowledged is there afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from receiver import Receiver, receiving

from hitl.server.http.listeners import Listener
from hitl.server.review_server import ReviewServer
from hitl.server.reviews.list_query import ReviewQuery

LIVES = Path(__file__).with_name("sandbox_lives.py")
KILLS = 200
MEAN_LIFE = 0.15  # seconds: many are killed while they start, some live long enough for a page of the inbox
WORKERS = 4
KEY = "hitl_test_key"
DECIDED = {"completed", "rejected"}
HEADERS = {"Authorization": f"Bearer {KEY}"}


@dataclass
class Acknowledged:
    """What the workers asked for, and what they were told."""

    asked: set[str] = field(default_factory=set[str])
    created: dict[str, str] = field(default_factory=dict[str, str])
    finished: dict[str, str] = field(default_factory=dict[str, str])
    faults: list[str] = field(default_factory=list[str])


class Worker:
    """Creates reviews and finishes them, over and over, through API and inbox, whatever happens to the sandbox."""

    def __init__(self, name: str, url: str, cookies: dict[str, str], heard: Acknowledged) -> None:
        self._name = name
        self._heard = heard
        self._http = httpx.Client(base_url=url, headers=HEADERS, cookies=cookies, timeout=10)
        self._waiting: list[tuple[str, str]] = []
        self._made = 0

    def work(self, stop: threading.Event) -> None:
        """Work until told to stop."""
        with self._http:
            while not stop.is_set():
                try:
                    self._create()
                    self._finish()
                except httpx.TransportError:
                    stop.wait(0.002)  # it is dead; the next one is on its way

    def _create(self) -> None:
        marker = f"{self._name}-{self._made}"
        self._heard.asked.add(marker)
        body = {"template_id": "template_123", "content": {"marker": marker}}
        # The same key until there is an answer, however many sandboxes die over it.
        answer = self._http.post("/v1/reviews", json=body, headers={"Idempotency-Key": marker})
        self._expect(answer, 201)
        review_id = answer.json()["data"]["id"]
        self._heard.created[marker] = review_id
        self._waiting.append((review_id, ("cancelled", "completed", "rejected")[self._made % 3]))
        self._made += 1

    def _finish(self) -> None:
        while self._waiting:
            review_id, word = self._waiting[0]
            if word == "cancelled":
                self._expect(self._http.delete(f"/v1/reviews/{review_id}"), 200)
            else:
                self._answer(review_id, "complete" if word == "completed" else "reject")
            self._heard.finished[review_id] = word
            self._waiting.pop(0)

    def _answer(self, review_id: str, decision: str) -> None:
        page = self._http.get(f"/inbox/reviews/{review_id}")
        self._expect(page, 200)
        hidden = dict(re.findall(r'name="(form_token|version|fingerprint)" value="([^"]*)"', page.text))
        if "version" in hidden:  # else it was answered by a request whose answer nobody heard
            filled = {**hidden, "reviewer": self._name, "field.approved": "true", "decision": decision}
            self._expect(self._http.post(f"/inbox/reviews/{review_id}/answer", data=filled), 303)

    def _expect(self, answer: httpx.Response, status: int) -> None:
        if answer.status_code != status:
            self._heard.faults.append(f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text[:300]}")


@contextlib.contextmanager
def workers(url: str, cookies: dict[str, str], heard: Acknowledged) -> Iterator[None]:
    stop = threading.Event()
    threads = [
        threading.Thread(target=Worker(f"worker{number}", url, cookies, heard).work, args=(stop,))
        for number in range(WORKERS)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


class Lives:
    """The sandboxes, one after another, over one file and on one port."""

    def __init__(self, data: Path, port: int) -> None:
        command = [sys.executable, "-W", "error", str(LIVES), str(data), str(port), KEY]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def begin(self) -> tuple[int, str]:
        """Begin a life; return its process id and a link into its inbox."""
        assert self._process.stdin is not None
        self._process.stdin.write("live\n")
        self._process.stdin.flush()
        number, link = self._line().split()
        return int(number), link

    def end(self, number: int) -> None:
        """Kill a sandbox as a power failure would, without a word."""
        os.kill(number, signal.SIGKILL)
        assert self._line() == "dead"

    def close(self) -> None:
        """End the process that the sandboxes are copies of."""
        self._process.communicate(timeout=60)
        assert self._process.returncode == 0

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


def check_file(data: Path) -> None:
    with contextlib.closing(sqlite3.connect(data)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def check_reviews(data: Path, heard: Acknowledged) -> None:
    server = ReviewServer(data=data)
    reviews = server.reviews.list_reviews(ReviewQuery(limit=None)).items
    by_marker = {review["content"]["marker"]: review for review in reviews}
    assert len(by_marker) == len(reviews), "a creation that was repeated under its key made two reviews"
    assert {marker: by_marker[marker]["id"] for marker in heard.created} == heard.created
    assert by_marker.keys() <= heard.asked
    status = {review["id"]: review["status"] for review in reviews}
    assert {review_id: status[review_id] for review_id in heard.finished} == heard.finished
    events = Counter((event.subject_id, event.event) for event in server.outbox.events_after(0, 10**9))
    for review in reviews:
        marker = review["content"]["marker"]
        if review["reviewer"] is not None:  # the decision is that of the person who took it
            assert review["reviewer"] == marker.partition("-")[0]
        check_whole(review, server.reviews.history(review["id"]), events)
    server.close()


def check_whole(review: dict[str, Any], history: list[dict[str, Any]], events: Counter[tuple[str, str]]) -> None:
    """Check that nothing was done by halves: a review, its history and its events tell the same story."""
    words = [step["event"] for step in history]
    last = words[-1]
    assert words[0] == "created"
    assert len(words) == len(set(words)) <= 2
    assert review["version"] == history[-1]["version"]
    assert review["status"] == last
    assert (review["result"] is not None) == (last in DECIDED)
    told = ["review.completed" if word in DECIDED else f"review.{word}" for word in words]
    assert all(events[review["id"], event] == 1 for event in told)


def subscribe(url: str, receiver: Receiver) -> None:
    body = {"url": receiver.url, "events": ["review.created", "review.completed", "review.cancelled"]}
    assert httpx.post(f"{url}/v1/webhooks", json=body, headers=HEADERS).status_code == 201


def wait_for_deliveries(url: str) -> None:
    """Give the last sandbox the time that it needs to deliver what the killed ones left behind."""
    for _ in range(600):
        pending = httpx.get(f"{url}/v1/webhooks/deliveries", params={"status": "pending"}, headers=HEADERS)
        if pending.json()["meta"]["pagination"]["total"] == 0:
            return
        threading.Event().wait(0.1)
    raise AssertionError(pending.text[:300])


def check_keys(url: str, heard: Acknowledged) -> None:
    """Check that each key that was acknowledged still stands for the review that it made."""
    with httpx.Client(base_url=url, headers=HEADERS, timeout=10) as http:
        for marker, review_id in heard.created.items():
            body = {"template_id": "template_123", "content": {"marker": marker}}
            again = http.post("/v1/reviews", json=body, headers={"Idempotency-Key": marker})
            assert (again.status_code, again.headers.get("Idempotent-Replayed")) == (201, "true")
            assert again.json()["data"]["id"] == review_id


def check_deliveries(data: Path, receiver: Receiver) -> None:
    """Check that every event arrived at least once, those of one review in their order."""
    server = ReviewServer(data=data)
    expected: dict[str, list[str]] = {}
    for event in server.outbox.events_after(0, 10**9):
        expected.setdefault(event.subject_id, []).append(event.event)
    server.close()
    arrived: dict[str, list[str]] = {}
    for delivered in receiver.received:
        if len(delivered.body) < int(delivered.headers["Content-Length"]):
            continue  # its sender was killed in the middle
        body = json.loads(delivered.body)
        words = arrived.setdefault(body["review"]["id"], [])
        if body["event"] not in words:
            words.append(body["event"])
    assert arrived == expected


def test_nothing_acknowledged_is_lost_and_nothing_is_done_by_halves(tmp_path: Path) -> None:
    data, listener = tmp_path / "sandbox.db", Listener()
    listener.close()  # for the port; whoever is killed leaves it free
    lives, heard, chance = Lives(data, listener.port), Acknowledged(), random.Random(KILLS)
    process, link = lives.begin()
    with httpx.Client() as browser:
        assert browser.get(link).status_code == 303
        cookies = dict(browser.cookies)
    with receiving() as receiver:
        subscribe(listener.url, receiver)
        with workers(listener.url, cookies, heard):
            for kill in range(KILLS):
                threading.Event().wait(chance.expovariate(1 / MEAN_LIFE))
                lives.end(process)
                if kill % 25 == 24:
                    check_file(data)
                process, _ = lives.begin()
        check_keys(listener.url, heard)
        wait_for_deliveries(listener.url)
        lives.end(process)
    lives.close()
    assert not heard.faults, heard.faults[0]
    check_file(data)
    check_reviews(data, heard)
    check_deliveries(data, receiver)
    assert len(heard.created) > KILLS // 10  # how many depends on the machine; without any, nothing was proven
    assert set(heard.finished.values()) == {"completed", "cancelled", "rejected"}
