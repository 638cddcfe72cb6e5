"""The reasons of a rejection: those that were ticked and what was typed beside them, as the comment of the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from hitl._json import is_list
from hitl.server.inbox.documents import Document
from hitl.server.inbox.hidden_characters import unix_lines
from hitl.server.primitives import Fault
from hitl.server.results import comment_fields, settings, words

PICKED: Final = "reason.picked"
TYPED: Final = "reason.text"


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the panel of a rejection holds beside the template's own questions."""

    picked: tuple[str, ...] = ()
    text: str = ""

    @classmethod
    def read(cls, sent: Mapping[str, list[str]]) -> Refusal:
        """Read it from a form."""
        return cls(tuple(dict.fromkeys(sent.get(PICKED, []))), sent.get(TYPED, [""])[0])

    @classmethod
    def kept(cls, form: Mapping[str, Any]) -> Refusal:
        """Read it from a form that was kept with an answer."""
        found = form.get("refusal")
        return cls(tuple(found[1:]), str(found[0])) if is_list(found) and found else cls()

    @property
    def to_keep(self) -> list[str]:
        """What `kept` reads."""
        return [self.text, *self.picked]


def reasons_of(template: Document | None) -> list[str]:
    """Return the common reasons that a template names; none if there is no field for them."""
    if template is None or comment_field(template) is None:
        return []
    return list(words(settings(template), "reject_reasons"))


def comment_field(template: Document | None) -> Document | None:
    """Return the field that a rejection is explained in: the first for comments that is not asked of a yes only."""
    found = comment_fields(template) if template else []
    return next((dict(field) for field in found if not _is_of_a_yes(field)), None)


def _is_of_a_yes(field: Mapping[str, Any]) -> bool:
    condition: Mapping[str, Any] = field.get("conditional") or {}
    return condition.get("value") is True


def explained(template: Document | None, answers: Mapping[str, list[str]], refusal: Refusal) -> Mapping[str, list[str]]:
    """Return answers whose comment begins with the reasons: those that were ticked in a line, then what was typed."""
    field = comment_field(template)
    said = [", ".join(refusal.picked), unix_lines(refusal.text).strip()]
    if field is None or not any(said):
        return answers
    typed = answers.get(field["name"], [""])[0]
    paragraphs = [each for each in (*said, typed) if each.strip()]
    return {**answers, field["name"]: ["\n\n".join(paragraphs)]}


def reason_faults(template: Document | None, refusal: Refusal) -> list[Fault]:
    """Return what is wrong with the ticked reasons; a form that was not changed has none."""
    known = reasons_of(template)
    return [Fault(PICKED, f"{each[:80]!r} is no reason of this form") for each in refusal.picked if each not in known]
