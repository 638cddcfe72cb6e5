"""What the inbox knows about the documents it shows: the names of states, and what they lack."""

from __future__ import annotations

from hitl._json import as_object
from hitl.server.primitives import Document as Document  # re-exported for the pages
from hitl.server.reviews.lifecycle import FINAL, visible

STATUS_LABELS = {
    "created": "New",
    "assigned": "Assigned",
    "in_progress": "In progress",
    "completed": "Answered",
    "rejected": "Rejected",
    "expired": "Expired",
    "cancelled": "Cancelled",
}


def is_final(review: Document) -> bool:
    """Return whether nobody can answer the review any more."""
    return review["status"] in FINAL


def content_of(review: Document) -> Document:
    """Return what the review asks about, as people may see it."""
    return visible(as_object(review.get("content")))


def fields_of(template: Document | None) -> list[Document]:
    """Return the template's fields in order; none for a template that was deleted."""
    return list(template["fields"]) if template else []


def label_of(field: Document) -> str:
    """Return what the form calls the field; its name if the template gives it no label."""
    return str(field.get("label") or field["name"])
