"""The form that a person answers about a call, and what may be given in it besides."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from hitl._json import Object
from hitl.approval.ledger import Approval, NewAllowance

FORM_NAME: Final = "hitl.approval/1"
FORM: Final[Sequence[Object]] = (
    {"name": "action", "type": "content_display", "label": "Action"},
    {"name": "description", "type": "content_display", "label": "What it does"},
    {"name": "preview", "type": "content_display", "label": "What will change"},
    {"name": "arguments", "type": "content_display", "label": "Arguments", "editable": True},
    {"name": "approved", "type": "boolean", "label": "Run it?", "required": True},
    {"name": "feedback", "type": "text", "label": "Feedback"},
)
GIVEN: Final = "allowance"  # the option, and the field
OFFERED: Final = "hitl_allowance"  # the name in the review's metadata of what a yes may give besides


def form_for(offer: NewAllowance | None) -> Sequence[Object]:
    """Return the fields of the form, with those for what a person may give besides."""
    if offer is None:
        return FORM
    most = "" if offer.uses is None else f", {offer.uses} at most"
    options = [
        {"value": "once", "label": "Only this one"},
        {"value": GIVEN, "label": f"Also the next {offer.minutes:g} minutes of '{offer.rule}'{most}"},
    ]
    return [*FORM, {"name": "allowance", "type": "select", "label": "What a yes is for", "options": options}]


def given_with(row: Approval) -> NewAllowance | None:
    """Return what was offered with a question."""
    facts = row.body["metadata"].get(OFFERED)
    return None if facts is None else NewAllowance(**json.loads(facts))
