"""Conversion of any Python value to JSON, before anything is sent.

For the checks of arguments in `hitl._api`; `safe_repr` is for the errors of batches, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hitl._content.conversion import Conversion, safe_repr
from hitl._content.converters import converter_for
from hitl._content.frames import frame_rows, frame_text
from hitl._content.plain_text import is_small, plain_text
from hitl._json import EncodedObject, Object, encode, is_object, whole
from hitl._lazy import lazy_names
from hitl.exceptions import ContentError

if TYPE_CHECKING:
    from hitl._content.files import File

__all__ = ["File", "is_large", "safe_repr", "to_json", "to_object"]

__getattr__, __dir__ = lazy_names(__name__, {"files": ("File",)})

_DICTS = frozenset({dict})
_JSON_TYPES = frozenset({dict, list, tuple, str, int, float, bool, type(None)})
LARGE = 10_000  # values; to convert more takes milliseconds, in which an event loop would stand still
_SMALL = 16  # values; below that, two steps cost less than one that is quicker


def to_json(value: object, *, path: str = "content") -> Any:
    """Return `value` made of dict, list, str, int, finite float, bool and None only; the input is not changed.

    `path` is the name of the value in the ContentError that is raised if something in it has no JSON form.
    """
    return Conversion(path, converter_for).convert_all(value)


def to_object(value: Any, *, path: str = "content") -> Object | None:
    """Return what `to_json` does if it is an object, else None; a large one has its JSON text, as it is sent."""
    needs_text = not is_small(value, _SMALL)
    if type(value) in _DICTS:
        text = (plain_text(value) if needs_text else None) or _text_with_frames(value)
        if text is not None:
            return EncodedObject(value, text)
    plain = to_json(value, path=path)
    if not is_object(plain):
        return None
    text = plain_text(plain) if needs_text else None
    return plain if text is None else EncodedObject(plain, text)


def is_large(value: Any) -> bool:
    """Return whether a content holds more than `LARGE` values; looks at no more of them.

    Values are counted in its dicts, lists and tuples, and in the arrays and data frames among its members.
    """
    members: Iterable[Any] = value.values() if type(value) in _DICTS else ()
    return not is_small(value, LARGE) or any(_size(each) > LARGE for each in members if type(each) not in _JSON_TYPES)


def _size(value: object) -> int:
    """Return the number of values in an array or a data frame; 0 for everything else."""
    is_array = type(value).__module__.partition(".")[0] in ("numpy", "pandas")
    return whole(getattr(value, "size", 0)) or 0 if is_array else 0


def _text_with_frames(value: dict[Any, Any]) -> bytes | None:
    """Return the JSON text of a dict among whose members are data frames, if all of them are simple."""
    frames = {
        name: frame_text(Conversion("", converter_for), each)
        for name, each in value.items()
        if type(each) not in _JSON_TYPES and type(name) is str and _is_frame(each)
    }
    if not frames or None in frames.values():
        return None
    with suppress(ContentError):  # the whole is refused then
        rest = to_json({**value, **dict.fromkeys(frames)})
        return b"{%s}" % b",".join(b"%s:%s" % (encode(name), frames.get(name) or encode(rest[name])) for name in rest)
    return None


def _is_frame(value: object) -> bool:
    return converter_for(type(value)) is frame_rows
