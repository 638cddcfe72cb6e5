"""The one question of a request to a loop: its control, and the answer that comes back from it.

A form holds strings only. An invalid answer is passed on unchanged, and the service reports what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Final

from hitl.server.inbox.documents import Document
from hitl.server.inbox.fields import RADIO_LIMIT, Choice
from hitl.server.inbox.forms import Control, Draft
from hitl.server.inbox.hidden_characters import unix_lines
from hitl.server.inbox.rendering import Text

ANSWER: Final = "answer"
OTHER: Final = "other"
_MOST_STEPS = 11  # a scale from 0 to 10; of a longer one the number is typed in
_YES_NO = ("true", "false")


def controls(request: Document, draft: Draft | None = None) -> list[Control]:
    """Return the control for the answer and, where something else may be named, one for that."""
    config: Document = request["response_config"]
    look = _LOOKS[request["response_type"]](config)
    answer = Control(
        name=ANSWER,
        id="answer",
        kind=look.kind,
        label=look.label,
        values=look.values,
        choices=look.choices,
        required=bool(config.get("required")),
        max_length=config.get("max_length"),
        placeholder=str(config.get("placeholder") or ""),
        error=draft.errors.get(ANSWER) if draft else None,
        shown=Text(look.values[0]) if look.kind == "edit" else None,
    )
    other = Control(name=OTHER, id="other", kind="line", label="Other")
    asked = [answer, other] if config.get("allow_other") else [answer]
    if draft is None:
        return asked
    return [replace(control, values=list(draft.answers.get(control.name, []))) for control in asked]


def read_answer(request: Document, answers: Mapping[str, list[str]]) -> Any:
    """Read the bare answer to a request out of a sent form."""
    texts = [unix_lines(text) for text in answers.get(ANSWER, [])]
    other = [text.strip() for text in answers.get(OTHER, []) if text.strip()]
    kind: str = request["response_type"]
    if kind == "multi_select":
        return [text for text in texts if text] + other
    text = (other or texts or [""])[0]
    if kind == "boolean":
        return {"true": True, "false": False}.get(text, text)
    return _number(text) if kind in ("rating", "number") else text


def _number(text: str) -> float | int | str:
    """Read a number as JSON writes it; other strings stay strings."""
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text


@dataclass(frozen=True, slots=True)
class _Look:
    """What the kind of answer decides about its control."""

    kind: str
    label: str = "Answer"
    values: list[str] = field(default_factory=list[str])
    choices: list[Choice] = field(default_factory=list[Choice])


def _words(config: Document) -> _Look:  # noqa: ARG001 - it has the shape of the others
    return _Look("area")


def _draft_text(config: Document) -> _Look:
    return _Look("edit", values=[str(config["draft_text"])])


def _options(config: Document) -> list[Choice]:
    return [Choice(str(option["value"]), str(option["label"])) for option in config["options"]]


def _one_of(config: Document) -> _Look:
    options = _options(config)
    return _Look("radios" if len(options) <= RADIO_LIMIT else "dropdown", choices=options)


def _some_of(config: Document) -> _Look:
    return _Look("checkboxes", choices=_options(config))


def _yes_or_no(config: Document) -> _Look:
    labels = (str(config.get("true_label", "True")), str(config.get("false_label", "False")))
    choices = [Choice(value, label) for value, label in zip(_YES_NO, labels, strict=True)]
    chosen = [_YES_NO[0] if config["default_value"] else _YES_NO[1]] if "default_value" in config else []
    return _Look("buttons", values=chosen, choices=choices)


def _typed_number(config: Document) -> _Look:
    unit = f"{config.get('prefix', '')} … {config.get('suffix', '')}".strip(" …")
    return _Look("line", f"Answer ({unit})" if unit else "Answer")


def _scale(config: Document) -> _Look:
    least = Fraction(repr(_first(config, ("scale_min", "min_value", "min"), 1)))
    most = Fraction(repr(_first(config, ("scale_max", "max_value", "max"), 5)))
    step = Fraction(repr(_first(config, ("scale_step", "step"), 1)))
    count = (most - least) // step + 1
    if not 1 <= count <= _MOST_STEPS:
        return _Look("line", f"Answer, from {float(least):g} to {float(most):g}")
    labels: Mapping[str, str] = config.get("labels") or {}
    values = [f"{float(least + step * number):g}" for number in range(int(count))]
    return _Look("rating", choices=[Choice(value, str(labels.get(value, ""))) for value in values])


def _first(config: Document, names: tuple[str, ...], otherwise: float) -> float:
    return next((config[name] for name in names if name in config), otherwise)


_LOOKS: Final[Mapping[str, Callable[[Document], _Look]]] = {
    "text": _words,
    "editable_text": _draft_text,
    "single_select": _one_of,
    "multi_select": _some_of,
    "boolean": _yes_or_no,
    "number": _typed_number,
    "rating": _scale,
}
