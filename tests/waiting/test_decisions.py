"""Decisions as a stream: none is lost or doubled, whatever the server's lists do meanwhile."""

from __future__ import annotations

import base64
import json
import random
import threading
from collections.abc import Callable, Collection
from typing import Any, Literal

import pytest
from decided import EPOCH, DecidedServer
from script import answer, refused
from scripted import ScriptedClient, scripted, world_client
from world import World

from hitl import Review, WaitBudgetWarning
from hitl.exceptions import (
    AuthenticationError,
    ConfigurationError,
    InvalidRequestError,
    ServerError,
    UnexpectedResponseError,
)

ENDS = ("completed", "rejected", "expired", "cancelled")


class TooMuchError(AssertionError):
    """A stream asked again and again without showing anything."""


def client_of(server: DecidedServer, **settings: Any) -> ScriptedClient:
    client = scripted(server, **settings)
    client.script.now = max(EPOCH, server.now)
    return client


def take(stream: Any, count: int) -> list[str]:
    return [next(stream).id for _ in range(count)]


class Life:
    """Reviews are created, changed and decided at random, several in a second."""

    def __init__(self, seed: int, server: DecidedServer, most: int = 120) -> None:
        self.random, self.server, self.most = random.Random(seed), server, most
        self.created = 0
        self.open: list[str] = []
        self.decided: list[str] = []
        self.patience = 0

    def goes_on(self) -> None:
        self.patience += 1
        if self.patience > 300:
            raise TooMuchError
        for _ in range(self.random.randrange(12)):
            self._one_more()
            if self.random.random() < 0.2:
                self.server.now += self.random.random() * 3
        if self.random.random() < 0.05:
            self.server.failures.append(self.random.choice([refused(503), refused(429, retry_after="2")]))

    def _one_more(self) -> None:
        if self.created < self.most and self.random.random() < 0.5:
            self.created += 1
            self.open.append(f"rev_{self.created}")
            self.server.put(self.open[-1])
        elif self.open:
            review_id = self.open.pop(self.random.randrange(len(self.open)))
            if self.random.random() < 0.2:
                self.open.append(review_id)
                self.server.put(review_id, "in_progress")
            else:
                self.decided.append(review_id)
                self.server.put(review_id, self.random.choice(ENDS))

    @property
    def is_over(self) -> bool:
        return self.created == self.most and not self.open


@pytest.mark.parametrize("order", ["created", "updated", "oldest"])
@pytest.mark.parametrize("page", [7, 100])
@pytest.mark.parametrize("filters_time", [True, False, None])
@pytest.mark.parametrize("feed", [False, True])
@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("since", [None, "beginning"])
def test_each_decision_comes_once_whatever_lists_do_meanwhile(
    order: str,
    page: int,
    filters_time: bool | None,
    feed: bool,
    restarts: bool,
    since: str | None,
) -> None:
    server = DecidedServer(order=order, page=page, filters_time=filters_time, feed=feed)
    life = Life(page + len(order), server)
    for number in range(9):
        server.put(f"old_{number}", "completed")
    stream = client_of(server).decisions(since=since)
    server.before = life.goes_on
    earlier = set() if since is None else {f"old_{number}" for number in range(9)}
    shown: list[str] = []
    while not (life.is_over and len(shown) >= len(earlier) + len(life.decided)):
        shown.append(next(stream).id)
        life.patience = 0
        if restarts and life.random.random() < 0.2:
            stream = client_of(server).decisions(since=stream.cursor)
    assert sorted(shown) == sorted({*life.decided, *earlier})
    # Nothing of it comes again either.
    server.before = lambda: None
    server.put("rev_last", "completed")
    assert take(stream, 1) == ["rev_last"]


def test_what_was_decided_before_is_not_shown_unless_it_is_asked_for() -> None:
    server = DecidedServer()
    server.put("rev_1", "completed")
    client = client_of(server)
    now, beginning = client.decisions(), client.decisions(since="beginning")
    server.put("rev_2", "rejected")  # in the same second
    assert take(now, 1) == ["rev_2"]
    assert take(beginning, 2) == ["rev_1", "rev_2"]


def test_a_review_that_is_decided_again_comes_again_in_order() -> None:
    server = DecidedServer()
    stream = client_of(server).decisions()
    server.put("rev_1", "completed", result={"approved": True})
    assert next(stream).verdict == "approved"
    server.put("rev_1", "completed", result={"approved": True}, priority="high")  # the same decision
    server.put("rev_1", "completed", result={"approved": False})
    assert next(stream).verdict == "rejected"


