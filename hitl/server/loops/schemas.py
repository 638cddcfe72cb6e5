"""The bodies that generation B accepts, as `openapi.yaml` describes them, refused in the documentation's words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from hitl.server.loops.accounts import OBJECT_ID
from hitl.server.loops.envelope import LoopApiError, refuse_invalid
from hitl.server.primitives import Fault
from hitl.server.primitives.validation import (
    Checker,
    anything,
    array,
    boolean,
    integer,
    json_object,
    name_of,
    number,
    optional,
    record,
    required,
    text,
    uri,
)

PROCESSING_TYPES: Final = ("time-sensitive", "deferred")
PRIORITIES: Final = ("low", "medium", "high", "critical")
STATUSES: Final = ("pending", "claimed", "completed", "timeout", "cancelled")
SORTS: Final = ("created_at_desc", "created_at_asc", "priority_desc", "status_asc")

_TYPES = ("markdown", "image", "file", "video", "audio")
_RESPONSE_TYPES = ("text", "single_select", "multi_select", "rating", "number", "boolean", "editable_text")
_PLATFORMS = ("n8n", "zapier", "web_portal", "api", "mobile", "webhook")
_CATEGORIES = ("positive", "constructive", "issue")
_RATINGS = ("rating", "accuracy", "timeliness", "helpfulness")
_LONGEST_COMMENT = 1000


def one_of(*words: str) -> Checker:
    """Accept one of these words."""

    def check(place: str, value: object) -> Iterator[Fault]:
        if value not in words:
            yield Fault(place, f"must be one of: {', '.join(words)}")

    return check


def _sized(shortest: int, longest: int) -> Checker:
    def check(place: str, value: object) -> Iterator[Fault]:
        if not isinstance(value, str):
            yield Fault(place, f"must be a string, not {name_of(value)}")
        elif not shortest <= len(value) <= longest:
            yield Fault(place, f"must be between {shortest} and {longest} characters")

    return check


def _object_id(place: str, value: object) -> Iterator[Fault]:
    if not isinstance(value, str) or not OBJECT_ID.fullmatch(value):
        yield Fault(place, "must be 24 hexadecimal digits")


_TEXTS = array(text())
_NAME, _ICON, _DESCRIPTION = _sized(1, 100), _sized(1, 100), text(longest=500)

_LOOP_CREATE = record(
    {
        "name": required(_NAME),
        "icon": required(_ICON),
        "description": optional(_DESCRIPTION),
        "org_id": optional(_object_id),
    }
)
_LOOP_UPDATE = record({"name": optional(_NAME), "icon": optional(_ICON), "description": optional(_DESCRIPTION)})

_SHOWN = {
    **dict.fromkeys(("image_url", "file_url", "video_url", "audio_url"), optional(uri)),
    **dict.fromkeys(("image_urls", "file_urls", "video_urls", "audio_urls"), optional(_TEXTS)),
    **dict.fromkeys(("file_type", "file_name"), optional(text())),
    **dict.fromkeys(("file_types", "file_names"), optional(_TEXTS)),
}
SHOWN: Final = tuple(_SHOWN)
"""What a request may show beside its text."""

_REQUEST_CREATE = record(
    {
        "processing_type": required(one_of(*PROCESSING_TYPES)),
        "type": required(one_of(*_TYPES)),
        "priority": required(one_of(*PRIORITIES)),
        "request_text": required(_sized(1, 2000)),
        "response_type": required(one_of(*_RESPONSE_TYPES)),
        "response_config": required(json_object),
        "default_response": required(anything),
        "platform": required(one_of(*_PLATFORMS)),
        "platform_version": optional(text()),
        "context": optional(json_object),
        "timeout_seconds": optional(integer(60, 86400)),
        "callback_url": optional(uri),
        "tags": optional(_TEXTS),
        **_SHOWN,
    }
)
_FEEDBACK = record(
    {
        **dict.fromkeys(_RATINGS, optional(number(1, 5))),
        "comment": optional(text(longest=_LONGEST_COMMENT)),
        "would_recommend": optional(boolean),
        "follow_up_needed": optional(boolean),
        "tags": optional(_TEXTS),
        "category": optional(one_of(*_CATEGORIES)),
    },
    closed=False,
)
_FEEDBACK_BODY = record({"feedback": required(_FEEDBACK)})


def check_loop_create(body: Mapping[str, Any]) -> None:
    """Refuse a body that makes no loop."""
    _require(body, "name", "Loop name is required")
    _require(body, "icon", "Loop icon is required")
    refuse_invalid(_LOOP_CREATE("", body))


def check_loop_update(body: Mapping[str, Any]) -> None:
    """Refuse a body that changes nothing, or to something that is not allowed."""
    if not body:
        raise LoopApiError(400, "At least one field must be provided for update")
    refuse_invalid(_LOOP_UPDATE("", body))


def check_request_create(body: Mapping[str, Any]) -> None:
    """Refuse a body that makes no request; `responses.kept_config` looks at what is asked."""
    _require(body, "request_text", "Request text is required")
    refuse_invalid(_REQUEST_CREATE("", body))
    shown = body["type"]
    # The pages name the message for images only; the other types are younger and go by the same rule.
    if shown != "markdown" and f"{shown}_url" not in body:
        raise LoopApiError(400, f"{shown.capitalize()} URL is required when type is {shown}")
    if body["processing_type"] == "time-sensitive" and "timeout_seconds" not in body:
        raise LoopApiError(400, "Validation failed", "timeout_seconds is required for time-sensitive requests")


def check_feedback(body: Mapping[str, Any]) -> None:
    """Refuse a body that holds no feedback."""
    found = list(_FEEDBACK_BODY("", body))
    faulty = [name for name in _RATINGS if any(fault.field == f"feedback.{name}" for fault in found)]
    if faulty:
        raise LoopApiError(400, "Rating values must be between 1 and 5", ", ".join(faulty))
    if any(fault.field == "feedback.comment" for fault in found) and isinstance(body["feedback"]["comment"], str):
        raise LoopApiError(400, f"Comment exceeds maximum length of {_LONGEST_COMMENT} characters")
    refuse_invalid(found)


def _require(body: Mapping[str, Any], name: str, msg: str) -> None:
    if body.get(name) in (None, ""):
        raise LoopApiError(400, msg)
