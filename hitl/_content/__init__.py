"""Conversion of any Python value to JSON, before anything is sent.

For the checks of arguments in `hitl._api`; `safe_repr` is for the errors of batches, too.
"""

from __future__ import annotations

from typing import Any, cast

from hitl._content.conversion import Conversion, safe_repr
from hitl._content.converters import converter_for
from hitl._content.plain_text import is_small, plain_text
from hitl._json import EncodedObject, Object, is_object

__all__ = ["safe_repr", "to_json", "to_object"]

_SMALL = 16  # values; below that, two steps cost less than one that is quicker


def to_json(value: object, *, path: str = "content") -> Any:
    """Return `value` made of dict, list, str, int, finite float, bool and None only; the input is not changed.

    `path` is the name of the value in the ContentError that is raised if something in it has no JSON form.
    """
    return Conversion(path, converter_for).convert_all(value)


def to_object(value: object, *, path: str = "content") -> Object | None:
    """Return what `to_json` does if it is an object, else None; a large one has its JSON text, as it is sent."""
    text = plain_text(value) if type(value) is dict and not is_small(value, _SMALL) else None
    if text is not None:
        return EncodedObject(cast("Object", value), text)
    plain = to_json(value, path=path)
    if not is_object(plain):
        return None
    text = None if is_small(plain, _SMALL) else plain_text(plain)
    return plain if text is None else EncodedObject(plain, text)
