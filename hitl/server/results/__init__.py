"""What a template says about its fields, and whether a reviewer's result satisfies it.

Pure functions over plain JSON values. `reviews` checks results and templates with them; `inbox` and `hitl.testing`
read field definitions.
"""

from __future__ import annotations

from hitl.server.results.effects import LONGEST_EFFECT, BadEffectError, Part, at, filled, parts
from hitl.server.results.fields import (
    APPROVALS,
    DISPLAYS,
    LONGEST_UNDO,
    MOST_REASONS,
    TemplateDocument,
    approval_field,
    approvals_needed,
    comment_fields,
    is_required,
    is_shown,
    settings,
    undo_seconds,
    verdict_field,
    words,
)
from hitl.server.results.form import faults
from hitl.server.results.normal_form import normal_form

__all__ = [
    "APPROVALS",
    "DISPLAYS",
    "LONGEST_EFFECT",
    "LONGEST_UNDO",
    "MOST_REASONS",
    "BadEffectError",
    "Part",
    "TemplateDocument",
    "approval_field",
    "approvals_needed",
    "at",
    "comment_fields",
    "faults",
    "filled",
    "is_required",
    "is_shown",
    "normal_form",
    "parts",
    "settings",
    "undo_seconds",
    "verdict_field",
    "words",
]