@pytest.mark.parametrize("feed", [False, True])
def test_only_what_the_filters_show_comes(*, feed: bool) -> None:
    server = DecidedServer(feed=feed)
    stream = client_of(server).decisions(template_id="refund", metadata={"run": "r-1"})
    server.put("rev_1", "completed", template_id="refund", metadata={"run": "r-2"})
    server.put("rev_2", "completed", template_id="other", metadata={"run": "r-1"})
    server.put("rev_3", "completed", template_id="refund", content={"_hitl": {"metadata": {"run": "r-1", "x": "y"}}})
    server.put("rev_4", "completed", template_id="refund", metadata={"run": "r-1"})
    assert take(stream, 2) == ["rev_3", "rev_4"]
    assert server.queries[-1]["template_id"] == "refund"


@pytest.mark.parametrize("feed", [False, True])
@pytest.mark.parametrize("filters_time", [True, None])
@pytest.mark.parametrize("filters_metadata", [True, False, None])
@pytest.mark.parametrize("since", [None, "beginning"])
def test_a_stream_over_one_run_asks_for_that_run_only(
    *, feed: bool, filters_time: bool | None, filters_metadata: bool | None, since: str | None
) -> None:
    server = DecidedServer(feed=feed, filters_time=filters_time, filters_metadata=filters_metadata)
    for number in range(250):
        server.put(f"before_{number}", "completed", metadata={"run": "r-2"})
    stream = client_of(server).decisions(metadata={"run": "r-1"}, since=since)
    for number in range(250):
        server.put(f"rev_{number}", "completed", metadata={"run": f"r-{number % 125}", "n": str(number)})
    assert sorted(take(stream, 2)) == ["rev_1", "rev_126"]
    asked_for_run = ["metadata[run]" in each for each in server.queries]
    if filters_metadata:
        assert server.shown <= 4  # in two sweeps, where it has no feed
        assert all(asked_for_run)
    elif filters_metadata is None:
        assert asked_for_run.count(True) == 1  # it is not asked for again what it has refused
    assert ("changes_after" in server.queries[-1]) == feed  # for its feed it is asked all the same


def test_a_server_that_refuses_everything_is_an_error() -> None:
    server = DecidedServer()
    server.failures += [refused(400, message="limit: is wrong")] * 9
    with pytest.raises(InvalidRequestError, match="limit"):
        client_of(server).decisions(template_id="refund", metadata={"run": "r-1"})


def test_a_feed_is_held_open_and_asked_from_the_cursor_on() -> None:
    server = DecidedServer(feed=True)
    server.put("rev_1", "completed")
    client = client_of(server)
    stream = client.decisions()
    server.put("rev_2", "completed")
    assert take(stream, 1) == ["rev_2"]
    assert server.queries[1]["changes_after"] == "1"
    assert client.sent[1].headers["Prefer"].startswith("wait=")


def test_a_feed_of_a_new_database_begins_anew() -> None:
    server = DecidedServer(feed=True)
    for number in range(5):
        server.put(f"rev_{number}", "completed")
    stream = client_of(server).decisions(since="beginning")
    take(stream, 5)
    other = DecidedServer(feed=True)
    other.put("rev_new", "completed")
    assert take(client_of(other).decisions(since=stream.cursor), 1) == ["rev_new"]


def test_a_server_may_lose_its_feed_and_get_it_back() -> None:
    server = DecidedServer(feed=True)
    stream = client_of(server).decisions()
    server.put("rev_1", "completed")
    assert take(stream, 1) == ["rev_1"]
    server.now += 60
    server.feed = False
    server.put("rev_2", "completed")
    assert take(stream, 2) == ["rev_1", "rev_2"]  # the time of the first is where it goes on: at least once
    server.feed = True
    server.put("rev_3", "completed")
    again = client_of(server).decisions(since=stream.cursor)
    assert take(again, 1) == ["rev_3"]
    server.put("rev_4", "completed")
    assert take(again, 1) == ["rev_4"]
    assert "changes_after" in server.queries[-1]


