"""What a call costs without a network: the package's own work beside httpx's, over transports in memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from unittest.mock import patch

import httpx

from benchmarks.measure import Ratio, cpu_of, ratio
from benchmarks.stub import ONE, PAGE, REVIEW
from hitl import HITLClient, _compiled_json
from hitl._api import PageRequest
from hitl._api.arguments import check_review
from hitl._api.operations import create_review, list_reviews
from hitl._engine import Response
from hitl._methods import Methods
from hitl.models import ReviewFields

ROUNDS = 9
URL = "http://127.0.0.1"
CONTENT = REVIEW["content"]
HEADERS = {"Content-Type": "application/json"}
ROWS = {  # 4 MB as JSON
    "rows": [
        {"id": number, "name": f"Customer {number}", "email": f"c{number}@example.com", "amount": number * 1.25}
        | {"paid": number % 2 == 0, "note": None, "city": "Bern" if number % 50 else "Zürich", "tags": ["a", "b"]}
        for number in range(28_000)
    ]
}


def _answer(request: httpx.Request) -> httpx.Response:
    status, body = (201, ONE) if request.method == "POST" else (200, PAGE)
    return httpx.Response(status, content=body, headers=HEADERS)


def calls() -> dict[str, Ratio]:
    """Measure a call, and its parts."""
    transport = httpx.MockTransport(_answer)
    body: ReviewFields = {"template_id": "template_content_review", "content": CONTENT}
    # Made anew for each reading, since a response is decoded once.
    page = partial(Response, 200, {"content-type": "application/json"}, PAGE)
    read = list_reviews({}, PageRequest(100)).decode
    flow = Methods({"api_key": "key", "base_url": URL})
    fields = {"template_id": "template_content_review", "content": ROWS}
    one = partial(Response, 201, {name.lower(): value for name, value in HEADERS.items()}, ONE)
    with HITLClient("key", base_url=URL, transport=transport) as client, httpx.Client(transport=transport) as bare:
        post = cpu_of(lambda: bare.post(f"{URL}/v1/reviews", json=body).json(), 300)
        return {
            "create_review through httpx / httpx post + json": ratio(
                cpu_of(lambda: client.create_review("template_content_review", CONTENT), 300), post, ROUNDS
            ),
            "all but the connection / httpx post + json": ratio(
                cpu_of(lambda: _play(flow, body, one()), 300), post, ROUNDS
            ),
            "the request for 4 MB of rows / json.dumps of them": ratio(
                cpu_of(lambda: create_review(check_review(fields, None)[0]), 1),
                cpu_of(lambda: json.dumps(ROWS), 1),
                ROUNDS,
            ),
            **_pages(lambda: ratio(cpu_of(lambda: read(page()), 30), cpu_of(lambda: json.loads(PAGE), 30), ROUNDS)),
        }


def _pages(measure: Callable[[], Ratio]) -> dict[str, Ratio]:
    with patch.object(_compiled_json, "_codec", lambda: None):
        without = measure()
    return {"a page of 100 reviews / json.loads of it": without, "the same, with the extra speed": measure()}


def _play(methods: Methods, given: ReviewFields, answer: Response) -> None:
    """Check, build, judge and read, as the driver has it done."""
    flow = methods.create_review(given)
    next(flow)
    try:
        flow.send(answer)
    except StopIteration:
        return
    raise AssertionError("it was answered")


def main() -> None:
    """Print one line for each."""
    for name, found in calls().items():
        print(f"{name:50} {found}")


if __name__ == "__main__":
    main()
