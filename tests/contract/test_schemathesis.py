"""The sandbox, driven from `openapi.yaml` by a fuzzer: whatever is sent, the answers are those that the file describes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from hitl.testing import Sandbox

_SPEC = Path(__file__).parents[2] / "openapi.yaml"
_CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
_TEMPLATE: dict[str, Any] = {"name": "Fuzzed", "fields": [{"name": "approved", "type": "boolean"}]}
_REVIEW: dict[str, Any] = {"template_id": "template_123", "content": {"text": "A draft"}}

Case: TypeAlias = schemathesis.Case[Any]

schema = schemathesis.openapi.from_path(_SPEC).include(tag=["reviews", "templates"])
# The examples are the same in every run, so that a failure is one of the change at hand.
bounded = settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with Sandbox(rate_limit=(1_000_000, 60.0)) as sandbox:
        headers = {"Authorization": f"Bearer {sandbox.api_key}"}
        with httpx.Client(base_url=sandbox.base_url, headers=headers) as client:
            yield client


@schema.parametrize()
@bounded
def test_every_answer_is_one_that_the_description_allows(case: Case, client: httpx.Client) -> None:
    send(case, client)


@schema.parametrize()
@bounded
def test_every_answer_about_something_that_exists_is_one_that_the_description_allows(
    case: Case, client: httpx.Client
) -> None:
    if "review_id" in case.path_parameters:
        case.path_parameters["review_id"] = created(client, "/v1/reviews", _REVIEW)
    if "template_id" in case.path_parameters:
        case.path_parameters["template_id"] = created(client, "/v1/templates", _TEMPLATE)
    if isinstance(case.body, dict) and "template_id" in case.body:
        case.body["template_id"] = _REVIEW["template_id"]
    send(case, client)


def send(case: Case, client: httpx.Client) -> None:
    if "wait=" in str(case.headers.get("Prefer")):
        case.headers["Prefer"] = "wait=0"  # the example of the description would be waited for
    case.call_and_validate(
        base_url=str(client.base_url), headers={"Authorization": client.headers["Authorization"]}, checks=_CHECKS
    )


def created(client: httpx.Client, path: str, body: object) -> str:
    answer = client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    review_or_template_id: str = answer.json()["data"]["id"]
    return review_or_template_id
