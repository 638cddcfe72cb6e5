"""Answers about pictures: a decision and, where the field's tools allow it, notes.

The form asks for the notes in a box of its own, one in each line. `submission` puts its text behind the decision's.
"""

from __future__ import annotations

from typing import Any

from hitl.server.inbox.documents import Document, is_array, is_object
from hitl.server.inbox.rendering import Block, Items, Pairs, Text, block
from hitl.server.results.fields import words


def takes_notes(field: Document) -> bool:
    """Return whether the field is answered with notes, too; a field that names no tools has all of them."""
    tools = words(field, "tools")
    return field["type"] == "image_review" and (not tools or "annotate" in tools)


def picture_answer(field: Document, texts: list[str]) -> Any:
    """Return the plain decision, or the object that holds notes as well; an empty text if nothing was answered."""
    decision = texts[0]
    lines = texts[1].splitlines() if len(texts) > 1 and takes_notes(field) else []
    notes = [{"text": line.strip()} for line in lines if line.strip()]
    if not notes:
        return decision
    # Without a decision the answer is incomplete, which `results` reports.
    return {"decision": decision, "annotations": notes} if decision else {"annotations": notes}


def draw_picture_answer(_field: Document, value: Any) -> Block:
    """Show the decision by the label that it had, and the notes below it."""
    if not is_object(value):
        return block(value.capitalize() if isinstance(value, str) else value)
    decision = block(str(value.get("decision") or "").capitalize())
    notes = value.get("annotations")
    if not is_array(notes) or not notes:
        return decision
    return Pairs([("Decision", decision), ("Notes", Items([_note(note) for note in notes]))])


def _note(note: Any) -> Block:
    """Show a note; those that mean a certain place, which only programs give, with all they hold."""
    return Text(note["text"]) if is_object(note) and note.keys() == {"text"} else block(note)
