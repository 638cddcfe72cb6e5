"""The sample templates of a new sandbox, under the ids that the SDK's documentation uses.

Each displays the `content` of the documentation's example and asks for the `result` that it reads. Only `approved` is
required, so `{"approved": True}` completes a review of any of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

_APPROVED = {"name": "approved", "type": "boolean", "label": "Approve?", "required": True}
_FEEDBACK = {"name": "feedback", "type": "text", "label": "Feedback", "placeholder": "What should change, and why?"}


def _shown(name: str, label: str, *, editable: bool = False) -> dict[str, Any]:
    return {"name": name, "type": "content_display", "label": label, "editable": editable}


def _template(name: str, description: str, *fields: Mapping[str, Any], reasons: Sequence[str] = ()) -> dict[str, Any]:
    form = {"name": name, "description": description, "fields": [*fields, _APPROVED, _FEEDBACK]}
    return {**form, "settings": {"reject_reasons": list(reasons)}} if reasons else form


SAMPLE_TEMPLATES: Final[Mapping[str, Mapping[str, Any]]] = {
    "template_123": _template(
        "General review", "Review a text and edit it if it needs small changes.", _shown("text", "Text", editable=True)
    ),
    "content_review": _template(
        "Content review",
        "Review an article before publication.",
        _shown("text", "Article", editable=True),
        {
            "name": "quality",
            "type": "rating",
            "label": "Quality",
            "scale": 5,
            "labels": ["Poor", "Weak", "Fair", "Good", "Excellent"],
        },
        reasons=("Not accurate", "Off topic", "Wrong tone"),
    ),
    "code_review": _template(
        "Code review",
        "Review a piece of code.",
        {"name": "code", "type": "code_display", "label": "Code", "language": "python", "editable": True},
        _shown("language", "Language"),
        _shown("complexity", "Complexity"),
    ),
    "content_moderation": _template(
        "Content moderation",
        "Decide whether a generated text may be published.",
        _shown("prompt", "Prompt"),
        _shown("text", "Text", editable=True),
        {
            "name": "reason",
            "type": "select",
            "label": "Reason, if it may not be published",
            "options": [
                {"value": word.lower(), "label": word}
                for word in ("Inaccurate", "Offensive", "Unsafe", "Spam", "Other")
            ],
        },
    ),
    "data_qa": _template(
        "Data quality",
        "Review a sample of processed data.",
        {"name": "data_sample", "type": "table_display", "label": "Sample"},
        {"name": "summary_stats", "type": "table_display", "label": "Summary"},
        _shown("processing_notes", "Notes"),
        reasons=("Outliers are errors", "Duplicates", "Wrong columns", "Too few records"),
    ),
    "initial_review": _template(
        "Initial review",
        "Review a first draft; your final version is passed to the next step.",
        _shown("draft", "Draft"),
        {"name": "content", "type": "text", "label": "Final version", "placeholder": "The version to pass on"},
    ),
    "technical_review": _template(
        "Technical review",
        "Review a text against technical requirements.",
        _shown("technical_requirements", "Requirements"),
        _shown("content", "Content", editable=True),
    ),
}
