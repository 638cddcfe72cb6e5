"""generated/hitl_api as a package of its own: complete, lazy, and kind to words and values that it does not know."""

from __future__ import annotations

import asyncio
import copy
import email.parser
import email.policy
import hashlib
import importlib
import inspect
import io
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import hitl_api
import hitl_api.models
import httpx
import openapi_python_client
import pytest
from hitl_api import AuthenticatedClient, errors, models
from hitl_api.api.loops import list_loops
from hitl_api.api.reviews import create_review, get_review
from hitl_api.api.sessions import wait_for_turn
from hitl_api.api.uploads import upload_document
from hitl_api.models.meta import Meta
from hitl_api.types import UNSET, File, Unset, read_datetime
from openapi_yaml import SPEC

from hitl._moments import moment

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "codegen" / "templates"
OPERATIONS = [
    (operation["tags"][0], operation["operationId"])
    for item in SPEC["paths"].values()
    for method, operation in item.items()
    if method != "parameters"
]

REVIEW = {
    "id": "rev_123",
    "template_id": "template_123",
    "content": {"text": "A draft to check", "metadata": {"confidence": 0.95}},
    "status": "created",
    "created_at": "2024-01-15T10:30:00+00:00",
}


def _loaded_by(statement: str) -> set[str]:
    """The modules of hitl_api that a fresh interpreter loads for a statement."""
    program = f"import sys; {statement}; print(*[name for name in sys.modules if name.startswith('hitl_api')])"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(result.stdout.split())


def _answering(status: int, body: object) -> AuthenticatedClient:
    """A client whose server gives one answer to everything."""
    transport = httpx.MockTransport(lambda request: httpx.Response(status, json=body))
    arguments = {"transport": transport}
    return AuthenticatedClient("https://hitl.example", token="hitl_test_key", httpx_args=arguments)


@pytest.mark.parametrize(("tag", "operation"), OPERATIONS)
def test_every_operation_has_a_module_with_its_four_functions(tag: str, operation: str) -> None:
    module = importlib.import_module(f"hitl_api.api.{tag}.{operation}")
    for name in ("sync", "sync_detailed", "asyncio", "asyncio_detailed"):
        assert callable(getattr(module, name))
    assert inspect.signature(module.sync_detailed).parameters["client"].annotation == "AuthenticatedClient"


def test_a_client_is_loaded_when_it_is_asked_for() -> None:
    assert "hitl_api.client" not in _loaded_by("from hitl_api.api.reviews import create_review")
    assert "hitl_api.client" in _loaded_by("from hitl_api import Client")
    assert {"AuthenticatedClient", "Client"} <= set(dir(hitl_api))
    misspelt = "Klient"
    with pytest.raises(AttributeError, match="has no attribute 'Klient'"):
        getattr(hitl_api, misspelt)


def test_every_named_object_and_enumeration_has_a_model() -> None:
    named = SPEC["components"]["schemas"]
    assert set(models.__all__) == set(named)
    assert all(getattr(models, name).__name__ == name for name in named)


def test_the_package_tells_type_checkers_that_it_is_typed() -> None:
    assert (Path(hitl_api.__file__).parent / "py.typed").is_file()


