"""The seven kinds of answer, by their names on the wire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from hitl.server.loops.choice_responses import MULTI_SELECT, SINGLE_SELECT
from hitl.server.loops.envelope import LoopApiError, refuse_invalid
from hitl.server.loops.rating_responses import NUMBER, RATING
from hitl.server.loops.response_type import Config, ResponseType
from hitl.server.loops.text_responses import BOOLEAN, EDITABLE_TEXT, TEXT
from hitl.server.primitives import Fault, raise_faults

RESPONSE_TYPES: Final[Mapping[str, ResponseType]] = {
    "text": TEXT,
    "single_select": SINGLE_SELECT,
    "multi_select": MULTI_SELECT,
    "rating": RATING,
    "number": NUMBER,
    "boolean": BOOLEAN,
    "editable_text": EDITABLE_TEXT,
}


def kept_config(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the stored form of a checked body's config; LoopApiError if it or the default answer does not fit."""
    kind: ResponseType = RESPONSE_TYPES[body["response_type"]]
    config: Config = body["response_config"]
    if kind in (SINGLE_SELECT, MULTI_SELECT) and not isinstance(config.get("options"), list):
        raise LoopApiError(400, "Invalid response configuration", "options array required for select response type")
    refuse_invalid(kind.config("response_config", config), "Invalid response configuration")
    default = kind.bare(body["default_response"])
    refuse_invalid(kind.default(config)("default_response", default), "Invalid default response")
    return kind.kept(config)


def faults(request: Mapping[str, Any], response_data: object) -> Iterator[Fault]:
    """Yield what is wrong with an answer to a request, bare or wrapped, at the place `response_data`."""
    kind = RESPONSE_TYPES[request["response_type"]]
    return kind.answer(request["response_config"])("response_data", kind.bare(response_data))


def kept_answer(request: Mapping[str, Any], response_data: object) -> Any:
    """Return an answer in its wrapped form, with its labels; raise an ApiError if it does not fit the question."""
    raise_faults(faults(request, response_data))
    kind = RESPONSE_TYPES[request["response_type"]]
    return kind.wrapped(request["response_config"], kind.bare(response_data))
