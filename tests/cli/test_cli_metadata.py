"""Metadata in what the command prints: apart from the content, also where the server leaves it in there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from click.testing import Result
from plain_server import PlainServer
from pytest_httpserver import HTTPServer

from hitl import HITLClient, Review
from hitl.testing import Sandbox

Run = Callable[..., Result]
CONTENT = {"text": "Fit to print?"}
METADATA = {"customer": "Müller & <Sons>", "run": "r-1"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(params=["ours", "another"])
def review(
    request: pytest.FixtureRequest, sandbox: Sandbox, httpserver: HTTPServer, environment: dict[str, str]
) -> Review:
    """Create a review with metadata, and answer it; the command then talks to the same server."""
    if request.param == "another":
        environment["HITL_BASE_URL"] = PlainServer(sandbox, httpserver).url
    with HITLClient(sandbox.api_key, base_url=environment["HITL_BASE_URL"]) as client:
        made = client.create_review("content_review", CONTENT, metadata=METADATA)
        sandbox.reviewer.complete(made.id, {"approved": True})
        return client.get_review(made.id)


def test_one_review_is_shown_with_its_metadata(run: Run, review: Review) -> None:
    shown = run("reviews", "show", review.id).stdout
    assert "_hitl" not in shown
    assert ["content", "{"] in [line.split() for line in shown.splitlines()]
    assert json.loads(shown.partition("metadata")[2]) == METADATA
    document = json.loads(run("reviews", "show", review.id, "--json").stdout)
    assert (document["content"], document["metadata"]) == (CONTENT, METADATA)


def test_lists_have_metadata_beside_the_content(run: Run, review: Review) -> None:
    table = run("reviews", "list").stdout
    assert "_hitl" not in table
    titles, row = table.splitlines()
    assert row[titles.index("CONTENT") :] == json.dumps(CONTENT)
    assert row[titles.index("METADATA") :].startswith('{"customer": "Müller')
    (document,) = json.loads(run("reviews", "list", "--json").stdout)
    assert (document["content"], document["metadata"]) == (CONTENT, METADATA)


def test_exports_have_metadata_beside_the_request(run: Run, review: Review) -> None:
    (record,) = map(json.loads, run("export").stdout.splitlines())
    assert (record["id"], record["request"], record["metadata"]) == (review.id, CONTENT, METADATA)


def test_changed_content_does_not_bring_it_back(run: Run, review: Review, sandbox: Sandbox) -> None:
    other = sandbox.client().create_review("content_review", CONTENT, metadata=METADATA)
    updated = json.loads(run("reviews", "update", other.id, "--content", '{"more": 1}', "--json").stdout)
    assert (updated["content"], updated["metadata"]) == ({**CONTENT, "more": 1}, METADATA)


def test_a_review_in_a_program_shows_it_apart_too(review: Review) -> None:
    document = review.to_dict()
    assert (document["content"], document["metadata"]) == (CONTENT, METADATA)
    for shown in (repr(review), review._repr_html_(), json.dumps(document)):
        assert "_hitl" not in shown
