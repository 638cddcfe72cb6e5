"""Ctrl-C in the middle of a batch, with a server that does not answer."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time

import pytest

PATIENCE = 60  # seconds that a process may take before the test fails
PROMISED = 0.5  # seconds; a busy machine gets some more
GENEROUS = 3.0

PROGRAM = """
import json, sys
from hitl import HITLClient
from hitl.exceptions import BatchInterrupted

items = ({"template_id": "t", "content": {"n": n}} for n in range(1000))
try:
    with HITLClient("hitl_test_key", base_url=sys.argv[1], max_retries=0) as client:
        client.create_reviews(items, concurrency=4, batch_key="import-1")
except BatchInterrupted as interrupt:
    print(json.dumps([[e.sent, e.outcome_unknown, e.idempotency_key] for e in interrupt.outcomes]))
    raise SystemExit(isinstance(interrupt, KeyboardInterrupt))
"""


AWAITING = """
import asyncio, json, sys
from hitl import AsyncHITLClient

async def main():
    items = ({"template_id": "t", "content": {"n": n}} for n in range(1000))
    async with AsyncHITLClient("hitl_test_key", base_url=sys.argv[1], max_retries=0) as client:
        try:
            await client.create_reviews(items, concurrency=4, batch_key="import-1")
        except asyncio.CancelledError as cancelled:
            print(json.dumps([[e.sent, e.outcome_unknown, e.idempotency_key] for e in cancelled.outcomes]))
            raise

try:
    asyncio.run(main())
except KeyboardInterrupt:
    raise SystemExit(1)
"""


@pytest.mark.parametrize("program", [PROGRAM, AWAITING], ids=["blocking", "asyncio"])
def test_ctrl_c_ends_a_batch_at_once_and_tells_which_items_were_under_way(program: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        command = [sys.executable, "-W", "error", "-c", program, url]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        asked = [server.accept()[0] for _ in range(4)]
        for each in asked:
            assert each.recv(65536)
        pressed = time.monotonic()
        process.send_signal(signal.SIGINT)
        told, trouble = process.communicate(timeout=PATIENCE)
        took = time.monotonic() - pressed
        for each in asked:
            each.close()
    assert (process.returncode, trouble) == (1, "")
    outcomes = json.loads(told)
    assert [outcome[:2] for outcome in outcomes[:4]] == [["maybe", True]] * 4
    assert all(outcome[:2] == ["no", False] for outcome in outcomes[4:])
    assert len({outcome[2] for outcome in outcomes[:4]}) == 4
    assert took < PROMISED + GENEROUS
