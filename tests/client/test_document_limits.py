"""The limits of documents: what could not be read back is not sent, and what is too large breaks no list."""

from __future__ import annotations

import json
from typing import Any

import pytest
from script import answer, review
from scripted import scripted, scripted_async

from hitl._engine import Response
from hitl._json import TOO_LARGE
from hitl.exceptions import ContentError, UnexpectedResponseError

ROWS = "order,amount,paid,country\n" * 640  # 16 kB of CSV


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "content",
    [
        {"numbers": [1] * 600_000},
        {"rows": [[1, 2, 3]] * 150_000},
        {"names": {str(number): None for number in range(450_000)}},
        {"words": ["a,b"] * 450_000},
        {"text": "x" * 13_000_000},
        {"text": "é" * 7_000_000},
        {"deep": nested(101)},
        {"number": 10**5000},
    ],
    ids=lambda content: next(iter(content)),
)
def test_what_could_not_be_read_back_is_not_sent(content: dict[str, Any]) -> None:
    client = scripted(answer(201, {"success": True, "data": review()}))
    for call in (
        lambda: client.create_review("template_123", content),
        lambda: client.update_review("rev_1", content=content),
        lambda: client.create_reviews([{"template_id": "template_123", "content": content}]),
    ):
        with pytest.raises(ContentError):
            call()
    assert client.sent == []


def test_content_within_the_limits_comes_back() -> None:
    content = {"numbers": list(range(390_000)), "deep": nested(99), "csv": ROWS, "digits": 10**4299}

    def echo(call: Any) -> Any:
        return answer(201, {"success": True, "data": {**review(), **json.loads(call.request.body)}})

    assert scripted(echo).create_review("template_123", content).content == content


def test_a_page_of_reviews_with_tables_in_their_texts_is_read() -> None:
    page = [{**review(review_id=f"rev_{number}"), "content": {"csv": ROWS * 3}} for number in range(100)]
    listed = scripted(answer(200, {"success": True, "data": page})).list_reviews()
    assert len(listed) == 100


class Heavy:
    """A server whose reviews hold so many values, and those of `broken` more than can be read."""

    def __init__(self, count: int, values: int, broken: tuple[int, ...] = ()) -> None:
        self.ids = list(range(count))
        self.values, self.broken = values, broken
        self.limits: list[int] = []

    def __call__(self, call: Any) -> Any:
        limit, offset = call.request.query["limit"], call.request.query.get("offset", 0)
        self.limits.append(limit)
        shown = self.ids[offset : offset + limit]
        data = [
            {
                **review(review_id=f"rev_{each}"),
                "content": {"n": [0] * (600_000 if each in self.broken else self.values)},
            }
            for each in shown
        ]
        place = {"total": len(self.ids), "offset": offset}
        return answer(200, {"success": True, "data": data, "meta": {"pagination": place}})


@pytest.mark.parametrize("page_size", [2, 100])
def test_a_page_that_is_too_large_is_asked_for_again_with_fewer_entries(page_size: int) -> None:
    server = Heavy(5, values=300_000)
    walked = [each.id for each in scripted(server).list_reviews(page_size=page_size)]
    assert walked == [f"rev_{each}" for each in range(5)]


def test_pages_of_too_many_bytes_become_smaller_at_once() -> None:
    def serve(call: Any) -> Any:
        limit, offset = call.request.query["limit"], call.request.query.get("offset", 0)
        if limit > 2:
            return Response(200, {}, b"", fault=TOO_LARGE)
        data = [review(review_id=f"rev_{each}") for each in range(offset, min(offset + limit, 9))]
        return answer(200, {"success": True, "data": data, "meta": {"pagination": {"total": 9, "offset": offset}}})

    client = scripted(serve)
    assert [each.id for each in client.list_reviews()] == [f"rev_{each}" for each in range(9)]
    assert client.sleeps == []


@pytest.mark.parametrize("page_size", [1, 3])
@pytest.mark.parametrize("broken", [(0,), (2, 3), (5,)])
def test_a_review_that_is_too_large_is_an_error_where_it_is_met(broken: tuple[int, ...], page_size: int) -> None:
    reviews = scripted(Heavy(6, values=1, broken=broken)).list_reviews(page_size=page_size)
    walk, met, errors = iter(reviews), [], []
    while True:
        try:
            met.append(next(walk).id)
        except StopIteration:
            break
        except UnexpectedResponseError as error:
            errors.append(str(error))
    assert met == [f"rev_{each}" for each in range(6) if each not in broken]
    assert [f"entry rev_{each} of the list" in error for each, error in zip(broken, errors, strict=True)]


@pytest.mark.parametrize("wrong", [{"id": "rev_b"}, "rev_b", None, {**review(review_id="rev_b"), "version": "1"}])
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_an_entry_that_cannot_be_read_keeps_no_other_from_being_read(wrong: Any, backend: str) -> None:
    import anyio

    listed = answer(200, {"success": True, "data": [review(review_id="rev_a"), wrong, review(review_id="rev_c")]})
    reviews = scripted(listed).list_reviews()
    assert [reviews[0].id, reviews[2].id] == ["rev_a", "rev_c"]
    assert len(reviews) == 3
    with pytest.raises(UnexpectedResponseError, match=r"entry (rev_b|number 2 of the page) of the list cannot be read"):
        reviews[1]

    async def main() -> list[str]:
        walk, found = aiter(scripted_async(listed).list_reviews()), []
        found.append((await anext(walk)).id)
        with pytest.raises(UnexpectedResponseError):
            await anext(walk)
        return [*found, *[each.id async for each in walk]]

    assert anyio.run(main, backend=backend) == ["rev_a", "rev_c"]
