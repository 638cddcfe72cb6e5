"""Anything that Python has, converted to JSON.

For the checks of arguments in `hitl._api`.
"""

from __future__ import annotations

from hitl._content.conversion import to_json

__all__ = [
    "to_json",
]
