"""That the requests of the facade fit `openapi.yaml`, and that the check of this notices what does not."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from both_clients import Connect
from hitl_api.api.reviews import create_review, get_review, list_reviews
from hitl_api.models.review_create import ReviewCreate
from requests_fit import DESCRIPTION, SERVER, MisfitError, Recorder

from hitl import HITLClient
from hitl.exceptions import ReviewNotFoundError
from hitl.testing import Sandbox
from hitl.webhooks import MemoryCorrelations

ASKED: dict[str, Any] = {"template_id": "template_123", "content": {"text": "A draft"}}
FORM = [{"name": "approved", "type": "boolean"}]


def test_the_facade_covers_reviews_and_templates_and_each_of_its_requests_fits(
    client: HITLClient, sandbox: Sandbox, recorder: Recorder
) -> None:
    template = client.create_template("Form", FORM)
    client.get_template(template.id)
    client.update_template(template.id, name="Another form")
    client.list_templates()
    client.delete_template(template.id)
    review = client.create_review(**ASKED)
    client.get_review(review.id)
    client.update_review(review.id, priority="high")
    client.list_reviews(
        status="assigned",
        created_after="2024-01-20T18:00:00Z",
        created_before="2124-01-20T18:00:00+05:30",
        updated_after="2024-01-20T18:00:00Z",
        priority="high",
        assignee="ann@example.com",
        template_id="template_123",
    )
    client.cancel_review(review.id)
    of_approvals = {"consume_review"}  # only a gate calls it
    assert set(recorder.operations) == operations("reviews", "templates") - of_approvals


def test_the_facade_covers_requests_and_each_of_its_requests_fits(
    client: HITLClient, sandbox: Sandbox, recorder: Recorder
) -> None:
    loop = client.loops.create("Moderators")
    request = client.requests.create(loop.id, "Is it?", context={"post": 7}, callback_url="http://127.0.0.1:9/called")
    client.requests.update(request.id, image_url="https://example.com/a.png")
    client.requests.list(status="pending", priority="medium", loop_id=loop.id)
    sandbox.reviewer.respond(request.id, True)
    client.requests.add_feedback(client.requests.get(request.id).id, rating=5)
    client.requests.cancel(client.requests.create(loop.id, "Is it?").id)
    of_a_loop = {"list_loop_requests"}  # list_requests lists those, too
    assert set(recorder.operations) - operations("loops") == operations("requests") - of_a_loop


def operations(*tags: str) -> set[str]:
    found = set()
    for path in DESCRIPTION.spec / "paths":
        for method in ("get", "post", "patch", "put", "delete"):
            if method in path and (path / method / "tags" / 0).read_str() in tags:
                found.add((path / method / "operationId").read_str())
    return found


def test_the_facade_covers_uploads_and_workflows_and_each_of_its_requests_fits(
    connect: Connect, recorder: Recorder
) -> None:
    with Sandbox(workflows={"refund": None}) as sandbox:
        client = connect(sandbox)
        client.uploads.image(b"GIF89a")
        client.uploads.document(b"a,b", name="a.csv")
        client.workflows.trigger("refund", {"amount": 129}, idempotency_key="order-7")
        client.workflows.trigger_webhook("refund", {"amount": 129}, correlation=MemoryCorrelations())
    assert set(recorder.operations) == operations("uploads", "workflows")


def test_a_request_that_was_sent_again_is_the_same_request(client: HITLClient, recorder: Recorder) -> None:
    client.create_review(**ASKED, idempotency_key="article-7")
    client.create_review(**ASKED, idempotency_key="article-7")
    first, again = (exchange.request for exchange in recorder.exchanges)
    assert first.content == again.content
    assert dict(first.headers) == dict(again.headers)


def test_any_endpoint_runs_with_the_errors_of_the_facade(client: HITLClient) -> None:
    body = ReviewCreate(template_id="template_123", content={"text": "A draft"})
    created = client.call(create_review, body=body)
    read = client.call(get_review, created.data.id)
    assert read.data == created.data
    listed = client.call(list_reviews, limit=1)
    assert listed.data == [created.data]
    with pytest.raises(ReviewNotFoundError):
        client.call(get_review, "rev_999")


# --- the check itself -------------------------------------------------------------------------------------------------

_TOLD = {
    "id": "rev_1",
    "template_id": "template_123",
    "content": {},
    "status": "created",
    "created_at": "2024-01-20T18:00:00Z",
}


def check(method: str, path: str, status: int = 200, answer: object = None, **options: Any) -> None:
    headers = {"Authorization": "Bearer hitl_key", **options.pop("headers", {})}
    request = httpx.Request(method, SERVER + path, headers=headers, **options)
    document = {"success": True, "data": _TOLD} if answer is None else answer
    Recorder().add(request, httpx.Response(status, json=document))


def test_what_is_described_is_let_pass() -> None:
    check("GET", "/v1/reviews/rev_1", headers={"Prefer": "wait=25"})
    check("POST", "/v1/reviews", 201, json=ASKED, headers={"Idempotency-Key": "article-7"})


@pytest.mark.parametrize(
    ("method", "path", "options"),
    [
        ("GET", "/v1/review/rev_1", {}),
        ("PUT", "/v1/reviews/rev_1", {}),
        ("GET", "/v1/reviews?created-after=2024-01-20T18:00:00Z", {"answer": {"success": True, "data": []}}),
        ("GET", "/v1/reviews?created_after=yesterday", {"answer": {"success": True, "data": []}}),
        ("GET", "/v1/reviews?limit=101", {"answer": {"success": True, "data": []}}),
        ("GET", "/v1/reviews/rev_1", {"headers": {"Authorization": ""}}),
        ("GET", "/v1/reviews/rev_1", {"headers": {"X-Wait": "25"}}),
        ("POST", "/v1/reviews", {"status": 201}),
        ("POST", "/v1/reviews", {"status": 201, "json": {"template_id": "template_123"}}),
        ("POST", "/v1/reviews", {"status": 201, "json": {**ASKED, "asignees": []}}),
        ("POST", "/v1/reviews", {"status": 201, "json": {**ASKED, "due_date": "soon"}}),
        ("POST", "/v1/reviews", {"status": 201, "json": ASKED, "headers": {"Idempotency-Key": "x" * 256}}),
        ("GET", "/v1/reviews/rev_1", {"status": 299}),
        ("GET", "/v1/reviews/rev_1", {"answer": {"success": True, "data": {"id": "rev_1"}}}),
        ("GET", "/v1/reviews/rev_1", {"answer": {"success": True, "data": {**_TOLD, "created_at": "just now"}}}),
        ("GET", "/v1/reviews/rev_1", {"status": 404, "answer": {"message": "not here"}}),
    ],
)
def test_what_is_not_described_is_noticed(method: str, path: str, options: dict[str, Any]) -> None:
    with pytest.raises(MisfitError):
        check(method, path, **options)
