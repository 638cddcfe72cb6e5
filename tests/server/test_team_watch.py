"""What operators and their programs see of a running server: `/readyz` and `/metrics`, from this machine only."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from fake_clock import FakeClock
from prometheus_client.parser import text_string_to_metric_families
from receiver import Receiver
from starlette.types import Receive, Scope, Send

from hitl.server.http.server import BackgroundServer
from hitl.server.operations import ServerWatch
from hitl.server.operations.exposition import Counts, Histogram, exposition
from hitl.server.operations.health import LEAST_ROOM, Health
from hitl.server.operations.loop_lag import LoopLag
from hitl.server.primitives import MACHINE
from hitl.server.review_server import ReviewServer
from hitl.server.storage import announced
from hitl.server.team_settings import TeamSettings

REVIEW = {"template_id": "template_123", "content": {"text": "A draft"}}


@contextmanager
def running(data: Path, *, metrics: bool = True, clock: FakeClock | None = None) -> Iterator[ReviewServer]:
    settings = {} if clock is None else {"clock": clock}
    with ReviewServer(data=data, team=TeamSettings(metrics=metrics), **settings) as site:
        background = BackgroundServer(site.server())
        background.start()
        try:
            yield site
        finally:
            background.stop()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "team.db"


Sample = tuple[str, tuple[tuple[str, str], ...]]


def metrics_of(site: ReviewServer) -> dict[Sample, float]:
    """Return the samples by name and labels, read by Prometheus' own parser."""
    answer = httpx.get(f"{site.url}/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


# Who may ask


def test_a_program_of_this_machine_learns_that_all_is_well(data: Path):
    with running(data) as site:
        answer = httpx.get(f"{site.url}/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "failing": []})


@pytest.mark.parametrize("path", ["/readyz", "/metrics"])
@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "203.0.113.7"},
        {"x-forwarded-for": "127.0.0.1"},
        {"X-Forwarded-Proto": "https"},
        {"Forwarded": "for=127.0.0.1"},
        {"X-Real-IP": "127.0.0.1"},
        {"Via": "1.1 proxy"},
    ],
)
def test_whoever_comes_through_a_proxy_learns_nothing(data: Path, path: str, headers: dict[str, str]):
    with running(data) as site:
        assert httpx.get(f"{site.url}{path}", headers=headers).status_code == 404


@pytest.mark.parametrize("path", ["/readyz", "/metrics"])
def test_a_page_that_pointed_its_own_name_here_learns_nothing(data: Path, path: str):
    with running(data) as site:
        assert httpx.get(f"{site.url}{path}", headers={"Host": "attacker.example"}).status_code == 400


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:4010", "[::1]:4010", "[::1]"])
def test_every_name_of_this_machine_will_do(data: Path, host: str):
    with running(data) as site:
        assert httpx.get(f"{site.url}/readyz", headers={"Host": host}).status_code == 200


def test_there_are_no_metrics_unless_they_are_wanted(data: Path):
    with running(data, metrics=False) as site:
        assert httpx.get(f"{site.url}/metrics").status_code == 404
        assert httpx.get(f"{site.url}/readyz").status_code == 200


def test_a_sandbox_has_neither(data: Path):
    with ReviewServer(data=data) as site:
        background = BackgroundServer(site.server())
        background.start()
        assert httpx.get(f"{site.url}/metrics").status_code == httpx.get(f"{site.url}/readyz").status_code == 404
        background.stop()


def test_the_command_asks_by_the_socket(data: Path):
    with running(data), httpx.Client(transport=httpx.HTTPTransport(uds=announced(data))) as http:
        assert http.get("http://control/readyz").json() == {"status": "ok", "failing": []}


# What fails


def health(site: ReviewServer, lag: LoopLag | None = None, free: int = 10 * LEAST_ROOM) -> Health:
    return Health(site.database, site.changes, lag or LoopLag(), free_bytes=lambda folder: free)


@pytest.mark.anyio
async def test_a_full_disk_fails_before_nothing_can_be_written_any_more(data: Path):
    with ReviewServer(data=data, team=TeamSettings()) as site:
        assert await health(site, free=LEAST_ROOM).failing() == []
        assert await health(site, free=LEAST_ROOM - 1).failing() == ["disk"]