def test_a_time_in_the_future_hides_nothing() -> None:
    server = DecidedServer()
    stream = client_of(server).decisions()
    server.put("rev_1", "completed", updated_at="9999-01-01T00:00:00Z")
    server.put("rev_2", "completed", updated_at="0001-01-01T00:00:00Z", completed_at="0001-01-01T00:00:00Z")
    server.filters_time = False
    assert sorted(take(stream, 2)) == ["rev_1", "rev_2"]
    server.put("rev_3", "completed")
    assert take(stream, 1) == ["rev_3"]


def test_transient_errors_do_not_end_it_but_a_wrong_key_does() -> None:
    server = DecidedServer()
    stream = client_of(server).decisions()
    server.put("rev_1", "completed")
    server.failures += [refused(503)] * 9 + [answer(200, b"{")] * 2
    assert take(stream, 1) == ["rev_1"]
    server.failures.append(refused(401))
    with pytest.raises(AuthenticationError):
        next(stream)
    server.put("rev_2", "completed")
    assert take(stream, 1) == ["rev_2"]  # with the next turn it goes on


def test_a_server_that_cannot_be_reached_is_an_error_of_the_call() -> None:
    server = DecidedServer()
    server.failures += [refused(503)] * 9
    with pytest.raises(ServerError):
        client_of(server).decisions()


def test_an_answer_that_stays_malformed_is_an_error() -> None:
    server = DecidedServer()
    stream = client_of(server).decisions()
    server.failures += [answer(200, b"{")] * 3
    with pytest.raises(UnexpectedResponseError):
        next(stream)


@pytest.mark.parametrize("feed", [False, True])
def test_a_review_that_cannot_be_read_is_named_once_and_holds_up_no_other(*, feed: bool) -> None:
    server = DecidedServer(feed=feed)
    stream = client_of(server).decisions()
    server.put("rev_1", "completed", created_at="yesterday")
    server.put("rev_2", "completed")
    shown: list[str] = []
    for _ in range(2):
        try:
            shown += take(stream, 1)
        except UnexpectedResponseError as error:
            shown.append(str(error)[:11])
    assert sorted(shown) == ["entry rev_1", "rev_2"]
    server.put("rev_3", "completed")
    assert take(stream, 1) == ["rev_3"]


def test_a_cursor_names_nobody_and_is_refused_if_it_was_cut() -> None:
    server = DecidedServer()
    stream = client_of(server).decisions()
    server.put("rev_of_somebody", "completed", reviewer="ann@company.com", result={"secret": "x"})
    next(stream)
    text = base64.urlsafe_b64decode(stream.cursor + "==").decode()
    assert sorted(json.loads(text)) == ["mark", "seen", "v"]
    for bad in (stream.cursor[:-3], "", "now", "é", base64.urlsafe_b64encode(b'{"v":2}').decode(), 7, "[" * 5000):
        with pytest.raises(ConfigurationError, match="since must be"):
            client_of(server).decisions(since=bad)  # type: ignore[arg-type]


@pytest.mark.parametrize("metadata", [{}, {"run": 1}, {"": "x"}, ["run"], "run"])
def test_metadata_must_be_texts(metadata: Any) -> None:
    with pytest.raises(ConfigurationError, match="metadata.* must (be a dict of texts|be a text|name something)"):
        client_of(DecidedServer()).decisions(metadata=metadata)


def test_polls_follow_the_rate_limit_and_a_webhook_asks_at_once() -> None:
    server = DecidedServer()
    world = World(lambda call, now: _at(server, now)(call))
    client = world_client(world)
    stream = client.decisions(since="beginning", poll_interval=1)
    shown: list[Review] = []
    for _ in range(2):  # a webhook that came is relied on from then on
        world.start(next(stream), shown.append)
        world.run(until=world.now + 200)
        server.put(f"rev_{len(shown)}", "completed")
        asked = len(server.queries)
        assert client.notify({"review": {"id": f"rev_{len(shown)}", "status": "completed"}})
        world.run(until=world.now + 1)
        assert len(server.queries) == asked + 1
    assert [review.id for review in shown] == ["rev_0", "rev_1"]
    world.start(next(stream), shown.append)
    asked = len(server.queries)
    world.run(until=world.now + 600)
    assert len(server.queries) - asked <= 15  # not one in ten seconds
    assert not client.notify({"review": {"id": "rev_9", "status": "created"}})
    stream.close()
    world.run()
    assert shown[2:] == [None]


