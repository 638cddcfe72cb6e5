"""The program of the trials, which is killed and run again: `python -m benchmarks.approvals.payments … FIRST LAST`.

Each payment that is made is a line of eight bytes in the file `paid` in the folder, so twice made is seen.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.approvals.places import Place
from hitl import HITLClient
from hitl.approval import ApprovalConsumed, Ledger, OutcomeUnknown, require_approval

LINE = 8  # bytes


class Paid:
    """The payments that were made, by whichever process."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "paid"

    def add(self, number: int) -> None:
        """Make a payment: one write, which survives the process."""
        line = f"{number:0{LINE - 1}d}\n".encode()
        file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            assert os.write(file, line) == LINE
        finally:
            os.close(file)

    def __len__(self) -> int:
        return self.path.stat().st_size // LINE if self.path.exists() else 0

    def __iter__(self) -> Iterator[int]:
        return map(int, self.path.read_text().split() if self.path.exists() else ())


def gated(client: HITLClient, ledger: Ledger, paid: Paid) -> Callable[[int], str]:
    """Return a payment that needs an approval, once for each number."""

    @require_approval(client, ledger=ledger)
    def pay(number: int) -> str:
        """Pay an invoice."""
        paid.add(number)
        return receipt(number)

    def pay_in_scope(number: int) -> str:
        with client.idempotency_scope(f"invoice {number}"):
            return pay(number)

    return pay_in_scope


def receipt(number: int) -> str:
    """Return what a payment returns."""
    return f"paid {number}"


def outcome(pay: Callable[[int], str], number: int) -> str:
    """Pay, and return what came of it: "paid", also if it was paid before, or the name of the error."""
    try:
        if pay(number) != receipt(number):
            return "another result"
    except (ApprovalConsumed, OutcomeUnknown) as error:
        return type(error).__name__
    return "paid"


def main(arguments: list[str]) -> None:
    """Pay all invoices of a range, whatever was paid before, in several threads; print what came of them."""
    place, (first, last, threads) = Place.of(arguments)
    with place.client() as client, ThreadPoolExecutor(int(threads)) as pool:
        pay = gated(client, place.open_ledger(), Paid(place.folder))
        found = Counter(pool.map(lambda number: outcome(pay, number), range(int(first), int(last))))
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
