"""Checks of what `client.requests` is given, before any I/O, and the bodies that are made of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args

from hitl._api import arguments
from hitl._config import seconds
from hitl._forms import as_written, response_of
from hitl._json import number, whole
from hitl._records import UploadedFile
from hitl._response_types import ResponseType
from hitl.exceptions import ConfigurationError
from hitl.models import RequestPriority

SHORTEST, LONGEST = 60, 86_400  # seconds that a time-sensitive request may wait
_LONGEST_TEXT, _LONGEST_COMMENT = 2000, 1000  # characters


def _timeout(name: str, value: object) -> int:
    found = seconds(name, value)
    if not SHORTEST <= found <= LONGEST:
        raise ConfigurationError(
            f"{name} must be {SHORTEST} to {LONGEST} seconds, or not given: then it is 30 days; got {value!r:.80}"
        )
    return round(found)


def _priority(name: str, value: object) -> str:
    return arguments.one_of(name, value, get_args(RequestPriority))


def _response(name: str, value: object) -> ResponseType:
    if not isinstance(value, ResponseType):
        raise ConfigurationError(f"{name} must be a SingleSelect, Text, Boolean or the like; got {value!r:.80}")
    return value


def _file(name: str, value: object) -> UploadedFile:
    if not isinstance(value, UploadedFile):
        raise ConfigurationError(f"{name} must be what client.uploads returned; got {value!r:.80}")
    return value


def _score(name: str, value: object) -> object:
    if not 1 <= (number(value) or 0.0) <= 5 or isinstance(value, str):
        raise ConfigurationError(f"{name} must be a number from 1 to 5; got {value!r:.80}")
    found = whole(value)
    return number(value) if found is None else found


def _category(name: str, value: object) -> str:
    return arguments.one_of(name, value, ("positive", "constructive", "issue"))


def _anything(_name: str, value: object) -> object:
    return value


ASKED: Final = {
    "text": arguments.text_up_to(_LONGEST_TEXT),
    "response": _response,
    "returns": _anything,
    "default": _anything,
    "timeout": _timeout,
    "priority": _priority,
    "context": arguments.json_object,
    "image_url": arguments.web_address,
    "file": _file,
    "callback_url": arguments.web_address,
}
FEEDBACK: Final = {
    **dict.fromkeys(("rating", "accuracy", "timeliness", "helpfulness"), _score),
    "comment": arguments.text_up_to(_LONGEST_COMMENT),
    **dict.fromkeys(("would_recommend", "follow_up_needed"), arguments.boolean),
    "tags": arguments.texts,
    "category": _category,
}
FILTERS: Final = {"status": arguments.text, "priority": _priority, "loop_id": arguments.identifier}


def request_body(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the API takes of checked arguments, with what follows from them."""
    body = {name: fields[name] for name in ("priority", "context", "callback_url") if name in fields}
    if "text" in fields:
        body["request_text"] = fields["text"]
    if "timeout" in fields:
        body |= {"processing_type": "time-sensitive", "timeout_seconds": fields["timeout"]}
    return {**body, **_shown(fields), **_question(fields)}


def _shown(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is shown beside the text, and the type that follows from it."""
    if {"image_url", "file"} <= fields.keys():
        raise ConfigurationError("give either image_url or file, not both: a request shows one of them")
    if "image_url" in fields:
        return {"type": "image", "image_url": fields["image_url"]}
    if (file := fields.get("file")) is None:
        return {}
    if file.type.startswith("image/"):
        return {"type": "image", "image_url": file.url}
    return {"type": "file", "file_url": file.url, "file_type": file.type, "file_name": file.name}


def _question(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the kind of answer and the default, which has to be one."""
    if {"response", "returns"} <= fields.keys():
        raise ConfigurationError("give either response or returns, not both: each says what kind of answer is wanted")
    default, returns = fields.get("default"), fields.get("returns")
    if not fields.keys() & {"response", "returns"}:
        return (
            {}
            if default is None
            else {"default_response": arguments.json_object("update", {"default": default})["default"]}
        )
    if returns is None:
        response: ResponseType = fields["response"]
        return response.question(default)
    return response_of(returns).question(None if default is None else as_written(returns, default))
