"""Content of many values: what a data frame costs beside its own `to_json`, and how long an event loop stands still."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from itertools import pairwise
from statistics import median

import httpx

from benchmarks.measure import Ratio, cpu_of, ratio
from benchmarks.memory import ROUNDS, ROWS, URL
from hitl import AsyncHITLClient
from hitl._content import to_object

REVIEW = {"id": "rev_1", "template_id": "t", "status": "created", "created_at": "2026-01-15T10:30:00Z"}
TICK = 0.001  # seconds between two looks at the clock


def frames() -> dict[str, Ratio]:
    """Measure data frames of 10,000 rows as content."""
    import numpy
    import pandas

    numbers = numpy.arange(10_000)
    frame = pandas.DataFrame(
        {
            "id": numbers,
            "name": [f"Customer {each}" for each in numbers],
            "amount": numbers * 1.25,
            "paid": numbers % 2 == 0,
            "city": ["Bern" if each % 50 else "Zürich" for each in numbers],
        }
    )
    hourly = pandas.date_range("2026-01-01", periods=len(frame), freq="h")
    kinds = {
        "": frame,
        ", with texts and numbers that are missing": frame.assign(
            note=frame["name"].where(frame["paid"]), score=frame["amount"].where(frame["paid"])
        ),
        ", with a column of times": frame.assign(at=hourly),
        ", with a column of times in a zone": frame.assign(at=hourly.tz_localize("UTC").tz_convert("Europe/Prague")),
    }

    def measured(each: pandas.DataFrame) -> Ratio:
        baseline = cpu_of(lambda: each.to_json(orient="records", date_format="iso"), 3)
        return ratio(cpu_of(lambda: to_object({"rows": each}), 3), baseline, ROUNDS)

    return {f"a data frame of 10,000 rows{name} / to_json of it": measured(each) for name, each in kinds.items()}


def stops() -> dict[str, Ratio]:
    """Measure the longest stop of an event loop while 4 MB of rows are sent, and read back."""
    return asyncio.run(_stops())


async def _stops() -> dict[str, Ratio]:
    content = json.dumps({"success": True, "data": {**REVIEW, "content": ROWS}}).encode()

    async def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(201 if request.method == "POST" else 200, content=content)

    async with AsyncHITLClient("key", base_url=URL, transport=httpx.MockTransport(answer)) as client:
        return {
            "ms of CPU in which an event loop stands still: 4 MB of rows are sent, and read back": await _longest_stops(
                lambda: client.create_review("t", ROWS)
            ),
            "the same, they are read": await _longest_stops(lambda: client.get_review("rev_1")),
        }


async def _longest_stops(act: Callable[[], Awaitable[object]]) -> Ratio:
    """Return the longest stop of each round in ms of this process's CPU, which a busy machine does not make longer."""
    found = []
    for _ in range(ROUNDS + 1):
        looks: list[float] = []
        ticker = asyncio.create_task(_look(looks))
        await act()
        ticker.cancel()
        found.append(1000 * max(after - before for before, after in pairwise(looks)))
    del found[0]  # in which modules are imported
    return Ratio(median(found), min(found), max(found))


async def _look(looks: list[float]) -> None:
    while True:
        looks.append(time.process_time())
        await asyncio.sleep(TICK)
