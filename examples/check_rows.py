"""Rows that look odd are put before people, all at once; the answers decide which rows stay.

Each review is named after its row, so that a second run goes on where the first one was stopped, and asks nobody twice.

    hitl sandbox                                  (in one terminal, and its two export lines in the other)
    python examples/check_rows.py
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any, TypeAlias

from hitl import HITLClient, Review
from hitl.exceptions import BatchError, HITLError
from hitl.models import ReviewFields

Row: TypeAlias = dict[str, Any]

ORDERS: list[Row] = [
    {"order": "A-1", "price": Decimal("19.90")},
    {"order": "A-2", "price": Decimal("1990.00")},
    {"order": "A-3", "price": Decimal("21.50")},
    {"order": "A-4", "price": Decimal("-21.50")},
]


def is_odd(row: Row) -> bool:
    """Return whether a person should look at the row."""
    return not 0 < row["price"] < 1000


def questions(rows: Iterable[Row]) -> Iterator[ReviewFields]:
    """Return the arguments of create_review for each row."""
    for row in rows:
        yield {
            "template_id": "data_qa",
            "content": {"data_sample": [row], "processing_notes": "The price is out of range."},
            "assignees": ["data_scientist@company.com"],
            "idempotency_key": f"orders-{row['order']}",
        }


def answers(client: HITLClient, rows: list[Row]) -> list[Review]:
    """Ask about all rows, and return the answers in the order of the rows."""
    reviews = client.create_reviews(questions(rows))
    print(f"{len(reviews)} rows wait for an answer.")
    with ThreadPoolExecutor() as pool:
        waits = [pool.submit(client.wait_for_review, review.id) for review in reviews]
    return [wait.result() for wait in waits]


def main() -> int:
    """Run the example; return 0 once every odd row was answered."""
    odd = [row for row in ORDERS if is_odd(row)]
    try:
        with HITLClient() as client:
            judged = answers(client, odd)
    except BatchError as error:
        for index, failure in error.failures.items():
            print(f"{odd[index]['order']}: {failure}")
        return 2
    except HITLError as error:
        print(error)
        return 2
    refused = [row["order"] for row, answer in zip(odd, judged, strict=True) if not answer.result.get("approved")]
    print("Kept:", ", ".join(row["order"] for row in ORDERS if row["order"] not in refused))
    return 0


if __name__ == "__main__":
    sys.exit(main())
