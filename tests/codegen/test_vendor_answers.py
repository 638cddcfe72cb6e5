"""The answers that the vendor's pages print, its file shows and its clients expect, read by both of our clients.

tests/data/vendor-answers.json holds one a line, restated with ids and dates made valid; `from` says where it stands.
"""

from __future__ import annotations

import importlib
import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from hitl_api import AuthenticatedClient
from openapi_yaml import SPEC

from hitl import HITLClient
from hitl.exceptions import HITLError, ReviewNotFoundError

ROOT = Path(__file__).parents[2]
ANSWERS: list[dict[str, Any]] = json.loads((ROOT / "tests" / "data" / "vendor-answers.json").read_text())
OPERATIONS = {
    operation["operationId"]: operation
    for item in SPEC["paths"].values()
    for method, operation in item.items()
    if method != "parameters"
}
# What the answers are about; the order is that of the paths.
IDS = {
    "loop_id": "65f1234567890abcdef12345",
    "request_id": "65f1234567890abcdef12348",
    "user_id": "65f1234567890abcdef12347",
    "review_id": "rev_123",
    "session_id": "663f80000000000000000001",
    "turn_id": "663f90000000000000000001",
    "workflow_id": "wf_abc123",
    "webhook_id": "hook_123",
}
REVIEW = next(each for each in ANSWERS if each["operation"] == "create_review")["body"]["data"]
BODIES: dict[str, dict[str, Any]] = {
    "create_review": {"template_id": REVIEW["template_id"], "content": REVIEW["content"]},
    "create_loop": {"name": "Content Moderation", "icon": "shield-check"},
    "update_loop": {"name": "Content Moderation"},
    "add_request_feedback": {"feedback": {"rating": 5}},
    "create_request": {
        "processing_type": "time-sensitive",
        "type": "markdown",
        "priority": "high",
        "request_text": "Please review this post.",
        "response_type": "single_select",
        "response_config": {"options": ["Approve", "Reject"]},
        "default_response": "Approve",
        "platform": "api",
        "timeout_seconds": 3600,
    },
    "create_session": {"agent_type": "claude"},
    "create_turn": {"action_type": "git_push"},
    "upload_image": {"file": b"an image"},
    "upload_document": {"file": b"a document"},
    "trigger_workflow": {"category": "refund"},
    "trigger_workflow_webhook": {"category": "refund"},
}


def _name(answer: dict[str, Any]) -> str:
    return f"{answer['operation']}, {answer['status']}: {answer['from']}"


SUCCESSES = [pytest.param(each, id=_name(each)) for each in ANSWERS if each["status"] < 300]
ERRORS = [pytest.param(each, id=_name(each)) for each in ANSWERS if each["status"] >= 300]


def _transport(answer: dict[str, Any]) -> httpx.MockTransport:
    return httpx.MockTransport(lambda _: httpx.Response(answer["status"], json=answer["body"]))


def _arguments(module: Any) -> tuple[list[str], dict[str, Any]]:
    """What to ask for, so that the answer is about it."""
    hints = inspect.get_annotations(module._get_kwargs, eval_str=True)
    ids = [IDS[name] for name in IDS if hints.get(name) is str]
    if "body" not in hints:
        return ids, {}
    body = BODIES[module.__name__.rpartition(".")[2]]
    return ids, {"body": body if hints["body"] is Any else hints["body"].from_dict(body)}


def _module(answer: dict[str, Any]) -> Any:
    tag = OPERATIONS[answer["operation"]]["tags"][0]
    return importlib.import_module(f"hitl_api.api.{tag}.{answer['operation']}")


def _kept(sent: Any, read: Any) -> Iterator[str]:
    """Yield the path of each value that was not read as it was sent; dates may be written another way."""
    if isinstance(sent, dict):
        for key, value in sent.items():
            found = _kept(value, read[key]) if isinstance(read, dict) and key in read else [""]
            yield from (f".{key}{path}" for path in found)
    elif isinstance(sent, list):
        for index, value in enumerate(sent):
            yield from (f"[{index}]{path}" for path in _kept(value, read[index]))
    elif str(sent).replace("Z", "+00:00") != str(read).replace("Z", "+00:00"):
        yield ""


@pytest.mark.parametrize("answer", [*SUCCESSES, *ERRORS])
def test_it_fits_the_description(answer: dict[str, Any]) -> None:
    response = OPERATIONS[answer["operation"]]["responses"][str(answer["status"])]
    name = response["$ref"].rpartition("/")[2]
    schema = SPEC["components"]["responses"][name]["content"]["application/json"]["schema"]
    jsonschema.Draft202012Validator({**SPEC, **schema}).validate(answer["body"])


@pytest.mark.parametrize("answer", [*SUCCESSES, *ERRORS])
def test_the_generated_client_reads_it_whole(answer: dict[str, Any]) -> None:
    module = _module(answer)
    ids, body = _arguments(module)
    with AuthenticatedClient("https://h.example", token="a", httpx_args={"transport": _transport(answer)}) as client:
        read = module.sync(*ids, **body, client=client)
    assert list(_kept(answer["body"], json.loads(json.dumps(read.to_dict())))) == []


@pytest.mark.parametrize("answer", SUCCESSES)
def test_the_facade_reads_it_whole(answer: dict[str, Any]) -> None:
    module = _module(answer)
    ids, body = _arguments(module)
    with HITLClient("a-key", transport=_transport(answer)) as client:
        read: Any = client.call(module, *ids, **body)
    assert list(_kept(answer["body"], json.loads(json.dumps(read.to_dict())))) == []


@pytest.mark.parametrize("answer", ERRORS)
def test_the_facade_raises_it_with_its_message(answer: dict[str, Any]) -> None:
    module = _module(answer)
    ids, body = _arguments(module)
    message = answer["body"].get("msg") or answer["body"]["error"]["message"]
    with (
        HITLClient("a-key", transport=_transport(answer), max_retries=0) as client,
        pytest.raises(HITLError) as caught,
    ):
        client.call(module, *ids, **body)
    assert caught.value.status_code == answer["status"]
    assert message in str(caught.value)


def test_the_facades_own_methods_read_reviews() -> None:
    created, *reads = [each for each in ANSWERS if each["operation"].endswith("_review")]
    sent = created["body"]["data"]
    with HITLClient("a-key", transport=_transport(created)) as client:
        review = client.create_review(sent["template_id"], sent["content"], assignees=sent["assignees"])
    assert (review.id, review.status, review.content) == ("rev_123", "created", sent["content"])
    for answer in reads:
        with HITLClient("a-key", transport=_transport(answer), max_retries=0) as client:
            if answer["status"] == 200:
                assert client.get_review("rev_123").result == answer["body"]["data"].get("result", {})
            else:
                with pytest.raises(ReviewNotFoundError if answer["status"] == 404 else HITLError):
                    client.get_review("rev_123")