def test_our_templates_replace_the_stock_ones_that_they_were_made_from() -> None:
    stock = Path(openapi_python_client.__file__).parent / "templates"
    lines = (TEMPLATES / "CHECKSUMS").read_text().splitlines()
    noted = {name: checksum for checksum, name in (line.split() for line in lines)}
    assert set(noted) == {path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.jinja")}
    for name, checksum in noted.items():
        assert hashlib.sha256((stock / name).read_bytes()).hexdigest() == checksum, f"{name} changed in the generator"


def test_the_models_package_imports_no_model_before_it_is_asked_for_one() -> None:
    assert _loaded_by("import hitl_api.models") == {
        "hitl_api",
        "hitl_api.models",
    }
    assert "hitl_api.models.review_status" in _loaded_by("from hitl_api.models import Review")
    assert "hitl_api.models.template" not in _loaded_by("from hitl_api.models import Review")


def test_an_endpoint_imports_only_the_models_that_it_uses() -> None:
    loaded = _loaded_by("from hitl_api.api.reviews import get_review")
    assert "hitl_api.models.review_envelope" in loaded
    assert {name for name in loaded if "loop" in name or "template" in name} == set()


def test_the_models_package_lists_its_models_and_refuses_other_names() -> None:
    assert set(models.__all__) <= set(dir(models))
    misspelt = "Revue"
    with pytest.raises(AttributeError, match="has no attribute 'Revue'"):
        getattr(models, misspelt)


def test_unset_stays_one_object_under_copy_and_pickle() -> None:
    assert copy.copy(UNSET) is UNSET
    assert copy.deepcopy(UNSET) is UNSET
    assert pickle.loads(pickle.dumps(UNSET)) is UNSET
    assert repr(UNSET) == "UNSET"
    assert not UNSET


def test_a_copied_model_leaves_out_what_was_not_given() -> None:
    review = copy.deepcopy(models.Review.from_dict(REVIEW))
    assert review.priority is UNSET
    assert json.loads(json.dumps(review.to_dict())) == REVIEW


def test_a_word_that_the_server_learned_later_is_kept() -> None:
    review = models.Review.from_dict({**REVIEW, "status": "parked", "priority": "blazing"})
    assert review.status == "parked"
    assert review.status not in models.ReviewStatus.__members__.values()
    assert isinstance(review.priority, models.ReviewPriority)
    assert review.to_dict()["status"] == "parked"
    assert pickle.loads(pickle.dumps(review)) == review
    assert copy.deepcopy(review) == review


def test_a_field_that_the_server_added_later_is_kept() -> None:
    review = models.Review.from_dict({**REVIEW, "mood": "sunny"})
    assert review.additional_properties == {"mood": "sunny"}
    assert review.to_dict()["mood"] == "sunny"


def test_free_json_is_a_plain_value_and_not_a_wrapper() -> None:
    review = models.Review.from_dict({**REVIEW, "result": {"approved": True}})
    assert review.content == REVIEW["content"]
    assert review.result == {"approved": True}
    assert models.ReviewCreate(template_id="t", content={"a": [1]}).to_dict() == {
        "template_id": "t",
        "content": {"a": [1]},
    }


def test_request_models_carry_no_stray_keys() -> None:
    assert not hasattr(models.ReviewCreate(template_id="t", content={}), "additional_properties")


def test_the_webhook_payloads_have_models() -> None:
    event = models.ReviewEvent.from_dict(
        {
            "event": "review.completed",
            "review": {
                "id": "rev_123",
                "template_id": "template_123",
                "status": "completed",
                "result": {"approved": True},
                "completed_at": "2024-01-15T12:30:00Z",
                "reviewer": "reviewer@company.com",
            },
            "timestamp": "2024-01-15T12:30:00Z",
        }
    )
    assert event.event is models.WebhookEventType.REVIEW_COMPLETED
    assert event.review.result == {"approved": True}
    without_details = models.ReviewEvent.from_dict({"event": "review.started", "review": {"id": "rev_123"}})
    assert isinstance(without_details.timestamp, Unset)


@pytest.mark.parametrize("responder", [{"user_id": "65f1", "name": "Ann", "email": "ann@example.com"}, None])
def test_the_callback_of_a_request_has_a_model(responder: dict[str, str] | None) -> None:
    body = {
        "event": "request.completed",
        "request_id": "65f1234567890abcdef12348",
        "loop_id": "65f1234567890abcdef12345",
        "status": "completed",
        "response_data": {"selected_value": "Approve"},
        "response_by": responder,
        "response_time_seconds": 245.5,
    }
    assert models.RequestCallback.from_dict(body).to_dict() == body


def test_an_endpoint_returns_the_envelope_of_its_success() -> None:
    with _answering(200, {"success": True, "data": REVIEW}) as client:
        answer = get_review.sync("rev_123", client=client)
    assert isinstance(answer, models.ReviewEnvelope)
    assert answer.data.id == "rev_123"
    assert answer.meta is UNSET


def test_an_endpoint_returns_the_error_that_the_server_explains() -> None:
    error = {"code": "template_not_found", "message": "There is no such template", "details": None}
    body = models.ReviewCreate(template_id="nothing", content={})
    with _answering(404, {"success": False, "error": error}) as client:
        answer = create_review.sync(client=client, body=body)
    assert isinstance(answer, models.ErrorEnvelope)
    assert answer.error.code == "template_not_found"


def test_generation_b_has_an_error_of_its_own() -> None:
    with _answering(401, {"error": True, "msg": "Invalid API key"}) as client:
        answer = list_loops.sync(client=client)
    assert isinstance(answer, models.ApiError)
    assert answer.msg == "Invalid API key"


def test_a_turn_that_is_still_open_has_an_answer_of_its_own_although_its_status_is_an_error() -> None:
    pending = {"error": False, "msg": "timeout", "data": {"turn": {"id": "t1"}, "pending": True}}
    with _answering(408, pending) as client:
        answer = wait_for_turn.sync("s1", "t1", client=client, timeout=0)
    assert isinstance(answer, models.TurnPendingEnvelope)
    assert (answer.data.pending, answer.data.turn.human_decision) == (True, UNSET)
    with _answering(408, {"error": True, "msg": "Request timeout"}) as client, pytest.raises(errors.UnexpectedStatus):
        wait_for_turn.sync("s1", "t1", client=client, timeout=0)


@pytest.mark.parametrize("is_async", [False, True])
def test_an_upload_is_a_form_whatever_the_file_contains(is_async: bool) -> None:
    content = b"--- a\r\n--+++\r\n+++ b\r\n--+++--\r\n\x00\xff"
    forms: list[httpx.Request] = []

    def stored(request: httpx.Request) -> httpx.Response:
        forms.append(request)
        return httpx.Response(201, json={"error": False, "data": {"url": "https://cdn.example/a.diff"}})

    client = AuthenticatedClient("https://h.example", token="a", httpx_args={"transport": httpx.MockTransport(stored)})
    body = models.FileUpload(File(io.BytesIO(content), "a.diff", "text/plain"))
    if is_async:
        answer = asyncio.run(upload_document.asyncio(client=client, body=body))
    else:
        answer = upload_document.sync(client=client, body=body)
    assert isinstance(answer, models.DocumentUploadedEnvelope)
    (form,) = forms
    head = f"Content-Type: {form.headers['Content-Type']}\r\n\r\n".encode()
    (part,) = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + form.content).iter_parts()
    assert (part.get_filename(), part.get_content_type()) == ("a.diff", "text/plain")
    assert part.get_param("name", header="Content-Disposition") == "file"
    assert b"\r\n\r\n" + content + b"\r\n--" in form.content


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T11:30:00Z",
        "2026-11-23t11:30:00z",
        "2026-11-23 11:30:00.5+05:30",
        "2026-11-23T11:30:00",
        "2016-12-31T23:59:60Z",
        "2017-01-01T00:59:60.25+01:00",
        "2026-11-23T11:30:00.123456789-00:00",
        " 2026-11-23T11:30:00z ",
    ],
)
def test_a_date_time_is_the_same_to_facade_and_generated_client(text: str) -> None:
    found = Meta.from_dict({"timestamp": text}).timestamp
    assert (found, found.tzinfo is None) == (moment(text), False)


