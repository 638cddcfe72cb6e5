"""What openapi.yaml promises as a whole: the operations, and the rules that the linter cannot know."""

from __future__ import annotations

from typing import Any

import pytest
from openapi_yaml import SPEC

OPERATIONS = {
    "A": {
        "create_review": "post /v1/reviews",
        "list_reviews": "get /v1/reviews",
        "get_review": "get /v1/reviews/{review_id}",
        "update_review": "patch /v1/reviews/{review_id}",
        "cancel_review": "delete /v1/reviews/{review_id}",
        "create_template": "post /v1/templates",
        "list_templates": "get /v1/templates",
        "get_template": "get /v1/templates/{template_id}",
        "update_template": "patch /v1/templates/{template_id}",
        "delete_template": "delete /v1/templates/{template_id}",
        "create_webhook": "post /v1/webhooks",
        "list_webhooks": "get /v1/webhooks",
        "update_webhook": "patch /v1/webhooks/{webhook_id}",
        "delete_webhook": "delete /v1/webhooks/{webhook_id}",
        "create_team": "post /v1/teams",
        "list_team_members": "get /v1/teams/{team_id}/members",
        "add_team_member": "post /v1/teams/{team_id}/members",
    },
    "B": {
        "test_api_key": "get /v1/test",
        "create_loop": "post /v1/api/loops",
        "list_loops": "get /v1/api/loops",
        "get_loop": "get /v1/api/loops/{loop_id}",
        "update_loop": "put /v1/api/loops/{loop_id}",
        "delete_loop": "delete /v1/api/loops/{loop_id}",
        "list_loop_members": "get /v1/api/loops/{loop_id}/members",
        "remove_loop_member": "delete /v1/api/loops/{loop_id}/members/{user_id}",
        "create_request": "post /v1/api/loops/{loop_id}/requests",
        "list_loop_requests": "get /v1/api/loops/{loop_id}/requests",
        "list_requests": "get /v1/api/requests",
        "get_request": "get /v1/api/requests/{request_id}",
        "cancel_request": "delete /v1/api/requests/{request_id}",
        "add_request_feedback": "post /v1/api/requests/{request_id}/feedback",
    },
    "C": {
        "create_session": "post /v1/api/sessions",
        "list_sessions": "get /v1/api/sessions",
        "get_session": "get /v1/api/sessions/{session_id}",
        "update_session": "put /v1/api/sessions/{session_id}",
        "pause_session": "post /v1/api/sessions/{session_id}/pause",
        "resume_session": "post /v1/api/sessions/{session_id}/resume",
        "complete_session": "post /v1/api/sessions/{session_id}/complete",
        "create_turn": "post /v1/api/sessions/{session_id}/turns",
        "list_turns": "get /v1/api/sessions/{session_id}/turns",
        "get_turn": "get /v1/api/sessions/{session_id}/turns/{turn_id}",
        "wait_for_turn": "get /v1/api/sessions/{session_id}/turns/{turn_id}/wait",
        "decide_turn": "put /v1/api/sessions/{session_id}/turns/{turn_id}",
        "record_turn_outcome": "post /v1/api/sessions/{session_id}/turns/{turn_id}/action",
        "upload_image": "post /v1/upload/image",
        "upload_document": "post /v1/upload/document",
        "trigger_workflow": "post /v1/workflows/{workflow_id}/trigger",
        # Documented by the vendor's own client alone.
        "trigger_workflow_webhook": "post /v1/workflows/webhook/{webhook_id}",
    },
}
EXTENSIONS = {
    "consume_review": "put /v1/reviews/{review_id}/consumption",
    "update_request": "patch /v1/api/requests/{request_id}",
    "list_webhook_deliveries": "get /v1/webhooks/deliveries",
    "replay_webhook_delivery": "post /v1/webhooks/deliveries/{delivery_id}/replay",
    "test_webhook": "post /v1/webhooks/{webhook_id}/test",
    "stream_events": "get /v1/events",
}
CREATIONS = {
    "create_review",
    "create_template",
    "create_webhook",
    "create_team",
    "add_team_member",
    "create_loop",
    "create_request",
    "create_session",
    "create_turn",
    "trigger_workflow",
    "trigger_workflow_webhook",
}
# A second copy of a file asks nobody a second time.
UPLOADS = {"upload_image", "upload_document"}
# Answers with an error's status and `error: false`.
NO_REFUSALS = {("wait_for_turn", "408")}


