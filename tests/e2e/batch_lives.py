"""Runs of one batch, one after another, for a test that kills them: `python batch_lives.py URL KEY ITEMS`.

Each line on standard input is a client ("blocking" or "asyncio") and the name of a batch, and begins a run in a copy of
this process, which has imported everything already. Its process id is printed as it begins, and when it is over "done",
or "killed".
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from typing import Any

from hitl import AsyncHITLClient, HITLClient


def items(count: int) -> Iterator[dict[str, Any]]:
    """Yield the items; one in five is equal to the others of its kind, and all of them are meant."""
    for number in range(count):
        yield {"template_id": "template_123", "content": {"number": number if number % 5 else 0}}


def create(client: str, url: str, key: str, batch_key: str, count: int) -> None:
    """Create all reviews, and return only if every one of them was made."""
    if client == "blocking":
        with HITLClient(key, base_url=url) as blocking:
            blocking.create_reviews(items(count), batch_key=batch_key)
        return

    async def create() -> None:
        async with AsyncHITLClient(key, base_url=url) as awaiting:
            await awaiting.create_reviews(items(count), batch_key=batch_key)

    asyncio.run(create())


def main(url: str, key: str, count: str) -> None:
    """Begin a run for each line."""
    for line in sys.stdin:
        client, batch_key = line.split()
        child = os.fork()
        if child == 0:
            print(os.getpid(), flush=True)
            create(client, url, key, batch_key, int(count))
            os._exit(0)
        print("killed" if os.waitpid(child, 0)[1] else "done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
