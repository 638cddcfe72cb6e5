"""What a template says about its fields, and whether a reviewer's result satisfies it.

Pure functions over plain JSON values. `reviews` checks results and templates with them; `inbox` and `hitl.testing`
read field definitions.
"""

from __future__ import annotations

from hitl.server.results.fields import (
    APPROVALS,
    DISPLAYS,
    TemplateDocument,
    approval_field,
    approvals_needed,
    is_required,
    is_shown,
    settings,
    verdict_field,
    words,
)
from hitl.server.results.form import faults
from hitl.server.results.normal_form import normal_form

__all__ = [
    "APPROVALS",
    "DISPLAYS",
    "TemplateDocument",
    "approval_field",
    "approvals_needed",
    "faults",
    "is_required",
    "is_shown",
    "normal_form",
    "settings",
    "verdict_field",
    "words",
]
