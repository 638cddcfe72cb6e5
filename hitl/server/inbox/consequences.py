"""What each button will do, in the words of the template, filled with what the content holds now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from hitl.server.inbox.documents import Document
from hitl.server.results import BadEffectError, Part, filled, settings

_ICONS: Final = {"approve_effect": "yes", "reject_effect": "no", "timeout_effect": "clock"}


@dataclass(frozen=True, slots=True)
class Consequence:
    """One line: the label of the button that it is about, and the text that goes on after it."""

    setting: str
    label: str
    parts: list[Part]

    @property
    def icon(self) -> str:
        """The icon that stands beside it."""
        return _ICONS[self.setting]


def consequences(
    template: Document | None, content: Mapping[str, Any], *, has_verdict: bool, has_deadline: bool
) -> list[Consequence]:
    """Return what the buttons will do, and what happens without an answer; nothing where the template says nothing."""
    approve, reject = ("Approve", "Reject") if has_verdict else ("Submit answer", "Reject request")
    labels = {"approve_effect": approve, "reject_effect": reject}
    if has_deadline:
        labels["timeout_effect"] = "No answer in time:"
    found = ((name, label, effect(template, name, content)) for name, label in labels.items())
    return [Consequence(name, label, parts) for name, label, parts in found if parts]


def effect(template: Document | None, setting: str, content: Mapping[str, Any]) -> list[Part]:
    """Return what a template says in one of these settings, filled; nothing where it says nothing."""
    text = settings(template).get(setting) if template else None
    return _parts(text, content) if isinstance(text, str) else []


def _parts(text: str, content: Mapping[str, Any]) -> list[Part]:
    try:
        return filled(text, content)
    except BadEffectError:  # of a template that is older than this setting
        return [Part(text)]
