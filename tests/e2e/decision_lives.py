"""One life of a program that handles decisions: `python decision_lives.py URL KEY FOLDER CLIENT`.

Each decision that was handled is a line in the file `handled` in the folder, where the cursor is kept as well; or, with
CLIENT "ledger", no cursor, and what has been handled in the ledger at HITL_LEDGER.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from hitl import AsyncHITLClient, HITLClient, Review
from hitl.approval import ledger_at


def main(url: str, key: str, folder: str, kind: str) -> None:
    """Handle decisions until this process is killed."""
    cursor = Path(folder) / "cursor"
    handled = os.open(Path(folder) / "handled", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def handle(review: Review) -> None:
        os.write(handled, f"{review.id}\n".encode())

    async def handle_later(review: Review) -> None:
        await asyncio.sleep(0)
        handle(review)

    async def run() -> None:
        async with AsyncHITLClient(key, base_url=url) as client:
            client.on_decision()(handle_later)
            await client.run(cursor_store=cursor, since="beginning")

    if kind == "asyncio":
        asyncio.run(run())
    with HITLClient(key, base_url=url) as client:
        client.on_decision()(handle)
        if kind == "ledger":
            client.run(ledger=ledger_at(), since="beginning")
        client.run(cursor_store=cursor, since="beginning")


if __name__ == "__main__":
    main(*sys.argv[1:])
