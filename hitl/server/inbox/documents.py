"""What the inbox knows about the documents it shows: the names of states and the shapes of free JSON."""

from __future__ import annotations

from typing import Any, TypeGuard

from hitl.server.primitives import Document as Document  # re-exported for the pages
from hitl.server.reviews.lifecycle import FINAL

STATUS_LABELS = {
    "created": "New",
    "assigned": "Assigned",
    "in_progress": "In progress",
    "completed": "Completed",
    "rejected": "Rejected",
    "expired": "Expired",
    "cancelled": "Cancelled",
}


def is_final(review: Document) -> bool:
    """Return whether nobody can answer the review any more."""
    return review["status"] in FINAL


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Return whether a JSON value is an object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Return whether a JSON value is an array."""
    return isinstance(value, list)


def content_of(review: Document) -> Document:
    """Return what the review asks about."""
    content = review.get("content")
    return content if is_object(content) else {}


def fields_of(template: Document | None) -> list[Document]:
    """Return the template's fields in order; none for a template that was deleted."""
    return list(template["fields"]) if template else []


def label_of(field: Document) -> str:
    """Return what the form calls the field; its name if the template gives it no label."""
    return str(field.get("label") or field["name"])