@pytest.mark.parametrize("text", ["", "soon", "9999-12-31T23:59:60Z", "2026-13-01T00:00:00Z", "2026-11-23T11:30:61Z"])
def test_what_is_no_date_time_is_refused_by_both(text: str) -> None:
    for read in (moment, read_datetime):
        with pytest.raises(ValueError, match=r"."):
            read(text)


@pytest.mark.parametrize("name", ["hitl/__init__.py", "hitl.py"])
@pytest.mark.parametrize("program", ["import hitl_api", "import hitl, hitl_api"])
def test_another_project_under_the_name_hitl_is_named(tmp_path: Path, name: str, program: str) -> None:
    other = tmp_path / name
    other.parent.mkdir(exist_ok=True)
    other.write_text("")
    (tmp_path / "webhooks.py").write_text("")
    path = os.pathsep.join((str(tmp_path), str(Path(hitl_api.__file__).parents[1])))
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": path},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert f"the package hitl at {other} is another project's" in done.stderr
    assert done.returncode == 0


@pytest.mark.parametrize("reason", ["", "KeyError: 'data'"])
def test_the_error_of_an_odd_response_crosses_to_another_process(reason: str) -> None:
    error = errors.UnexpectedStatus(502, b"<html>\xff Bad gateway</html>", reason)
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert (type(again), str(again)) == (errors.UnexpectedStatus, str(error))
        assert (again.status_code, again.content) == (502, b"<html>\xff Bad gateway</html>")
    assert str(error).endswith("\n\nResponse content:\n<html> Bad gateway</html>")
    assert str(error).startswith(
        f"Unexpected {'body with status code: 502 (' if reason else 'status code: 502'}{reason}"
    )
