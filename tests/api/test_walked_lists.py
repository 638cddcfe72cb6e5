"""Lists that change while they are walked, on servers of every kind: nothing that was there is missed or met twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from script import answer, review
from scripted import scripted, scripted_async

from hitl.exceptions import UnexpectedResponseError


class Server:
    """A list in the order of creation or the reverse, with offsets, and a cursor if asked for."""

    def __init__(
        self,
        count: int,
        *,
        newest_first: bool = True,
        total: bool = True,
        echo: bool = True,
        told: bool = True,
        cap: int = 100,
        cursor: bool = False,
    ) -> None:
        self.ids = [f"rev_{number}" for number in range(count)]
        self.count = count
        self.newest_first, self.total, self.echo, self.told, self.cap = newest_first, total, echo, told, cap
        self.cursor = cursor
        self.asked: list[Any] = []

    @property
    def listed(self) -> list[str]:
        return self.ids[::-1] if self.newest_first else self.ids

    def remove(self, review_id: str) -> None:
        if review_id in self.ids:
            self.ids.remove(review_id)

    def create(self) -> None:
        self.ids.append(f"rev_{self.count}")
        self.count += 1

    def __call__(self, call: Any) -> Any:
        query = call.request.query
        self.asked.append(query)
        listed, limit = self.listed, min(int(query.get("limit") or 50), self.cap)
        offset = int(query.get("offset") or 0)
        if query.get("after"):
            last = int(query["after"])
            listed = [each for each in listed if (int(each[4:]) < last) is self.newest_first and each != f"rev_{last}"]
        page = listed[offset : offset + limit]
        end = offset + len(page)
        more = end < len(listed)
        place: dict[str, Any] = {"has_more": more} if self.told else {}
        if self.told and not query.get("after"):
            place["next_offset"] = end if more else None
        if self.total:
            place["total"] = len(self.ids)
        elif not self.told:
            place["has_more"] = more
        if self.echo:
            place["offset"] = offset
        if self.cursor:
            place["next_cursor"] = page[-1][4:] if more else None
        data = [review(review_id=each) for each in page]
        return answer(200, {"success": True, "data": data, "meta": {"pagination": place}})


KINDS: list[dict[str, Any]] = [
    {"newest_first": newest, "total": total, "echo": echo, "told": told, "cap": cap, "cursor": cursor}
    for newest in (True, False)
    for total in (True, False)
    for echo in (True, False)
    for told, cap, cursor in ((True, 100, False), (False, 3, False), (True, 100, True))
]


def cancel_each(server: Server, review_id: str, step: int) -> None:
    server.remove(review_id)


def cancel_and_create(server: Server, review_id: str, step: int) -> None:
    server.remove(review_id)
    if step < 12:
        server.create()


def cancel_another(server: Server, review_id: str, step: int) -> None:
    server.remove(f"rev_{(step * 7) % 40}")


def create_many(server: Server, review_id: str, step: int) -> None:
    if step < 15:
        for _ in range(3):
            server.create()


def finish_every_third(server: Server, review_id: str, step: int) -> None:
    if step % 3 == 0:
        server.remove(review_id)


CHANGES = [cancel_each, cancel_and_create, cancel_another, create_many, finish_every_third]


def walk(server: Server, page_size: int, change: Callable[[Server, str, int], None]) -> list[str]:
    met: list[str] = []
    for step, each in enumerate(scripted(server).list_reviews(page_size=page_size)):
        met.append(each.id)
        change(server, each.id, step)
    return met


@pytest.mark.parametrize("page_size", [1, 2, 5, 100])
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_all_that_was_there_and_stayed_is_met_once(
    kind: dict[str, Any], change: Callable[[Server, str, int], None], page_size: int
) -> None:
    server = Server(40, **kind)
    before = list(server.ids)
    met = walk(server, page_size, change)
    assert len(met) == len(set(met))
    stayed = [each for each in before if each in server.ids]
    assert set(stayed) <= set(met)
    if change is not cancel_another:
        assert set(before) <= set(met)


def test_a_list_that_stands_still_costs_one_request_per_page() -> None:
    server = Server(40)
    assert len(walk(server, 11, lambda *_: None)) == 40
    assert len(server.asked) == 4


def listed(ids: Any, **place: Any) -> Any:
    data = [review(review_id=each) for each in ids]
    return answer(200, {"success": True, "data": data, "meta": {"pagination": place}})


def walked(serve: Callable[[int, int, Any], Any], page_size: int = 10) -> list[str]:
    def answered(call: Any) -> Any:
        query = call.request.query
        return serve(int(query.get("offset") or 0), int(query["limit"]), query.get("after"))

    return [each.id for each in scripted(answered).list_reviews(page_size=page_size)]


ROWS = [f"rev_{number}" for number in range(130)]


def filtered(offset: int, limit: int, _: Any, *, wanted: Callable[[int], bool], told: bool = True) -> Any:
    """A page of the table of which only some rows are shown."""
    rows = ROWS[offset : offset + limit]
    follows = offset + limit if offset + limit < len(ROWS) else None
    place = {"next_offset": follows} if told else {"has_more": follows is not None}
    return listed([each for each in rows if wanted(int(each[4:]))], **place)


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize(
    "wanted",
    [lambda n: n >= 60, lambda n: n < 10 or n > 100, lambda n: n % 7 == 0, lambda n: n == 129, lambda n: False],
)
def test_empty_and_thin_pages_in_the_middle_are_no_end(wanted: Callable[[int], bool], told: bool) -> None:
    def serve(offset: int, limit: int, after: Any) -> Any:
        return filtered(offset, limit, after, wanted=wanted, told=told)

    if told or (wanted(70) and wanted(129)):
        assert walked(serve) == [each for each in ROWS if wanted(int(each[4:]))]


@pytest.mark.parametrize("page_size", [1, 3, 10, 100])
def test_a_server_that_knows_whole_pages_only_is_walked(page_size: int) -> None:
    def serve(offset: int, limit: int, _: Any) -> Any:
        begin = offset // page_size * page_size
        page = ROWS[begin : begin + page_size]
        return listed(page, total=len(ROWS))

    assert walked(serve, page_size) == ROWS


def test_a_server_that_answers_by_table_is_walked() -> None:
    pages = {0: (["a", "b"], 2), 2: (["c", "d"], 4), 4: (["e"], None)}

    def serve(offset: int, *_: Any) -> Any:
        ids, follows = pages.get(offset, ([], None))
        return listed(ids, next_offset=follows)

    assert walked(serve, 2) == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    "place",
    [
        {"has_more": True},
        {"has_more": True, "next_offset": 0},
        {"next_offset": 2},
        {"next_cursor": "again"},
        {"next_cursor": "again", "has_more": True, "total": 10**9},
    ],
)
@pytest.mark.parametrize("ids", ["", "ab"])
def test_a_server_that_says_the_same_for_ever_is_found_out(place: dict[str, Any], ids: str) -> None:
    with pytest.raises(UnexpectedResponseError, match=r"the server says that more follows after \d entries but"):
        walked(lambda *_: listed(ids, **place), 2)


@pytest.mark.parametrize("ids", ["", "ab"])
def test_a_server_that_goes_on_for_ever_with_nothing_new_is_found_out(ids: str) -> None:
    asked: list[int] = []

    def serve(*_: Any) -> Any:
        asked.append(1)
        return listed([*ids, *"xy"][: len(ids) + len(asked) % 2], next_cursor=str(len(asked)), has_more=True)

    with pytest.raises(UnexpectedResponseError, match="more follows after"):
        walked(serve, 2)
    assert len(asked) < 2000


def test_a_cursor_that_the_server_ignores_is_given_up_for_offsets() -> None:
    def serve(offset: int, limit: int, _: Any) -> Any:
        page = ROWS[offset : offset + limit]
        follows = offset + len(page) if offset + len(page) < len(ROWS) else None
        return listed(page, next_cursor=None if follows is None else str(follows), next_offset=follows)

    assert walked(serve) == ROWS


def test_the_default_page_size_walks_a_list_that_is_emptied_on_the_way() -> None:
    server = Server(150)
    met = 0
    for each in scripted(server).list_reviews():
        server.remove(each.id)
        met += 1
    assert met == 150


class TestSharing:
    def test_threads_share_an_iterator(self) -> None:
        client = scripted(Server(200))
        together = iter(client.list_reviews(page_size=7))
        met: list[list[str]] = [[] for _ in range(8)]
        workers = [threading.Thread(target=lambda mine=mine: mine.extend(each.id for each in together)) for mine in met]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert sorted(each for mine in met for each in mine) == sorted(Server(200).ids)
        with pytest.raises(StopIteration):
            next(together)

    def test_threads_share_a_list(self) -> None:
        reviews = scripted(Server(60)).list_reviews(page_size=7)
        counts: list[int] = []
        workers = [threading.Thread(target=lambda: counts.append(sum(1 for _ in reviews))) for _ in range(6)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert counts == [60] * 6

    @pytest.mark.parametrize("backend", ["asyncio", "trio"])
    def test_tasks_share_an_iterator(self, backend: str) -> None:
        met: list[str] = []
        ends: list[int] = []

        async def work(together: Any) -> None:
            async for each in together:
                met.append(each.id)
                await anyio.lowlevel.checkpoint()
            ends.append(1)

        async def main() -> None:
            client = scripted_async(Server(50))
            slow = client._run

            async def run(flow: Any) -> Any:
                await anyio.lowlevel.checkpoint()
                return await slow(flow)

            client._run = run
            together = aiter(client.list_reviews(page_size=3))
            async with anyio.create_task_group() as tasks:
                for _ in range(4):
                    tasks.start_soon(work, together)
                with anyio.CancelScope() as scope:  # one that gives up in its turn does not hold up the others
                    scope.cancel()
                    await work(together)

        anyio.run(main, backend=backend)
        assert sorted(met) == sorted(Server(50).ids)
        assert ends == [1] * 4

    def test_an_error_in_one_turn_is_not_the_end_of_the_others(self) -> None:
        server = Server(20)
        refusing = iter([None, None, answer(500, b""), None, None, None, None])
        client = scripted(lambda call: next(refusing, None) or server(call), max_retries=0)
        together = iter(client.list_reviews(page_size=5))
        met: list[str] = []
        errors: list[Exception] = []
        for _ in range(2):
            try:
                met.extend(each.id for each in together)
            except Exception as error:
                errors.append(error)
        assert len(errors) == 1
        assert set(server.ids) == set(met) | set(server.listed[:9])
