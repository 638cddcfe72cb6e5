"""Ask people about suspicious rows, all at once; their answers decide which rows stay.

Each review has an idempotency key made from its row, so a second run continues where the first one stopped and asks
nobody twice.

    hitl sandbox                                  (in one terminal; paste its two export lines into the other)
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


def is_suspicious(row: Row) -> bool:
    """Return whether a person should check the row."""
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
    print(f"{len(reviews)} rows are waiting for an answer.")
    with ThreadPoolExecutor() as pool:
        waits = [pool.submit(client.wait_for_review, review.id) for review in reviews]
    return [wait.result() for wait in waits]


def main() -> int:
    """Run the example; return 0 once every suspicious row has an answer."""
    suspicious = [row for row in ORDERS if is_suspicious(row)]
    try:
        with HITLClient() as client:
            judged = answers(client, suspicious)
    except BatchError as error:
        for index, failure in error.failures.items():
            print(f"{suspicious[index]['order']}: {failure}")
        return 2
    except HITLError as error:
        print(error)
        return 2
    refused = [
        row["order"] for row, answer in zip(suspicious, judged, strict=True) if not answer.result.get("approved")
    ]
    print("Kept:", ", ".join(row["order"] for row in ORDERS if row["order"] not in refused))
    return 0


if __name__ == "__main__":
    sys.exit(main())
