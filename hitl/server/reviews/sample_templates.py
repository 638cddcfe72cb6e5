"""The templates that every new sandbox has, under the ids that the SDK's documentation uses.

Each shows what the documentation puts into `content` and asks for what it reads from `result`. Only `approved` must be
answered, so `{"approved": True}` completes a review of any of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_APPROVED = {"name": "approved", "type": "boolean", "label": "Approve?", "required": True}
_FEEDBACK = {"name": "feedback", "type": "text", "label": "Feedback", "placeholder": "What should change, and why?"}


def _shown(name: str, label: str, *, editable: bool = False) -> dict[str, Any]:
    return {"name": name, "type": "content_display", "label": label, "editable": editable}


def _template(name: str, description: str, *fields: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "description": description, "fields": [*fields, _APPROVED, _FEEDBACK]}


SAMPLE_TEMPLATES: Final[Mapping[str, Mapping[str, Any]]] = {
    "template_123": _template(
        "General review",
        "Judge a text, and edit it if a small change is all it needs.",
        _shown("text", "Text", editable=True),
    ),
    "content_review": _template(
        "Content review",
        "Judge an article before it is published.",
        _shown("text", "Article", editable=True),
        {
            "name": "quality",
            "type": "rating",
            "label": "Quality",
            "scale": 5,
            "labels": ["Poor", "Weak", "Fair", "Good", "Excellent"],
        },
    ),
    "code_review": _template(
        "Code review",
        "Judge a piece of code.",
        {"name": "code", "type": "code_display", "label": "Code", "language": "python", "editable": True},
        _shown("language", "Language"),
        _shown("complexity", "Complexity"),
    ),
    "content_moderation": _template(
        "Content moderation",
        "Decide whether a generated text may be shown.",
        _shown("prompt", "Prompt"),
        _shown("text", "Text", editable=True),
        {
            "name": "reason",
            "type": "select",
            "label": "Reason, if it may not be shown",
            "options": [
                {"value": "inaccurate", "label": "Inaccurate"},
                {"value": "offensive", "label": "Offensive"},
                {"value": "unsafe", "label": "Unsafe"},
                {"value": "spam", "label": "Spam"},
                {"value": "other", "label": "Something else"},
            ],
        },
    ),
    "data_qa": _template(
        "Data quality",
        "Judge a sample of processed data.",
        {"name": "data_sample", "type": "table_display", "label": "Sample"},
        {"name": "summary_stats", "type": "table_display", "label": "Summary"},
        _shown("processing_notes", "Notes"),
    ),
    "initial_review": _template(
        "Initial review",
        "Judge a first draft; what you write as its final wording goes on to the next step.",
        _shown("draft", "Draft"),
        {"name": "content", "type": "text", "label": "Final wording", "placeholder": "The wording that goes on"},
    ),
    "technical_review": _template(
        "Technical review",
        "Judge a text against technical requirements.",
        _shown("technical_requirements", "Requirements"),
        _shown("content", "Content", editable=True),
    ),
}