def test_streams_are_counted_as_waits_are() -> None:
    server = DecidedServer(feed=True)
    client = client_of(server)
    assert (client.wait_stats().waits, client.wait_stats().interval) == (0, None)
    stream, other = client.decisions(), client.decisions(template_id="refund", poll_interval=7)
    server.put("rev_1", "completed")
    server.put("rev_2", "cancelled")
    take(stream, 2)
    client.notify({"review": {"id": "rev_1", "status": "completed"}})
    stats = client.wait_stats()
    assert (stats.waits, stats.open, stats.hits, stats.notified) == (2, 0, 2, 2)
    assert stats.polls == len(server.queries)
    assert stats.interval is not None
    stream.close()
    other.close()
    assert (client.wait_stats().waits, client.wait_stats().interval) == (0, None)


def test_a_stream_that_the_rate_limit_makes_late_says_so_once() -> None:
    server = DecidedServer()
    client = client_of(server)
    server.headers = {
        "x_ratelimit_limit": "100",
        "x_ratelimit_remaining": "30",
        "x_ratelimit_reset": str(int(client.now) + 3600),
    }
    stream = client.decisions()
    server.put("rev_1", "completed")
    with pytest.warns(WaitBudgetWarning, match="decisions are looked for every .* s late on average") as warned:
        for number in range(2, 5):
            take(stream, 1)
            server.put(f"rev_{number}", "completed")
    assert len(warned) == 1


def _at(server: DecidedServer, now: float) -> Callable[[Any], Any]:
    server.now = now
    return server


def test_threads_share_an_iterator() -> None:
    server = DecidedServer(page=10)
    for number in range(200):
        server.put(f"rev_{number}", "completed")
    stream = client_of(server).decisions(since="beginning")
    shown: list[str] = []

    def work() -> None:
        shown.extend(take(stream, 25))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(shown) == sorted(server.documents)


# --- run -------------------------------------------------------------------------------------------------------------


class Store:
    def __init__(self, cursor: str | None = None) -> None:
        self.saved = [] if cursor is None else [cursor]

    def load(self) -> str | None:
        return self.saved[-1] if self.saved else None

    def save(self, cursor: str) -> None:
        self.saved.append(cursor)


class Handled:
    """A ledger in memory; `elsewhere` has what another machine is dealing with."""

    def __init__(self, *, is_elsewhere: bool = False) -> None:
        self.pairs: list[tuple[str, str]] = []
        self.is_elsewhere = is_elsewhere

    def begin_handling(
        self, decision: str, handler: str, run: str, *, running: Collection[str], takes_over: bool
    ) -> Literal["begun", "handled", "elsewhere"]:
        assert run in running
        if (decision, handler) in self.pairs:
            return "handled"
        return "elsewhere" if self.is_elsewhere and not takes_over else "begun"

    def end_handling(self, decision: str, handler: str) -> None:
        self.pairs.append((decision, handler))


def test_each_handler_gets_the_decisions_that_it_wants() -> None:
    server, done = DecidedServer(), []
    client = client_of(server)

    @client.on_decision(template_id="refund")
    def refund(review: Review) -> None:
        done.append(("refund", review.id))

    @client.on_decision()
    def each(review: Review) -> None:
        done.append(("each", review.id))
        if review.id == "rev_2":
            client.close()

    server.put("rev_1", "completed", template_id="refund")
    server.put("rev_2", "completed")
    assert client.run(since="beginning") is None
    assert done == [("refund", "rev_1"), ("each", "rev_1"), ("each", "rev_2")]


@pytest.mark.parametrize("has_ledger", [False, True])
def test_a_handler_that_raises_ends_the_run_and_gets_the_decision_again(*, has_ledger: bool) -> None:
    server, store, done = DecidedServer(), Store(), []
    ledger = Handled() if has_ledger else None

    def run(fails: str) -> None:
        client = client_of(server)

        @client.on_decision()
        def before(review: Review) -> None:
            done.append(f"before {review.id}")

        @client.on_decision()
        def handle(review: Review) -> None:
            if review.id == fails:
                raise LookupError(review.id)
            done.append(review.id)
            if review.id == "rev_3":
                client.close()

        client.run(cursor_store=store, ledger=ledger, since="beginning")

    for number in (1, 2, 3):
        server.put(f"rev_{number}", "completed")
        server.now += 1
    with pytest.raises(LookupError, match="rev_2"):
        run(fails="rev_2")
    run(fails="none")
    again = [] if has_ledger else ["before rev_2"]
    assert done == ["before rev_1", "rev_1", "before rev_2", *again, "rev_2", "before rev_3", "rev_3"]


