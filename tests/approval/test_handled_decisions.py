"""Which decisions have been handled, in both kinds of ledger: each by one run, and what a crash interrupts again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Barrier, Thread
from typing import Literal

import anyio
import pytest

from hitl import AsyncHITLClient, HITLClient, Review
from hitl.approval import LedgerError, PostgresLedger, SQLiteLedger, ledger_at
from hitl.models import ReviewFields
from hitl.testing import Sandbox

LIFE = Path(__file__).parents[1] / "e2e" / "decision_lives.py"
ASKED: ReviewFields = {"template_id": "template_123", "content": {"text": "A draft"}}
ROOMY = 120.0  # seconds that a busy machine may take
Handled = SQLiteLedger | PostgresLedger


def begin(
    ledger: Handled,
    decision: str = "d",
    handler: str = "shop:refund",
    run: str = "mine",
    *,
    running: frozenset[str] = frozenset({"mine", "another"}),
    takes_over: bool = False,
) -> Literal["begun", "handled", "elsewhere"]:
    return ledger.begin_handling(decision, handler, run, running=running, takes_over=takes_over)


@contextmanager
def opened(address: str) -> Iterator[Handled]:
    ledger = ledger_at(address)
    assert isinstance(ledger, Handled)
    yield ledger
    ledger.close()


def decided(sandbox: Sandbox, client: HITLClient, count: int) -> list[str]:
    reviews = client.create_reviews([ASKED] * count)
    for review in reviews:
        sandbox.reviewer.complete(review, {"approved": True})
    return [review.id for review in reviews]


# --- the table -------------------------------------------------------------------------------------------------------


def test_a_decision_is_begun_by_one_run_and_handled_once(ledger: Handled) -> None:
    assert begin(ledger) == "begun"
    assert begin(ledger, run="another") == "elsewhere"
    assert begin(ledger) == "begun"  # the same run, whose connection broke
    ledger.end_handling("d", "shop:refund")
    ledger.end_handling("d", "shop:refund")
    for takes_over in (False, True):
        assert begin(ledger, takes_over=takes_over) == begin(ledger, run="another", takes_over=takes_over) == "handled"


def test_each_handler_and_each_decision_stands_for_itself(ledger: Handled) -> None:
    pairs = [("d", "shop:refund"), ("d", "shop:refund#2"), ("d", "Ünicode:é"), ("e", "shop:refund")]
    for decision, handler in pairs:
        assert begin(ledger, decision, handler) == "begun"
    ledger.end_handling("d", "shop:refund")
    assert [begin(ledger, *pair, run="another") for pair in pairs] == ["handled", *["elsewhere"] * 3]


def test_what_a_run_of_this_process_left_is_taken_over(ledger: Handled) -> None:
    assert begin(ledger, run="ended") == "begun"
    assert begin(ledger) == "begun"
    assert begin(ledger, run="another") == "elsewhere"  # it is in the new run's hands


def test_what_is_late_is_taken_over(ledger: Handled) -> None:
    begin(ledger, run="another")
    assert begin(ledger) == "elsewhere"
    assert begin(ledger, takes_over=True) == "begun"


BEGIN = """
import sys
from hitl.approval import ledger_at
print(ledger_at().begin_handling("d", "shop:refund", "theirs", running=["theirs"], takes_over=False), flush=True)
sys.stdin.read()
"""


@contextmanager
def begun_elsewhere(address: str) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "HITL_LEDGER": address}
    command = [sys.executable, "-c", BEGIN]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        yield process


def test_what_another_process_deals_with_is_taken_over_once_it_has_ended(ledger: Handled, address: str) -> None:
    with begun_elsewhere(address) as process:
        assert begin(ledger) == "elsewhere"
        process.send_signal(signal.SIGKILL)
    assert begin(ledger) == "begun"


def test_of_many_that_take_over_one_does(address: str) -> None:
    count, rounds = 8, 12
    together, runs = Barrier(count), frozenset(f"run-{each}" for each in range(count))

    def take_over(number: int) -> list[str]:
        found: list[str] = []
        with opened(address) as ledger:
            for each in range(rounds):
                together.wait(ROOMY)
                found.append(begin(ledger, f"d-{each}", run=f"run-{number}", running=runs))
        return found

    with opened(address) as ledger:
        for each in range(0, rounds, 2):  # the others nobody has begun
            begin(ledger, f"d-{each}", run="ended")
    with ThreadPoolExecutor(count) as threads:
        found = list(threads.map(take_over, range(count)))
    for round_ in zip(*found, strict=True):
        assert Counter(round_) == {"begun": 1, "elsewhere": count - 1}


def test_what_was_handled_is_known_after_a_restart(address: str) -> None:
    with opened(address) as ledger:
        begin(ledger)
        ledger.end_handling("d", "shop:refund")
    with opened(address) as ledger:
        assert begin(ledger) == "handled"


# --- runs ------------------------------------------------------------------------------------------------------------


def test_runs_that_share_a_ledger_handle_each_decision_once(sandbox: Sandbox, address: str) -> None:
    shown: list[str] = []

    def handle(review: Review) -> None:
        time.sleep(0.002)  # long enough for all to see that nobody has handled it yet
        shown.append(review.id)

    clients = [HITLClient(sandbox.api_key, base_url=sandbox.base_url) for _ in range(3)]
    threads: list[Thread] = []
    for client in clients:
        client.on_decision()(handle)
        arguments = {"ledger": ledger_at(address), "since": "beginning"}
        threads.append(Thread(target=client.run, kwargs=arguments))
        threads[-1].start()
    with HITLClient(sandbox.api_key, base_url=sandbox.base_url) as client:
        reviews = decided(sandbox, client, 60)
        _until(lambda: len(shown) >= len(reviews))
    for client, thread in zip(clients, threads, strict=True):
        client.close()
        thread.join(ROOMY)
    assert sorted(shown) == sorted(reviews)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_an_asynchronous_run_leaves_out_what_was_handled(
    sandbox: Sandbox, client: HITLClient, ledger: Handled, backend: str
) -> None:
    reviews = decided(sandbox, client, 6)

    async def main(count: int) -> list[str]:
        shown: list[str] = []
        async with AsyncHITLClient(sandbox.api_key, base_url=sandbox.base_url) as client:

            @client.on_decision(template_id="template_123")
            async def handle(review: Review) -> None:
                shown.append(review.id)
                if len(shown) == count:
                    await client.aclose()

            with anyio.fail_after(ROOMY):
                await client.run(ledger=ledger, since="beginning")
        return shown

    assert anyio.run(main, 2, backend=backend) + anyio.run(main, 4, backend=backend) == reviews


def test_a_decision_whose_handler_raised_comes_again(sandbox: Sandbox, client: HITLClient, ledger: Handled) -> None:
    (review,) = decided(sandbox, client, 1)
    tries: list[str] = []

    @client.on_decision()
    def handle(review: Review) -> None:
        tries.append(review.id)
        if len(tries) == 1:
            raise RuntimeError("out of money")
        client.close()

    with pytest.raises(RuntimeError, match="out of money"):
        client.run(ledger=ledger, since="beginning")
    client.run(ledger=ledger, since="beginning")
    assert tries == [review] * 2


def test_a_ledger_that_cannot_be_reached_handles_nothing(sandbox: Sandbox, client: HITLClient, tmp_path: Path) -> None:
    decided(sandbox, client, 1)
    client.on_decision()(lambda review: pytest.fail(review.id))
    (tmp_path / "folder").mkdir()
    for ledger in (SQLiteLedger(tmp_path / "folder"), PostgresLedger("postgresql://hitl@127.0.0.1:1/none")):
        with pytest.raises(LedgerError):
            client.run(ledger=ledger, since="beginning")


def test_each_decision_is_handled_although_the_program_is_killed(
    sandbox: Sandbox, client: HITLClient, address: str, tmp_path: Path
) -> None:
    count, kills = 200, 5
    file = tmp_path / "handled"
    file.touch()
    reviews = client.create_reviews([ASKED] * count)
    person = Thread(target=lambda: [sandbox.reviewer.complete(each, {"approved": True}) for each in reviews])
    person.start()
    environment = {**os.environ, "HITL_LEDGER": address}
    command = [sys.executable, str(LIFE), sandbox.base_url, sandbox.api_key, str(tmp_path), "ledger"]

    def handled() -> list[str]:
        return file.read_text().split()

    def has_handled(number: int) -> bool:
        return len(set(handled())) >= number

    for kill in range(kills + 1):
        wanted = count if kill == kills else len(set(handled())) + count // (kills + 2)
        with subprocess.Popen(command, env=environment) as program:
            _until(partial(has_handled, wanted))
            program.kill()
    person.join()
    counts = Counter(handled())
    assert set(counts) == {review.id for review in reviews}
    assert sum(counts.values()) <= count + kills  # at most the one that was being handled comes again
    assert list(dict.fromkeys(handled())) == [review.id for review in reviews]  # in the order of the decisions


def _until(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + ROOMY
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.002)
