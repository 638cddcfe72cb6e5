"""What the scripted clients of tests/support do that the tests of calls and deadlines do not show already."""

from __future__ import annotations

import asyncio

import pytest
from script import BROKEN, reviewed
from scripted import scripted, scripted_async, world_client
from world import EPOCH, Vendor, World

from hitl.exceptions import APIConnectionError

ITEM = {"template_id": "template_123", "content": {"text": "x"}}


def test_it_batches_one_after_the_other() -> None:
    client = scripted(reviewed(code=201))
    assert len(client.create_reviews([ITEM] * 3)) == 3
    assert [outcome.index for outcome in client.iter_create_reviews(iter([ITEM] * 2))] == [0, 1]
    assert client.bodies == [ITEM] * 5


def test_the_asynchronous_one_is_awaited() -> None:
    client = scripted_async(BROKEN, max_retries=1, retry_delay=1)

    async def ask() -> list[int]:
        with pytest.raises(APIConnectionError):
            await client.get_review("rev_1")
        client.script.outcomes = [reviewed(code=201)]
        return [outcome.index async for outcome in client.iter_create_reviews([ITEM] * 2)]

    assert asyncio.run(ask()) == [0, 1]
    assert client.sleeps == [1.0]


def test_a_client_in_a_world_waits_many_times_at_once() -> None:
    vendor = Vendor(limit=None)
    world = World(vendor)
    client = world_client(world)
    ended = []
    for number in range(3):
        vendor.add(f"rev_{number}", EPOCH, 30.0)
        world.start(client.wait_for_review(f"rev_{number}"), ended.append)
    world.run(EPOCH + 120)
    assert sorted(review.id for review in ended) == ["rev_0", "rev_1", "rev_2"]
    assert client.wait_stats().hits == 3