@pytest.mark.anyio
async def test_a_database_in_which_nothing_can_be_written(data: Path):
    with ReviewServer(data=data, team=TeamSettings()) as site:
        site.database.execute("PRAGMA query_only = ON")
        assert await health(site).failing() == ["database"]
        site.database.execute("PRAGMA query_only = OFF")
        assert await health(site).failing() == []


@pytest.mark.anyio
async def test_a_file_of_another_form(data: Path):
    with ReviewServer(data=data, team=TeamSettings()) as site:
        site.database.execute("PRAGMA user_version = 3")
        assert await health(site).failing() == ["database"]


@pytest.mark.anyio
async def test_a_writer_who_does_not_end(data: Path):
    with ReviewServer(data=data, team=TeamSettings()) as site:
        with site.database.lock:
            assert await health(site).failing() == ["database"]
        assert await health(site).failing() == []


@pytest.mark.anyio
async def test_a_worker_that_has_ended_is_named(data: Path):
    async def works() -> None:
        await asyncio.Event().wait()

    async def fails() -> None:
        raise ValueError

    with ReviewServer(data=data, team=TeamSettings()) as site:
        found = health(site)
        working = asyncio.create_task(found.watched("reviews", works)())
        with pytest.raises(ValueError, match="^$"):
            await found.watched("deliveries", fails)()
        assert await found.failing() == ["deliveries"]
        working.cancel()


@pytest.mark.anyio
async def test_a_server_that_stops_is_not_ready(data: Path):
    with ReviewServer(data=data, team=TeamSettings()) as site:
        site.changes.close()
        assert await health(site).failing() == ["stopping"]


@pytest.mark.anyio
async def test_a_late_event_loop(data: Path):
    class Late(LoopLag):
        seconds = 1.0  # type: ignore[assignment]

    with ReviewServer(data=data, team=TeamSettings()) as site:
        assert await health(site, Late()).failing() == ["event_loop"]


def test_what_fails_is_answered_503(data: Path):
    with running(data) as site:
        site.database.lock.acquire()
        try:
            answer = httpx.get(f"{site.url}/readyz", timeout=30)
        finally:
            site.database.lock.release()
    assert (answer.status_code, answer.json()) == (503, {"status": "failing", "failing": ["database"]})


# What is counted


def test_requests_are_counted_by_the_pattern_of_their_path(data: Path):
    with running(data) as site:
        for path in ("/healthz", "/healthz?x=1", "/v1/reviews/rev_1", "/nothing/secret"):
            httpx.get(f"{site.url}{path}")
        httpx.request("PROPFIND", f"{site.url}/healthz")
        found = metrics_of(site)
    counted = {labels: value for (name, labels), value in found.items() if name == "hitl_http_requests_total"}

    def key(route: str, status: str, method: str = "GET") -> tuple[tuple[str, str], ...]:
        return (("method", method), ("route", route), ("status", status))

    assert counted[key("/healthz", "200")] == 2
    assert counted[key("none", "404")] == 1
    assert sum(value for labels, value in counted.items() if ("method", "other") in labels) == 1
    assert "secret" not in str(found)
    assert not any("rev_1" in str(labels) for labels in counted)
    assert found["hitl_http_requests_seconds_count", (("route", "/healthz"),)] >= 2


def test_reviews_are_counted_while_they_wait_and_when_they_end(data: Path):
    clock = FakeClock()
    with running(data, clock=clock) as site:
        for _ in range(3):
            site.reviews.create_review(REVIEW)
        site.clock.advance("10m")
        before = metrics_of(site)
        site.reviews.complete("rev_1", {"approved": True}, "ann@example.com")
        site.reviews.cancel_review("rev_2")
        after = metrics_of(site)
    open_ = ("hitl_reviews_open", (("template", "template_123"),))
    assert (before[open_], after[open_]) == (3, 1)
    assert before["hitl_oldest_open_seconds", ()] == 600
    assert after["hitl_reviews_ended_total", (("how", "completed"),)] == 1
    assert after["hitl_reviews_ended_total", (("how", "cancelled"),)] == 1
    assert after["hitl_review_seconds_sum", ()] == 1200
    assert after["hitl_review_seconds_bucket", (("le", "300"),)] == 0
    assert after["hitl_review_seconds_bucket", (("le", "900"),)] == 2


def test_an_end_is_counted_once(data: Path):
    with running(data) as site:
        site.reviews.create_review(REVIEW)
        site.reviews.cancel_review("rev_1")
        assert [metrics_of(site)["hitl_reviews_ended_total", (("how", "cancelled"),)] for _ in range(3)] == [1, 1, 1]


