"""A reviewer's result, checked against the template that it answers."""

from __future__ import annotations

from hitl.server.results.fields import DISPLAYS, approval_field, is_required, is_shown
from hitl.server.results.form import faults

__all__ = ["DISPLAYS", "approval_field", "faults", "is_required", "is_shown"]
