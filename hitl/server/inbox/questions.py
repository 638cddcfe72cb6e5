"""The one question of a request to a loop: its control, and the answer that comes back from it.

A form holds strings only. An invalid answer is passed on unchanged, and the service reports what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any, Final

from hitl.server.inbox.controls import Control
from hitl.server.inbox.documents import Document
from hitl.server.inbox.editing import is_line
from hitl.server.inbox.fields import RADIO_LIMIT, Choice
from hitl.server.inbox.forms import labels
from hitl.server.inbox.hidden_characters import unix_lines
from hitl.server.inbox.merging import Draft, Note, merged, stamp
from hitl.server.inbox.rendering import block

ANSWER: Final = "answer"
OTHER: Final = "other"
_MOST_STEPS = 11  # a scale from 0 to 10; of a longer one the number is typed in
_YES_NO = ("true", "false")
_NONE: Note = ""


def controls(request: Document, draft: Draft | None = None) -> list[Control]:
    """Return the control for the answer and, where something else may be named, one for that."""
    config: Document = request["response_config"]
    answer = replace(
        _CONTROLS[request["response_type"]](config),
        required=bool(config.get("required")),
        max_length=config.get("max_length"),
        placeholder=str(config.get("placeholder") or ""),
        error=draft.errors.get(ANSWER) if draft else None,
    )
    other = Control(name=OTHER, id="other", kind="line", label="Other")
    asked = [answer, other] if config.get("allow_other") else [answer]
    question = {"type": request["response_type"], **config}
    return [_filled(control, question if control is answer else {}, draft) for control in asked]


def _filled(control: Control, question: Document, draft: Draft | None) -> Control:
    """Return the control with its stamp, and with what was typed into it."""
    mark, values, note = stamp(question, control.values), control.values, _NONE
    if draft:
        values, note = merged(draft, control.name, mark, values, is_choice=bool(control.choices))
    newer = block(", ".join(labels(control.choices, control.values))) if note == "holds" else None
    return replace(control, values=values, stamp=mark, note=note, newer=newer)


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


def _answer(kind: str, label: str = "Answer", **more: Any) -> Control:
    return Control(name=ANSWER, id="answer", kind=kind, label=label, **more)


def _draft_text(config: Document) -> Control:
    text = str(config["draft_text"])
    return _answer("edit_line" if is_line(text) else "edit", values=[text], original=text)


def _options(config: Document) -> list[Choice]:
    return [Choice(str(option["value"]), str(option["label"])) for option in config["options"]]


def _one_of(config: Document) -> Control:
    options = _options(config)
    return _answer("radios" if len(options) <= RADIO_LIMIT else "dropdown", choices=options)


def _yes_or_no(config: Document) -> Control:
    labels = (str(config.get("true_label", "True")), str(config.get("false_label", "False")))
    choices = [Choice(value, label) for value, label in zip(_YES_NO, labels, strict=True)]
    chosen = [_YES_NO[0] if config["default_value"] else _YES_NO[1]] if "default_value" in config else []
    return _answer("buttons", values=chosen, choices=choices)


def _typed_number(config: Document) -> Control:
    unit = f"{config.get('prefix', '')} … {config.get('suffix', '')}".strip(" …")
    return _answer("line", f"Answer ({unit})" if unit else "Answer")


def _scale(config: Document) -> Control:
    least = Fraction(repr(_first(config, ("scale_min", "min_value", "min"), 1)))
    most = Fraction(repr(_first(config, ("scale_max", "max_value", "max"), 5)))
    step = Fraction(repr(_first(config, ("scale_step", "step"), 1)))
    count = (most - least) // step + 1
    if not 1 <= count <= _MOST_STEPS:
        return _answer("line", f"Answer, from {float(least):g} to {float(most):g}")
    labels: Mapping[str, str] = config.get("labels") or {}
    values = [f"{float(least + step * number):g}" for number in range(int(count))]
    return _answer("rating", choices=[Choice(value, str(labels.get(value, ""))) for value in values])


def _first(config: Document, names: tuple[str, ...], otherwise: float) -> float:
    return next((config[name] for name in names if name in config), otherwise)


_CONTROLS: Final[Mapping[str, Callable[[Document], Control]]] = {
    "text": lambda _: _answer("area"),
    "editable_text": _draft_text,
    "single_select": _one_of,
    "multi_select": lambda config: _answer("checkboxes", choices=_options(config)),
    "boolean": _yes_or_no,
    "number": _typed_number,
    "rating": _scale,
}
