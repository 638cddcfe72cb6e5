"""What our server adds to reviews: metadata, look-up by key, the page, and the verdict's field."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hitl_api.api.reviews import create_review, list_reviews
from hitl_api.models.review_create import ReviewCreate
from hitl_api.models.review_metadata import ReviewMetadata

from hitl import HITLClient
from hitl.exceptions import ConfigurationError, InvalidRequestError, ReviewNotFoundError
from hitl.testing import Sandbox

ASKED: dict[str, Any] = {"template_id": "template_123", "content": {"text": "A draft"}}
VERDICT = [
    {"name": "done", "type": "boolean", "required": True},
    {"name": "publish", "type": "boolean", "role": "verdict"},
]


def test_metadata_comes_back_and_the_content_is_as_it_was_given(client: HITLClient) -> None:
    kept = {"run": "r-1", "cost centre": "42", "é": ""}
    review = client.create_review(**ASKED, metadata=kept)
    assert (review.metadata, review.content) == (kept, ASKED["content"])
    again = client.get_review(review.id)
    assert (again.metadata, again.content) == (kept, ASKED["content"])
    assert client.update_review(review.id, content={"more": 1}).metadata == kept
    assert client.create_review(**ASKED).metadata == {}


def test_reviews_are_found_by_their_metadata(client: HITLClient) -> None:
    items = [{**ASKED, "metadata": {"run": f"r-{number % 3}", "n": str(number)}} for number in range(9)]
    made = client.create_reviews([*items, ASKED])
    assert [each.metadata.get("n") for each in made] == [*"012345678", None]
    found = client.list_reviews(metadata={"run": "r-1"}, page_size=2)
    assert sorted(each.metadata["n"] for each in found) == ["1", "4", "7"]
    assert [each.id for each in client.list_reviews(metadata={"run": "r-1", "n": "4"})] == [made[4].id]
    assert list(client.list_reviews(metadata={"run": "r-9"})) == []
    assert len(list(client.list_reviews(metadata={}))) == 10


def test_the_generated_client_knows_metadata_too(client: HITLClient) -> None:
    body = ReviewCreate(**ASKED, metadata=ReviewMetadata.from_dict({"run": "g-1"}))
    created = client.call(create_review, body=body)
    assert client.create_reviews([body])[0].metadata == {"run": "g-1"}
    found = client.call(list_reviews, metadata=ReviewMetadata.from_dict({"run": "g-1"}))
    assert created.data.id in [each.id for each in found.data]
    assert len(found.data) == 2


def test_metadata_is_in_the_events(sandbox: Sandbox, client: HITLClient) -> None:
    review = client.create_review(**ASKED, metadata={"run": "r-events"})
    headers = {"Authorization": f"Bearer {sandbox.api_key}"}
    with httpx.stream("GET", f"{sandbox.base_url}/v1/events?after=0", headers=headers) as stream:
        line = next(line for line in stream.iter_lines() if line.startswith("data:") and review.id in line)
    assert '"metadata": {"run": "r-events"}' in line


@pytest.mark.parametrize(
    "wrong",
    [
        [("run", "r-1")],
        "run=r-1",
        {"run": 1},
        {"run": None},
        {1: "a"},
        {" ": "a"},
        {"n" * 65: "a"},
        {"a": "v" * 501},
        {"a": "\ud800"},
        {str(number): "" for number in range(21)},
    ],
)
def test_metadata_that_does_not_fit_is_refused_before_anything_is_sent(client: HITLClient, wrong: Any) -> None:
    for door in (
        lambda: client.create_review(**ASKED, metadata=wrong),
        lambda: client.create_reviews([{**ASKED, "metadata": wrong}]),
        lambda: client.ask("Go?", metadata=wrong),
        lambda: list(client.list_reviews(metadata=wrong)),
    ):
        with pytest.raises(ConfigurationError, match="metadata"):
            door()


@pytest.mark.parametrize("taken", [{"_hitl": 1}, {"_hitl": {"metadata": {}}}])
def test_the_reserved_key_cannot_be_used_twice(client: HITLClient, taken: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="reserved"):
        client.create_review("template_123", taken, metadata={"run": "r-1"})


def test_what_a_program_keeps_in_the_reserved_key_stays(client: HITLClient) -> None:
    content = {"text": "A draft", "_hitl": {"mine": 1}}
    assert client.create_review("template_123", content).content == content
    review = client.create_review("template_123", content, metadata={"run": "r-1"})
    assert (review.content, review.metadata) == (content, {"run": "r-1"})


@pytest.mark.parametrize("wrong", [{"a": 1}, [], {"n" * 65: ""}, {"a": "v" * 501}, {str(n): "" for n in range(21)}])
def test_the_server_checks_metadata(sandbox: Sandbox, wrong: Any) -> None:
    headers = {"Authorization": f"Bearer {sandbox.api_key}"}
    url = f"{sandbox.base_url}/v1/reviews"
    refused = httpx.post(url, headers=headers, json={**ASKED, "metadata": wrong})
    assert refused.status_code == 400
    assert refused.json()["error"]["details"]["field"].startswith("metadata")


def test_a_review_is_found_by_the_key_it_was_created_with(client: HITLClient) -> None:
    review = client.create_review(**ASKED, idempotency_key="order-7")
    client.create_template("Not a review", [{"name": "approved", "type": "boolean"}], idempotency_key="order-8")
    client.update_review(review.id, priority="high")
    found = client.get_review(key="order-7")
    assert (found.id, found.priority) == (review.id, "high")
    for unknown in ("order-8", "order-9"):
        with pytest.raises(ReviewNotFoundError, match=unknown):
            client.get_review(key=unknown)


@pytest.mark.parametrize("given", [{}, {"review_id": "rev_1", "key": "k"}, {"key": ""}, {"key": "a b"}, {"key": 7}])
def test_exactly_one_of_id_and_key_is_taken(client: HITLClient, given: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        client.get_review(**given)


def test_a_key_belongs_to_the_api_key_that_used_it() -> None:
    with Sandbox(api_keys=["hitl_test_one", "hitl_test_two"]) as sandbox:
        sandbox.client().create_review(**ASKED, idempotency_key="order-7")
        other = sandbox.client(api_key="hitl_test_two")
        with pytest.raises(ReviewNotFoundError):
            other.get_review(key="order-7")


def test_a_review_tells_the_page_where_a_person_answers(sandbox: Sandbox, client: HITLClient) -> None:
    review = client.create_review(**ASKED)
    assert review.url == f"{sandbox.base_url}/inbox/reviews/{review.id}"
    for again in (client.get_review(review.id), client.update_review(review.id, priority="low")):
        assert again.url == review.url
    assert [each.url for each in client.list_reviews()] == [review.url]
    assert client.cancel_review(review.id).url == review.url
    with httpx.Client(follow_redirects=True) as browser:
        browser.get(sandbox.inbox_url)
        assert review.id in browser.get(review.url or "").text


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ({"X-Forwarded-Proto": "https"}, "https://127.0.0.1:{port}"),
        (
            {"X-Forwarded-Proto": "https, http", "X-Forwarded-Host": "reviews.example.com"},
            "https://reviews.example.com",
        ),
        ({"X-Forwarded-Host": "reviews.example.com:8443"}, "http://reviews.example.com:8443"),
        ({"X-Forwarded-Host": "evil.example/<script>"}, "http://127.0.0.1:{port}"),
        ({"X-Forwarded-Proto": "javascript"}, "http://127.0.0.1:{port}"),
        ({"Host": "localhost:{port}"}, "http://localhost:{port}"),
    ],
)
def test_the_page_is_named_as_the_server_is_reached(sandbox: Sandbox, headers: dict[str, str], address: str) -> None:
    review = sandbox.client().create_review(**ASKED)
    port = sandbox.base_url.rpartition(":")[2]
    sent = {name: value.format(port=port) for name, value in headers.items()}
    sent["Authorization"] = f"Bearer {sandbox.api_key}"
    read = httpx.get(f"{sandbox.base_url}/v1/reviews/{review.id}", headers=sent)
    assert read.json()["data"]["url"] == f"{address.format(port=port)}/inbox/reviews/{review.id}"


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ({"done": True, "publish": True}, "approved"),
        ({"done": True, "publish": False}, "rejected"),
        ({"done": False, "publish": True}, "approved"),
        ({"done": True}, "answered"),
    ],
)
def test_the_field_that_the_template_names_is_the_verdict(
    sandbox: Sandbox, client: HITLClient, answer: dict[str, Any], verdict: str
) -> None:
    template = client.create_template("Publishing", VERDICT)
    review = client.create_review(template.id, {"text": "A draft"})
    assert review.verdict_field == "publish"
    sandbox.reviewer.complete(review.id, answer)
    assert client.get_review(review.id).verdict == verdict


@pytest.mark.parametrize(
    "fields",
    [
        [{"name": "a", "type": "text", "role": "verdict"}],
        [{"name": "a", "type": "boolean", "role": "verdict"}, {"name": "b", "type": "boolean", "role": "verdict"}],
    ],
)
def test_only_one_boolean_can_be_the_verdict(client: HITLClient, fields: list[dict[str, Any]]) -> None:
    with pytest.raises(InvalidRequestError, match="role"):
        client.create_template("Wrong", fields)
    made = client.create_template("Right", [{"name": "a", "type": "boolean", "role": "a word from the future"}])
    with pytest.raises((InvalidRequestError, ConfigurationError), match="role"):
        client.update_template(made.id, fields=fields)


def test_a_template_without_a_verdict_names_none(client: HITLClient) -> None:
    assert client.create_review(**ASKED).verdict_field is None
