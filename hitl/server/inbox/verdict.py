"""How a form is decided: by Approve and Reject, where one field says yes or no to the whole, else as a form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from dataclasses import field as attribute
from typing import Any

from hitl.server.inbox.controls import Control
from hitl.server.inbox.documents import Document, fields_of
from hitl.server.inbox.forms import Form
from hitl.server.inbox.refusal import comment_field, reasons_of
from hitl.server.primitives import Fault
from hitl.server.results import APPROVALS, is_required, settings, verdict_field
from hitl.server.results.fields import comment_fields


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each question of a form stands.

    Attributes:
        question: What Approve and Reject answer; empty for a form that has other answers.
        asked: What has to be answered, and the questions of a form without a verdict: below the content.
        beside: What may be answered, beside the content.
        refusing: What is asked of a rejection only.
        reasons: The common reasons of a rejection, to be ticked.
        takes_text: Whether a rejection has a text of its own, because its comment is asked for elsewhere.
    """

    question: str
    asked: list[Control]
    beside: list[Control]
    refusing: list[Control]
    reasons: list[str] = attribute(default_factory=list[str])
    takes_text: bool = False

    @property
    def has_panel(self) -> bool:
        """Whether Reject opens something."""
        return bool(self.refusing or self.reasons)

    @property
    def has_verdict(self) -> bool:
        """Whether two buttons decide."""
        return bool(self.question)

    @property
    def needs_reason(self) -> bool:
        """Whether a rejection has to answer something."""
        return any(control.required for control in self.refusing)


def button_field(template: Document | None) -> str | None:
    """Return the field that Approve and Reject answer.

    It is the one whose role is the verdict, or else the only boolean that is named `approved` or `approval`: another
    question, such as "Is it spam?", is no approval.
    """
    if template is None:
        return None
    fields = {field["name"]: field for field in fields_of(template)}
    named = [name for name in APPROVALS if name in fields and fields[name]["type"] == "boolean"]
    chosen = verdict_field(template) or (named[0] if len(named) == 1 else None)
    return None if chosen is None or fields[chosen].get("conditional") else chosen


def layout(template: Document | None, form: Form) -> Layout:
    """Arrange the questions of a form."""
    chosen = button_field(template)
    if template is None or chosen is None:
        return Layout("", form.inputs, [], [], reasons_of(template), takes_text=bool(reasons_of(template)))
    (verdict,) = (control for control in form.inputs if control.name == chosen)
    needed = _needed_comment(template)
    asked: list[Control] = []
    beside: list[Control] = []
    refusing: list[Control] = []
    wanted = {each["name"]: _wanted_verdict(each, chosen) for each in fields_of(template)}
    for control in form.inputs:
        if control is verdict:
            continue
        verdict_wanted = wanted[control.name]
        placed = control if verdict_wanted is None else replace(control, condition=None)
        if verdict_wanted is False:
            refusing.append(placed)
        elif control.required or control.name == needed:
            asked.append(placed)
        else:
            beside.append(placed)
    reasons, comment = reasons_of(template), comment_field(template)
    is_asked = comment is not None and any(control.name == comment["name"] for control in refusing)
    return Layout(verdict.label, asked, beside, refusing, reasons, takes_text=bool(reasons) and not is_asked)


def decided(
    template: Document | None, answers: Mapping[str, list[str]], *, approves: bool
) -> tuple[Mapping[str, list[str]], Document]:
    """Return the answers that belong to a verdict, and the answer that its button gives."""
    chosen = button_field(template)
    if chosen is None:
        return answers, {}
    others = {field["name"] for field in fields_of(template) if _wanted_verdict(field, chosen) is (not approves)}
    kept = {name: texts for name, texts in answers.items() if name not in others and name != chosen}
    return kept, {chosen: approves}


def refusal_faults(template: Document | None, result: Mapping[str, Any]) -> list[Fault]:
    """Return what a rejection by its button lacks: the questions that a form asks of a no."""
    chosen = button_field(template)
    return [
        Fault(field["name"], "is required")
        for field in fields_of(template)
        if chosen and _wanted_verdict(field, chosen) is False and is_required(field) and not result.get(field["name"])
    ]


def _wanted_verdict(field: Document, chosen: str) -> bool | None:
    """Return the verdict with which a field is asked for; None if it does not depend on it."""
    condition: Document = field.get("conditional") or {}
    value = condition.get("value")
    return value if condition.get("field") == chosen and isinstance(value, bool) else None


def _needed_comment(template: Document) -> str | None:
    """Return the field for the comment that a template wants with every answer."""
    if not settings(template).get("require_comments"):
        return None
    return str(comment_fields(template)[0]["name"])
