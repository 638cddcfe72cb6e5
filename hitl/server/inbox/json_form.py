"""The form of a review as JSON, at the form's own address, for `hitl reviews complete` and `hitl reviews reject`.

It needs the same session and form token as the page: an API key opens nothing here, so a program cannot answer its own
question.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hitl.server.inbox.documents import Document
from hitl.server.inbox.forms import Control, Form
from hitl.server.primitives.errors import ApiError, Fault, raise_faults


def wants_json(request: Request) -> bool:
    """Return whether the client asks for JSON first; browsers ask for pages."""
    first = request.headers.get("accept", "").partition(",")[0]
    return first.partition(";")[0].strip().lower() == "application/json"


def json_error(error: ApiError) -> Response:
    """Return a refusal as JSON; faults of fields are in `details.errors`."""
    document = {"code": error.code, "message": error.message, "details": error.details}
    return JSONResponse({"error": document}, error.status, error.headers)


def form_document(review: Document, form: Form, *, reviewer: str, token: str, shown: str) -> dict[str, Any]:
    """Describe an open form: what it asks for, and what an answer must bring along; `reviewer` is a suggestion.

    The token is that of the session and of what is shown here, so that an answer to other questions is refused.
    """
    return {
        "review_id": review["id"],
        "status": review["status"],
        "version": review["version"],
        "reviewer": reviewer,
        "form_token": f"{token}.{shown}",
        "fields": [_field(control) for control in _answerable(form)],
    }


def require_known(names: Iterable[str], form: Form) -> None:
    """Refuse answers to fields that the form does not have, which a browser cannot send."""
    known = sorted(control.name for control in _answerable(form))
    issue = f"is not a field of this form; it has: {', '.join(known) or 'none'}"
    raise_faults(Fault(name, issue) for name in names if name not in known)


def _answerable(form: Form) -> list[Control]:
    return [control for control in (*form.inputs, *form.displays) if control.kind != "show"]


def _field(control: Control) -> dict[str, Any]:
    choices = [{"value": choice.value, "label": choice.label} for choice in control.choices]
    return {"name": control.name, "label": control.label, "required": control.required, "choices": choices}
