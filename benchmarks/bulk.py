"""One batch in a process of its own: `python bulk.py CLIENT ITEMS IN_FLIGHT URL`; prints one line of JSON.

It stands alone, since it runs in the environment of each peer; see `load.py`.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from load import HEADERS, MESSAGES, REVIEW, most_memory


def items(count: int) -> Iterator[dict[str, Any]]:
    for _ in range(count):
        yield dict(REVIEW)


def hitl(count: int, in_flight: int, url: str) -> int:
    from hitl import HITLClient

    with HITLClient("key", base_url=url, timeout=60) as client:
        return len(client.create_reviews(list(items(count)), concurrency=in_flight))


def hitl_streamed(count: int, in_flight: int, url: str) -> int:
    from hitl import HITLClient

    with HITLClient("key", base_url=url, timeout=60) as client:
        return sum(1 for _ in client.iter_create_reviews(items(count), concurrency=in_flight))


def hitl_kept(count: int, in_flight: int, url: str) -> int:
    """Keep the results of a generator, and nothing else."""
    from hitl import HITLClient

    with HITLClient("key", base_url=url, timeout=60) as client:
        return len(client.create_reviews(items(count), concurrency=in_flight))


def hitl_async(count: int, in_flight: int, url: str) -> int:
    from hitl import AsyncHITLClient

    async def create() -> int:
        async with AsyncHITLClient("key", base_url=url, timeout=60) as client:
            return len(await client.create_reviews(list(items(count)), concurrency=in_flight))

    return asyncio.run(create())


def openai(count: int, in_flight: int, url: str) -> int:
    from openai import AsyncOpenAI

    async def create() -> int:
        turns = asyncio.Semaphore(in_flight)
        async with AsyncOpenAI(api_key="key", base_url=f"{url}/v1") as client:

            async def one() -> object:
                async with turns:
                    return await client.chat.completions.create(model="gpt", messages=MESSAGES)

            return len(await asyncio.gather(*(one() for _ in range(count))))

    return asyncio.run(create())


def aiohttp(count: int, in_flight: int, url: str) -> int:
    """Make the same requests with a worker for each that may be in flight, and nothing but the JSON of each answer."""
    import aiohttp

    async def create() -> int:
        turns, answers = iter(items(count)), list[Any]()
        async with aiohttp.ClientSession(base_url=url, headers=HEADERS) as client:

            async def work() -> None:
                for item in turns:
                    async with client.post("/v1/reviews", json=item) as response:
                        answers.append(await response.json())

            await asyncio.gather(*(work() for _ in range(in_flight)))
        return len(answers)

    return asyncio.run(create())


CLIENTS = {
    "hitl": hitl,
    "hitl streamed": hitl_streamed,
    "hitl kept": hitl_kept,
    "hitl async": hitl_async,
    "openai": openai,
    "aiohttp": aiohttp,
}


def main(client: str, count: int, in_flight: int, url: str) -> None:
    CLIENTS[client](64, in_flight, url)  # loads what is loaded with the first call
    before = most_memory()
    cpu, started = time.process_time(), time.perf_counter()
    done = CLIENTS[client](count, in_flight, url)
    wall = time.perf_counter() - started
    grown = most_memory() - before
    print(json.dumps({"done": done, "wall": wall, "cpu": time.process_time() - cpu, "memory": grown}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
