"""The sandbox in a process of its own, whose reviewer answers on request.

It reads one JSON object a line: `{"create": 100}` is answered with the ids of so many new reviews, `{"answer": [ids],
"seconds": 20}` with `{}` once they are answered, evenly over so many seconds.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Sequence
from typing import Any

from hitl import HITLClient
from hitl.models import ReviewFields
from hitl.testing import Sandbox

ROOMY = (10_000_000, 3600.0)  # requests and seconds: a limit that nobody meets
REVIEW: ReviewFields = {"template_id": "template_123", "content": {"text": "A draft to check. " * 20}}


def main() -> None:
    """Print the address and the key, then carry out requests until there is nothing more to read."""
    with Sandbox(rate_limit=ROOMY) as sandbox, HITLClient(sandbox.api_key, base_url=sandbox.base_url) as client:
        _reply({"url": sandbox.base_url, "key": sandbox.api_key})
        for line in sys.stdin:
            request = json.loads(line)
            if "create" in request:
                _reply([review.id for review in client.create_reviews([REVIEW] * request["create"])])
            else:
                _answer(sandbox, request["answer"], request["seconds"])
                _reply({})


def _answer(sandbox: Sandbox, ids: Sequence[str], seconds: float) -> None:
    began = time.monotonic()
    for number, review_id in enumerate(random.Random(1).sample(ids, len(ids))):
        time.sleep(max(0.0, began + seconds * (number + 0.5) / len(ids) - time.monotonic()))
        sandbox.reviewer.complete(review_id, {"approved": True})


def _reply(document: Any) -> None:
    print(json.dumps(document), flush=True)


if __name__ == "__main__":
    main()
