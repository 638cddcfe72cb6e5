"""Conversion of any Python value to JSON, before anything is sent.

For the checks of arguments in `hitl._api`; `safe_repr` is for the errors of batches, too.
"""

from __future__ import annotations

from typing import Any

from hitl._content.conversion import Conversion, safe_repr
from hitl._content.converters import converter_for
from hitl._content.files import File

__all__ = ["File", "safe_repr", "to_json"]


def to_json(value: object, *, path: str = "content") -> Any:
    """Return `value` made of dict, list, str, int, finite float, bool and None only; the input is not changed.

    `path` is the name of the value in the ContentError that is raised if something in it has no JSON form.
    """
    return Conversion(path, converter_for).convert_all(value)
