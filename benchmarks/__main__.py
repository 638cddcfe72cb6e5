"""`make bench`: what the facade and the sandbox cost beside the bare libraries under them; figures are ratios."""

from __future__ import annotations

import hashlib
import hmac
import json
import platform

import httpx

from benchmarks import sandbox
from benchmarks.measure import Ratio, cpu_of, process, ratio
from hitl import HITLClient
from hitl.webhooks import sign, verify_signature

REVIEW = {
    "id": "rev_1",
    "template_id": "template_123",
    "content": {"text": "A draft to check. " * 20, "metadata": {"source": "gpt-4", "confidence": 0.95}},
    "assignees": ["reviewer@company.com"],
    "priority": "high",
    "due_date": "2027-01-20T18:00:00Z",
    "status": "completed",
    "result": {"approved": True, "feedback": "Fine."},
    "created_at": "2026-01-15T10:30:00Z",
    "updated_at": "2026-01-15T10:31:00Z",
}
ONE = json.dumps({"success": True, "data": REVIEW}).encode()
PAGE = json.dumps({"success": True, "data": [{**REVIEW, "id": f"rev_{n}"} for n in range(100)]}).encode()


def _answer(request: httpx.Request) -> httpx.Response:
    is_list = request.method == "GET" and request.url.path == "/v1/reviews"
    return httpx.Response(200, content=PAGE if is_list else ONE, headers={"Content-Type": "application/json"})


def calls() -> dict[str, Ratio]:
    """Measure a call through the facade against the same exchange through a bare httpx client, in memory."""
    transport = httpx.MockTransport(_answer)
    body = {"template_id": "template_123", "content": REVIEW["content"]}
    with (
        HITLClient("key", base_url="http://127.0.0.1", transport=transport) as client,
        httpx.Client(base_url="http://127.0.0.1", transport=transport) as bare,
    ):
        return {
            "create_review / httpx post + json": ratio(
                cpu_of(lambda: client.create_review("template_123", REVIEW["content"]), 200),
                cpu_of(lambda: bare.post("/v1/reviews", json=body).json(), 200),
                9,
            ),
            "get_review / httpx get + json": ratio(
                cpu_of(lambda: client.get_review("rev_1"), 200),
                cpu_of(lambda: bare.get("/v1/reviews/rev_1").json(), 200),
                9,
            ),
            "a page of 100 reviews / json.loads of it": ratio(
                cpu_of(lambda: client.list_reviews(), 20), cpu_of(lambda: json.loads(PAGE), 20), 9
            ),
        }


def webhooks() -> dict[str, Ratio]:
    """Measure the verification of a webhook against the digest that it cannot do without."""
    headers = {"X-HITL-Signature-256": sign(ONE, "whsec_test")}
    return {
        "verify_signature / hmac.digest": ratio(
            cpu_of(lambda: verify_signature(headers, ONE, "whsec_test"), 3000),
            cpu_of(lambda: hmac.digest(b"whsec_test", ONE, hashlib.sha256), 3000),
            9,
        )
    }


def processes() -> dict[str, Ratio]:
    """Measure whole interpreters against one that only imports httpx and makes a client."""
    httpx_client = process("import httpx; httpx.Client().close()")
    return {
        "import hitl / python -c pass": ratio(process("import hitl"), process("pass"), 5),
        "hitl client / httpx client": ratio(
            process("from hitl import HITLClient; HITLClient('k').close()"), httpx_client, 5
        ),
        "import verify_signature / httpx client": ratio(
            process("from hitl.webhooks import verify_signature"), httpx_client, 5
        ),
        "import hitl.testing / httpx client": ratio(process("import hitl.testing"), httpx_client, 5),
    }


def main() -> None:
    """Print one line for each ratio: the median, and the spread of all rounds."""
    print(f"Python {platform.python_version()}, httpx {httpx.__version__}, {platform.machine()}; smaller is better")
    measured = {**calls(), **webhooks(), **processes(), **sandbox.startup(), **sandbox.requests()}
    for name, found in measured.items():
        print(f"  {name:44} {found}")


if __name__ == "__main__":
    main()