def _operations() -> dict[str, dict[str, Any]]:
    return {
        operation["operationId"]: {**operation, "route": f"{method} {path}"}
        for path, item in SPEC["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    }


def _header_parameters(operation: dict[str, Any]) -> set[str]:
    references = [parameter.get("$ref", "") for parameter in operation.get("parameters", [])]
    components = SPEC["components"]["parameters"]
    named = [components[reference.rpartition("/")[2]] for reference in references if reference]
    return {parameter["name"] for parameter in named if parameter["in"] == "header"}


@pytest.mark.parametrize(("generation", "count"), [("A", 17), ("B", 14), ("C", 17)])
def test_every_documented_operation_is_described_and_no_other(generation: str, count: int) -> None:
    described = {
        name: operation["route"]
        for name, operation in _operations().items()
        if operation["x-hitl-generation"] == generation and not operation.get("x-hitl-extension")
    }
    assert described == OPERATIONS[generation]
    assert len(described) == count


def test_every_operation_that_the_vendor_does_not_document_is_flagged_as_an_extension() -> None:
    flagged = {
        name: operation["route"] for name, operation in _operations().items() if operation.get("x-hitl-extension")
    }
    assert flagged == EXTENSIONS
    assert len(_operations()) == 48 + len(EXTENSIONS)


def test_a_creation_answers_201_and_takes_an_idempotency_key() -> None:
    operations = _operations()
    assert {name for name, operation in operations.items() if "201" in operation["responses"]} == CREATIONS | UPLOADS
    takers = {name for name, operation in operations.items() if "Idempotency-Key" in _header_parameters(operation)}
    assert takers == CREATIONS


def test_only_reads_that_may_be_held_take_a_preference() -> None:
    takers = {name for name, operation in _operations().items() if "Prefer" in _header_parameters(operation)}
    assert takers == {"get_review", "get_request", "list_reviews"}


@pytest.mark.parametrize(("generation", "schema"), [("A", "ErrorEnvelope"), ("B", "ApiError"), ("C", "ApiError")])
def test_every_refusal_has_the_error_of_its_generation(generation: str, schema: str) -> None:
    responses = SPEC["components"]["responses"]
    of_generation = {name for name, each in _operations().items() if each["x-hitl-generation"] == generation}
    assert of_generation >= OPERATIONS[generation].keys()
    for name in of_generation:
        for status, reference in _operations()[name]["responses"].items():
            if not status.startswith("2") and (name, status) not in NO_REFUSALS:
                content = responses[reference["$ref"].rpartition("/")[2]]["content"]
                assert content["application/json"]["schema"]["$ref"].endswith(f"/{schema}"), (name, status)


def test_a_turn_that_is_still_open_is_an_answer_of_its_own_and_no_error() -> None:
    answers = _operations()["wait_for_turn"]["responses"]
    pending = SPEC["components"]["responses"][answers["408"]["$ref"].rpartition("/")[2]]["content"]["application/json"]
    example = SPEC["components"]["examples"][pending["examples"]["pending"]["$ref"].rpartition("/")[2]]["value"]
    assert pending["schema"] == {"$ref": "#/components/schemas/TurnPendingEnvelope"}
    assert (example["error"], example["data"]["pending"]) == (False, True)


def test_every_answer_may_be_401_429_or_500() -> None:
    for name, operation in _operations().items():
        assert {"401", "429", "500"} <= operation["responses"].keys(), name


def test_additions_of_the_sandbox_are_optional() -> None:
    parameters = [*SPEC["components"]["parameters"].values(), *_operations()["list_reviews"]["parameters"]]
    extensions = [parameter for parameter in parameters if parameter.get("x-hitl-extension")]
    assert len(extensions) >= 8
    assert not any(parameter.get("required") for parameter in extensions)


def test_every_property_and_every_schema_says_what_it_is() -> None:
    silent = [name for name, schema in SPEC["components"]["schemas"].items() if "description" not in schema]
    for name, schema in SPEC["components"]["schemas"].items():
        for key, value in schema.get("properties", {}).items():
            if "description" not in value and "$ref" not in value:
                silent.append(f"{name}.{key}")
    assert silent == []
