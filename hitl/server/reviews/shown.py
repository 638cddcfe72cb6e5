"""What a reviewer was shown, as a digest: an answer counts only for exactly that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hitl._json import as_object
from hitl.server.primitives import ApiError, digest
from hitl.server.reviews.lifecycle import visible

_NOT_SHOWN: Final = ("created_at", "updated_at", "changelog", "version", "migration_guide", "tags", "category")


def shown_digest(review: Mapping[str, Any], template: Mapping[str, Any] | None) -> str:
    """Return digests of the visible content and of the template's questions and rules, as `CONTENT.QUESTIONS`.

    The order of names in the content and of fields and options counts; nothing beside these does.
    """
    asked = {name: value for name, value in (template or {}).items() if name not in _NOT_SHOWN}
    return f"{digest(visible(as_object(review.get('content'))), ordered=True)}.{digest(asked)}"


def require_shown(review: Mapping[str, Any], template: Mapping[str, Any], shown: str | None) -> None:
    """Refuse with 409 an answer to another content or other questions than the present ones; None allows any."""
    if shown is not None and shown != shown_digest(review, template):
        message = f"the content or the questions of review {review['id']} have changed since they were shown"
        raise ApiError(409, "version_conflict", message)
