"""What the pages show, computed from documents and the time: no HTTP, no HTML, no store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hitl._json import is_list, is_object
from hitl.server.inbox.attachments import attached, embedded, file_answer
from hitl.server.inbox.content_files import file_block
from hitl.server.inbox.diffing import Diff
from hitl.server.inbox.documents import Document, content_of, fields_of, label_of
from hitl.server.inbox.fields import as_text, choices, note_line
from hitl.server.inbox.hidden_characters import unix_lines
from hitl.server.inbox.marks import MarkedPicture, is_placed, marked_picture
from hitl.server.inbox.rendering import Block, Code, Items, Pairs, Text, Word, block
from hitl.server.primitives.validation import same
from hitl.server.reviews.lifecycle import ANSWERED_VIA

_STEPS = {
    "created": "Created",
    "updated": "Updated by the program that asked",
    "assigned": "Assigned",
    "reassigned": "Reassigned",
    "started": "Started",
    "approved": "Approved; more approvals required",
    "completed": "Answered",
    "rejected": "Rejected",
    "expired": "Expired",
    "cancelled": "Cancelled",
}


@dataclass(frozen=True, slots=True)
class ShownAnswer:
    """One answer of a finished review, under the label that its question had."""

    label: str
    shown: Block
    note: str = ""
    changes: Diff | None = None
    marked: MarkedPicture | None = None


def steps(history: list[Document], review: Document) -> list[Document]:
    """Describe what happened to a review, in order."""
    return [
        {
            **step,
            "text": f"{_STEPS.get(step['event'], step['event'])}{_by_asker(step)}",
            "signed_in": signed_in(review) if step["event"] in ("completed", "rejected") else "",
        }
        for step in history
    ]


def signed_in(review: Document) -> str:
    """Return how the person who answered had come in, where it says less than a session of his own."""
    return "signed in by the link of a message" if review.get(ANSWERED_VIA) else ""


def _by_asker(step: Document) -> str:
    return " by the person who asked" if step.get("self_approved") else ""


def answers(review: Document, template: Document | None) -> list[ShownAnswer]:
    """Describe what was answered: the template's fields in their order, then whatever else the result holds."""
    result = review.get("result")
    if not is_object(result):
        return []
    fields = {field["name"]: field for field in fields_of(template)}
    named = [name for name in fields if name in result]
    others = [name for name in result if name not in fields]
    return [_answer(name, fields.get(name), result[name], content_of(review)) for name in (*named, *others)]


def typed_answers(template: Document | None, typed: Mapping[str, list[str]], content: Document) -> list[ShownAnswer]:
    """Describe what a reviewer typed into a form that can not be sent any more."""
    fields = {field["name"]: field for field in fields_of(template)}
    return [
        ShownAnswer(
            label_of(fields[name]) if name in fields else name, _words(fields.get(name), list(filter(None, texts)))
        )
        for name, texts in typed.items()
        if any(texts) and [unix_lines(text) for text in texts] != [as_text(content.get(name))]
    ]


def _answer(name: str, field: Document | None, value: Any, content: Document) -> ShownAnswer:
    if field is None:
        return ShownAnswer(name, _draw_files({}, value))
    if field["type"] == "image_review" and (marked := marked_picture(name, value, content)):
        notes = [note for note in value["annotations"] if not is_placed(note)]
        return ShownAnswer(label_of(field), _draw_picture(field, {**value, "annotations": notes}), marked=marked)
    draw = _DRAWN.get(field["type"])
    shown = draw(field, value) if draw else block(value)
    original = content.get(name)
    if not field.get("editable") or name not in content or same(value, original):
        return ShownAnswer(label_of(field), shown)
    changes = Diff(original, value) if type(original) is type(value) else None
    return ShownAnswer(label_of(field), shown, "edited by the reviewer", changes)


def _words(field: Document | None, texts: list[str]) -> Block:
    labels = {choice.value: choice.label for choice in choices(field)} if field else {}
    shown = [_draw_file(file_answer(text)) if attached(text) else Text(labels.get(text) or text) for text in texts]
    return shown[0] if len(shown) == 1 else Items(shown)


def _draw_picked(field: Document, value: Any) -> Block:
    """Show the labels of what was picked: they are what the reviewer read."""
    return _words(field, [as_text(item) for item in value] if is_list(value) else [as_text(value)])


def _draw_rating(field: Document, value: Any) -> Block:
    steps = choices(field)
    label = next((step.label for step in steps if step.value == as_text(value)), "")
    return Word(f"{as_text(value)} of {len(steps)}" + (f" – {label}" if label else ""))


def _draw_files(_field: Document, value: Any) -> Block:
    """Offer each file that the answer holds; what is only an address is drawn as everything else."""
    if is_list(value) and any(embedded(item) for item in value):
        return Items([_draw_file(item) for item in value])
    return _draw_file(value)


def _draw_file(value: Any) -> Block:
    return file_block(value) or block(value)


def _draw_code(field: Document, value: Any) -> Block:
    return Code(value, str(field.get("language") or "")) if isinstance(value, str) else block(value)


def _draw_picture(_field: Document, value: Any) -> Block:
    """Show the decision by the label that it had, and the notes below it."""
    if not is_object(value):
        return block(value.capitalize() if isinstance(value, str) else value)
    decision = block(str(value.get("decision") or "").capitalize())
    notes = value.get("annotations")
    if not is_list(notes) or not notes:
        return decision
    return Pairs([("Decision", decision), ("Notes", Items([_note(note) for note in notes]))])


def _note(note: Any) -> Block:
    """Show a note as it is typed, or whatever else a program gave."""
    line = note_line(note)
    return Text(line) if line else block(note)


_DRAWN: dict[str, Callable[[Document, Any], Block]] = {
    "select": _draw_picked,
    "multi_select": _draw_picked,
    "checkbox_group": _draw_picked,
    "rating": _draw_rating,
    "file": _draw_files,
    "image_review": _draw_picture,
    "code_display": _draw_code,
}