def test_where_a_run_began_is_stored_before_the_first_decision() -> None:
    server, store = DecidedServer(), Store()

    def crash() -> None:
        if len(server.queries) == 1:
            raise KeyboardInterrupt

    client = client_of(server)
    client.on_decision()(print)
    server.before = crash
    with pytest.raises(KeyboardInterrupt):
        client.run(cursor_store=store)
    server.before = lambda: None
    server.put("rev_1", "completed")  # while it does not run
    assert take(client_of(server).decisions(since=store.load()), 1) == ["rev_1"]


def test_what_all_handlers_want_is_what_the_server_is_asked_for() -> None:
    server, done = DecidedServer(filters_metadata=True), []
    client = client_of(server)
    client.on_decision(template_id="refund", metadata={"run": "r-1", "way": "card"})(lambda each: done.append(each.id))
    client.on_decision(template_id="refund", metadata={"run": "r-1", "way": "cash"})(lambda _review: client.close())
    server.put("rev_1", "completed", template_id="refund", metadata={"run": "r-2", "way": "cash"})
    server.put("rev_2", "completed", template_id="other", metadata={"run": "r-1", "way": "card"})
    server.put("rev_3", "completed", template_id="refund", metadata={"run": "r-1", "way": "card"})
    server.put("rev_4", "completed", template_id="refund", metadata={"run": "r-1", "way": "cash"})
    client.run(since="beginning")
    assert done == ["rev_3"]
    narrow = {"template_id": "refund", "metadata[run]": "r-1"}
    assert [{**each, "limit": "100"} for each in server.queries] == [{**narrow, "limit": "100"}] * len(server.queries)


def test_two_handlers_of_one_name_are_two_for_a_ledger() -> None:
    server, ledger, done = DecidedServer(), Handled(), []
    client = client_of(server)
    for number in range(3):
        client.on_decision()(lambda _review, number=number: done.append(number))
    client.on_decision()(lambda _review: client.close())
    server.put("rev_1", "completed")
    client.run(since="beginning", ledger=ledger)
    assert done == [0, 1, 2]


def test_what_another_machine_deals_with_is_waited_for_but_not_for_ever() -> None:
    server, done = DecidedServer(), []
    client = client_of(server)

    @client.on_decision()
    def handle(review: Review) -> None:
        done.append(review.id)
        client.close()

    server.put("rev_1", "completed")
    began = client.now
    client.run(since="beginning", ledger=Handled(is_elsewhere=True))
    assert done == ["rev_1"]
    assert 300 <= client.now - began < 302


def test_a_client_that_is_closed_waits_for_no_other_machine_and_leaves_the_decision() -> None:
    server, store = DecidedServer(), Store()
    client = client_of(server)

    class Closing(Handled):
        def begin_handling(self, *names: str, **how: Any) -> Literal["begun", "handled", "elsewhere"]:
            client.close()
            return super().begin_handling(*names, **how)

    client.on_decision()(print)
    server.put("rev_1", "completed")
    client.run(since="beginning", ledger=Closing(is_elsewhere=True), cursor_store=store)
    assert take(client_of(server).decisions(since=store.load()), 1) == ["rev_1"]


def test_a_file_keeps_the_cursor_as_a_whole(tmp_path: Any) -> None:
    server, path = DecidedServer(), tmp_path / "cursor"
    client = client_of(server)
    client.on_decision()(lambda _review: client.close())
    server.put("rev_1", "completed")
    client.run(cursor_store=path, since="beginning")
    server.put("rev_2", "completed")
    assert [each.name for each in tmp_path.iterdir()] == ["cursor"]
    assert path.stat().st_mode & 0o077 == 0
    assert take(client_of(server).decisions(since=path.read_text().strip()), 1) == ["rev_2"]


def test_a_run_needs_a_handler_and_a_store_that_is_one() -> None:
    client = client_of(DecidedServer())
    with pytest.raises(ConfigurationError, match="there is no handler"):
        client.run()
    with pytest.raises(ConfigurationError, match="a handler must be a function"):
        client.on_decision()("print")  # type: ignore[arg-type]
    client.on_decision()(print)
    with pytest.raises(ConfigurationError, match="cursor_store must be a path"):
        client.run(cursor_store=7)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="since must be"):
        client.run(cursor_store=Store("rubbish"))