def test_deliveries_are_counted_by_their_outcome(data: Path, receiver: Receiver):
    with running(data) as site:
        site.outbox.call_back(receiver.url, "review.completed", "rev_1", {"n": 1}, at=site.clock())
        site.outbox.call_back("http://127.0.0.1:9/", "review.completed", "rev_2", {"n": 1}, at=site.clock())
        site.clock.advance(0)  # returns when what is due has been attempted
        found = metrics_of(site)
    assert found["hitl_deliveries_attempts_total", (("outcome", "delivered"),)] == 1
    assert found["hitl_deliveries_attempts_total", (("outcome", "unanswered"),)] == 1
    assert found["hitl_deliveries_pending", ()] == 1


def test_sign_ins_are_counted_by_how_people_came_and_wrong_codes_apart(data: Path):
    with running(data) as site:
        person = site.people.activate(site.people.add("ann@example.com").id, by=MACHINE)
        ticket = site.admission.tickets.issue("signin", person.id)
        wrong = f"{(int(ticket.code) + 1) % 10_000:04}"
        for code in (wrong, ticket.code):
            httpx.post(f"{site.url}/enter/{ticket.token}", data={"code": code}, headers={"Origin": site.url})
        found = metrics_of(site)
    counted = {labels: value for (name, labels), value in found.items() if name == "hitl_signins_total"}
    assert counted == {
        (("how", "signin"), ("outcome", "ok")): 1,
        (("how", "signin"), ("outcome", "wrong_code")): 1,
    }


def test_commits_files_and_the_version(data: Path):
    with running(data) as site:
        before = metrics_of(site)
        site.reviews.create_review(REVIEW)
        after = metrics_of(site)
    name = "hitl_db_commit_seconds_count", ()
    assert after[name] - before.get(name, 0) == 1
    assert after["hitl_db_bytes", ()] + after["hitl_wal_bytes", ()] > 100_000
    assert [value for (name, _), value in after.items() if name == "hitl_build_info"] == [1]
    assert after["hitl_loop_lag_seconds", ()] >= 0


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("headers", "media_type", "kind"),
    [({"Prefer": "wait=30"}, "application/json", "poll"), ({}, "text/event-stream; charset=utf-8", "stream")],
)
async def test_what_is_held_open_is_counted_while_it_is(
    data: Path, headers: dict[str, str], media_type: str, kind: str
):
    begun, end = asyncio.Event(), asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", media_type.encode())]}
        await send(start)
        begun.set()
        await end.wait()
        await send({"type": "http.response.body", "body": b""})

    def held(text: str) -> list[str]:
        return [line for line in text.splitlines() if line.startswith("hitl_held{")]

    with ReviewServer(data=data, team=TeamSettings()) as site:
        watch = ServerWatch(site.database, site.changes, site.clock, metrics=True)
        watched = watch.around(app)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(watched), base_url="http://127.0.0.1") as http:
            waiting = asyncio.create_task(http.get("/x", headers=headers))
            await begun.wait()
            assert held((await http.get("/metrics")).text) == [f'hitl_held{{kind="{kind}"}} 1']
            end.set()
            await waiting
            assert held((await http.get("/metrics")).text) == [f'hitl_held{{kind="{kind}"}} 0']
        watch.close()


def test_whatever_a_label_holds_the_parser_reads_it_back():
    name = 'a "quoted" \\ back\nslash é'
    counts = Counts("n_total", "Numbers.", "counter", ("name",))
    counts.add(name, by=2.5)
    (family,) = text_string_to_metric_families(exposition([counts]))
    assert [(each.labels["name"], each.value) for each in family.samples] == [(name, 2.5)]


def test_a_histogram_counts_up_to_and_including_its_bounds():
    histogram = Histogram("s", "Seconds.", (0.1, 1.0))
    for seconds in (0.05, 0.1, 0.5, 2.0):
        histogram.observe(seconds)
    (family,) = text_string_to_metric_families(exposition([histogram]))
    found = {(each.name, each.labels.get("le")): each.value for each in family.samples}
    assert family.type == "histogram"
    assert [found["s_bucket", le] for le in ("0.1", "1", "+Inf")] == [2, 3, 4]
    assert found["s_sum", None] == pytest.approx(2.65)
    assert found["s_count", None] == 4
