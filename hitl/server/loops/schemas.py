"""The bodies that generation B accepts, as `openapi.yaml` describes them, refused in the documentation's words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from hitl.server.loops.accounts import OBJECT_ID
from hitl.server.loops.envelope import LoopApiError, refuse_invalid
from hitl.server.primitives import Checker, Document, Fault
from hitl.server.primitives import validation as check

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

    def is_listed(place: str, value: object) -> Iterator[Fault]:
        if value not in words:
            yield Fault(place, f"must be one of: {', '.join(words)}")

    return is_listed


def _sized(shortest: int, longest: int) -> Checker:
    def has_length(place: str, value: object) -> Iterator[Fault]:
        if not isinstance(value, str):
            yield Fault(place, f"must be a string, not {check.name_of(value)}")
        elif not shortest <= len(value) <= longest:
            yield Fault(place, f"must be between {shortest} and {longest} characters")

    return has_length


def _object_id(place: str, value: object) -> Iterator[Fault]:
    if not isinstance(value, str) or not OBJECT_ID.fullmatch(value):
        yield Fault(place, "must be 24 hexadecimal digits")


_TEXTS = check.array(check.text())
_NAME, _ICON, _DESCRIPTION = _sized(1, 100), _sized(1, 100), check.text(longest=500)

_LOOP_CREATE = check.record(
    {
        "name": check.required(_NAME),
        "icon": check.required(_ICON),
        "description": check.optional(_DESCRIPTION),
        "org_id": check.optional(_object_id),
    }
)
_LOOP_UPDATE = check.record(
    {"name": check.optional(_NAME), "icon": check.optional(_ICON), "description": check.optional(_DESCRIPTION)}
)

_SHOWN = {
    **dict.fromkeys(("image_url", "file_url", "video_url", "audio_url"), check.optional(check.uri)),
    **dict.fromkeys(("image_urls", "file_urls", "video_urls", "audio_urls"), check.optional(_TEXTS)),
    **dict.fromkeys(("file_type", "file_name"), check.optional(check.text())),
    **dict.fromkeys(("file_types", "file_names"), check.optional(_TEXTS)),
}
SHOWN: Final = tuple(_SHOWN)
"""What a request may show beside its text."""

_REQUEST = {
    "processing_type": check.required(one_of(*PROCESSING_TYPES)),
    "type": check.required(one_of(*_TYPES)),
    "priority": check.required(one_of(*PRIORITIES)),
    "request_text": check.required(_sized(1, 2000)),
    "response_type": check.required(one_of(*_RESPONSE_TYPES)),
    "response_config": check.required(check.json_object),
    "default_response": check.required(check.anything),
    "platform": check.required(one_of(*_PLATFORMS)),
    "platform_version": check.optional(check.text()),
    "context": check.optional(check.json_object),
    "timeout_seconds": check.optional(check.integer(60, 86400)),
    "callback_url": check.optional(check.uri),
    "tags": check.optional(_TEXTS),
    **_SHOWN,
}
_REQUEST_CREATE = check.record(_REQUEST)
_FEEDBACK = check.record(
    {
        **dict.fromkeys(_RATINGS, check.optional(check.number(1, 5))),
        "comment": check.optional(check.text(longest=_LONGEST_COMMENT)),
        "would_recommend": check.optional(check.boolean),
        "follow_up_needed": check.optional(check.boolean),
        "tags": check.optional(_TEXTS),
        "category": check.optional(one_of(*_CATEGORIES)),
    },
    closed=False,
)
_FEEDBACK_BODY = check.record({"feedback": check.required(_FEEDBACK)})


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


def updated_body(request: Document, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body that makes an open request what a change wants it to be; refuse one that changes nothing."""
    if not body:
        raise LoopApiError(400, "At least one field must be provided for update")
    kept = {name: request[name] for name in _REQUEST if request.get(name) is not None}
    changed = {**kept, **{name: value for name, value in body.items() if name != "status"}}
    is_timed = changed["processing_type"] == "time-sensitive"
    if is_timed and kept["processing_type"] == "time-sensitive" and "timeout_seconds" not in changed:
        # It keeps its end; the seconds only have to be ones that may be asked for.
        check_request_create({**changed, "timeout_seconds": 60})
    else:
        check_request_create(changed)
    return changed


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
