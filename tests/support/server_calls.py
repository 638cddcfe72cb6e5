"""What many tests of the review server do: create a review, be refused, send a request to a loop."""

from __future__ import annotations

from typing import Any

import pytest

from hitl.server.primitives.errors import ApiError
from hitl.server.review_server import ReviewServer

REQUEST: dict[str, Any] = {
    "processing_type": "time-sensitive",
    "type": "markdown",
    "priority": "high",
    "request_text": "May this go out?",
    "response_type": "single_select",
    "response_config": {"options": ["Approve", "Reject"]},
    "default_response": "reject",
    "platform": "api",
    "timeout_seconds": 3600,
}


def create_review(server: ReviewServer, **body: Any) -> dict[str, Any]:
    asked = {"template_id": "template_123", "content": {"text": "A draft"}, **body}
    return server.reviews.create_review(asked).document


def refusal_of(call: Any, *arguments: Any, **more: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        call(*arguments, **more)
    return caught.value


def selected(value: Any, label: Any) -> dict[str, Any]:
    """Return a selection as a loop keeps it; several values make it the selection of a multi_select."""
    many = "s" if isinstance(value, list) else ""
    return {f"selected_value{many}": value, f"selected_label{many}": label}
