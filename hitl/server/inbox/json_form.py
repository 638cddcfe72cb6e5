"""The form of a review as JSON, at the form's own address, for `hitl reviews complete` and `hitl reviews reject`.

It needs the same session and form token as the page: an API key opens nothing here, so a program cannot answer its own
question.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hitl._json import is_list, is_object
from hitl.server.inbox.controls import Control
from hitl.server.inbox.documents import Document
from hitl.server.inbox.fields import as_text
from hitl.server.inbox.forms import Form
from hitl.server.primitives.errors import Fault, raise_faults

_NOT_SENT: Final = "must be a string, a number, true, false, or a list of these, as a form sends them"


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


def texts_of(given: Mapping[str, Any], form: Form) -> dict[str, list[str]]:
    """Return answers as the texts that a form sends; refuse those that a browser cannot send."""
    kinds = {control.name: control.kind for control in _answerable(form)}
    unknown = f"is not a field of this form; it has: {', '.join(sorted(kinds)) or 'none'}"
    raise_faults(Fault(name, unknown) for name in given if name not in kinds)
    faults: list[Fault] = []
    texts: dict[str, list[str]] = {}
    for name, value in given.items():
        # An edited object or list may be given as such, or as its JSON.
        is_whole = kinds[name] in ("edit_json", "arguments")
        values = value if is_list(value) and not is_whole else [value]
        if not is_whole and any(is_object(each) or is_list(each) for each in values):
            faults.append(Fault(name, _NOT_SENT))
        texts[name] = [as_text(each) for each in values if each is not None]
    raise_faults(faults)
    return {name: values for name, values in texts.items() if values}


def _answerable(form: Form) -> list[Control]:
    return [control for control in (*form.inputs, *form.displays) if control.kind != "show"]


def _field(control: Control) -> dict[str, Any]:
    choices = [{"value": choice.value, "label": choice.label} for choice in control.choices]
    return {"name": control.name, "label": control.label, "required": control.required, "choices": choices}
