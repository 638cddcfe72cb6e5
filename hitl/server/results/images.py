"""Answers of image_review fields: a decision about the picture, and remarks that are tied to places in it.

An answer is the plain word, `"approve"` or `"reject"`, or an object `{"decision": ..., "annotations": [...]}`. Each
annotation has a `text` and, if it means a certain place, `x`, `y`, `width` and `height` as parts of the picture's size,
from 0 at the left and at the top to 1. The vendor shows no answer of such a field; this form is the sandbox's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, cast

from hitl.server.primitives import Fault
from hitl.server.primitives.validation import Checker, array, number, one_of, optional, record, required, text

_DECISIONS: Final = ("approve", "reject")
_ANNOTATE: Final = "annotate"

_PART = optional(number(0, 1))
_ANNOTATION = record(
    {"text": required(text(shortest=1)), "x": _PART, "y": _PART, "width": _PART, "height": _PART}, closed=False
)


def decisions(tools: Sequence[str]) -> Sequence[str]:
    """Return the words that one can choose from: those among the tools, or both if they name neither."""
    return [word for word in _DECISIONS if word in tools] or _DECISIONS


def image_check(tools: Sequence[str]) -> Checker:
    """Accept what the tools can produce; a field that names none has all of them."""
    word = one_of(*decisions(tools))
    remarks = {"annotations": optional(array(_ANNOTATION))} if _ANNOTATE in tools or not tools else {}
    whole = record({"decision": required(word), **remarks})

    def check(place: str, value: object) -> Iterator[Fault]:
        if isinstance(value, dict):
            answer = cast("dict[str, object]", value)
            # An empty list of annotations says the same as none.
            return whole(place, {name: each for name, each in answer.items() if (name, each) != ("annotations", [])})
        return word(place, value)

    return check
