"""What is approved, as one text: the arguments of a call as a tagged tree of JSON, written by RFC 8785.

JSON alone makes 1, 1.0 and True look alike to somebody, and forgets what a Decimal or a tuple was. So each value that
is no plain JSON carries a tag, and so does every float. `docs/reference/approval.md` has the table.
"""

from __future__ import annotations

import dataclasses
import json
import math
import sys
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, Flag
from functools import partial
from hashlib import sha256
from pathlib import Path, PosixPath, PurePosixPath, PureWindowsPath, WindowsPath
from typing import Any, Final, NoReturn, cast
from uuid import UUID

import attrs

from hitl._json import Object, is_encodable, is_list, is_object
from hitl.approval.errors import UnbindableArgument

_SAFE: Final = 2**53 - 1  # the largest integer that every reader of JSON keeps (RFC 8259, 6)
_MOST_BITS: Final = 10_000
_DEEPEST: Final = 64
_LONGEST: Final = 1024 * 1024  # characters of the whole text
_ENCODER: Final = partial(json.JSONEncoder, ensure_ascii=False, separators=(",", ":"), check_circular=False)
_WRITE: Final = _ENCODER().encode
_WRITE_SORTED: Final = _ENCODER(sort_keys=True).encode


def tree(value: Any, path: str = "", around: tuple[int, ...] = ()) -> Any:  # guard: tagged-tree
    """Return a value as JSON from which it can be told apart from every other value.

    Raises:
        UnbindableArgument: it holds something that has no such form.
    """
    if len(around) > _DEEPEST:
        _refuse(path, f"is nested more than {_DEEPEST} levels deep")
    if id(value) in around:
        _refuse(path, "contains itself")
    kind = cast("Any", type(value))
    if value is None or kind is bool:
        return value
    if (write := _SCALARS.get(kind)) is not None:
        return write(value, path)
    within = (*around, id(value))
    if kind is list:
        return [tree(each, f"{path}[{index}]", within) for index, each in enumerate(value)]
    if kind is dict:
        return _of_dict(value, path, within)
    if kind in (tuple, set, frozenset):
        entries = [tree(each, f"{path}[{index}]", within) for index, each in enumerate(value)]
        return {"$tuple": entries} if kind is tuple else {"$set": sorted(entries, key=text)}
    if isinstance(value, Enum):
        member = value.value if isinstance(value, Flag) else value.name  # a combination need not have a name
        return {"$enum": f"{name_of(kind)}.{member}"}
    if kind in _PATHS:
        return {"$path": _text(str(value), path)}
    if (names := members(value)) is not None:
        return {"$object": name_of(kind), "fields": _fields(value, names, path, within)}
    return _refuse(path, f"is {_described(value)}, which an approval cannot be bound to")


def text(value: Any) -> str:
    """Return the text of a tree by RFC 8785; there are no floats in it."""
    written = _WRITE_SORTED(value)
    # Names in ASCII have the same order in Python and in UTF-16 (RFC 8785, 3.2.3).
    return written if written.isascii() else _WRITE(_ordered(value))


def digest(value: Any) -> str:
    """Return the SHA-256 of a tree's text, in hexadecimal."""
    written = text(value)
    if len(written) > _LONGEST:
        raise UnbindableArgument(f"the arguments take {len(written)} characters; {_LONGEST} can be bound")
    return hash_of(written)


def hash_of(written: str) -> str:
    """Return the SHA-256 of a text, in hexadecimal."""
    return sha256(written.encode()).hexdigest()


def shown(value: Any) -> Any:
    """Return a bound value as plain JSON for a person."""
    kind = cast("Any", type(value))
    if value is None or kind in (bool, str, int):
        return value
    if kind is float:
        return value if math.isfinite(value) else str(value)
    if kind is dict:
        if all(type(key) is str for key in value):
            return {key: shown(each) for key, each in value.items()}
        return [{"key": shown(key), "value": shown(each)} for key, each in value.items()]  # 1 and "1" are two keys
    if kind in (set, frozenset):
        return [shown(each) for each in sorted(value, key=lambda each: text(tree(each)))]
    if isinstance(value, Enum):
        return str(value) if isinstance(value, Flag) else value.name
    if (names := members(value)) is not None:
        return {name: shown(getattr(value, name)) for name in names}
    if kind in (list, tuple):
        return [shown(each) for each in value]
    if isinstance(value, bytes | bytearray):
        return b64encode(value).decode()
    return value.isoformat() if isinstance(value, date | time) else str(value)


def is_plain(value: Any) -> bool:
    """Return whether a value is plain JSON, with nothing of another class in it."""
    if is_object(value):
        return type(value) is dict and all(type(key) is str and is_plain(each) for key, each in value.items())
    if is_list(value):
        return type(value) is list and all(map(is_plain, value))
    return type(value) in (str, int, float, bool, type(None))


def members(value: Any) -> list[str] | None:
    """Return the names of a record's members: a dataclass, an attrs class, a pydantic model or a NamedTuple."""
    kind = cast("Any", type(value))
    if _holds_more(kind):
        return None
    if dataclasses.is_dataclass(kind):
        return [each.name for each in dataclasses.fields(kind)]
    if attrs.has(kind):
        return [each.name for each in attrs.fields(kind)]
    if hasattr(kind, "_field_defaults"):  # a NamedTuple
        return list(kind._fields)
    if hasattr(kind, "model_fields") and hasattr(kind, "model_validate"):
        return [*kind.model_fields, *(getattr(value, "model_extra", None) or ())]
    return None


def name_of(thing: Any) -> str:
    """Return a name of a function or class that is the same in every process: `shop.refunds:refund`."""
    module = str(thing.__module__)
    if module == "__main__":
        file = getattr(sys.modules.get("__main__"), "__file__", None)
        module = f"__main__@{Path(file).name}" if file else "__main__"
    return f"{module}:{thing.__qualname__}"


def float_text(value: float) -> str:
    """Return a number as ECMAScript writes it, which RFC 8785 demands; "-0" keeps its sign."""
    if "e" not in (plain := repr(value)):
        return plain.removesuffix(".0")
    sign, digits_, exponent = Decimal(repr(value)).normalize().as_tuple()
    digits, count = "".join(map(str, digits_)), len(digits_)
    point = count + int(exponent)  # digits before the point
    if count <= point <= 21:
        written = digits + "0" * (point - count)
    elif 0 < point <= 21:
        written = f"{digits[:point]}.{digits[point:]}"
    elif -6 < point <= 0:
        written = f"0.{'0' * -point}{digits}"
    else:
        rest = f".{digits[1:]}" if count > 1 else ""
        written = f"{digits[0]}{rest}e{point - 1:+d}"
    return f"-{written}" if sign else written


# --- how each type is written ----------------------------------------------------------------------------------------


def _text(value: str, path: str) -> str:
    if not is_encodable(value):
        _refuse(path, "holds half of a surrogate pair, which UTF-8 cannot carry")
    return value


def _int(value: int, path: str) -> Any:
    if value.bit_length() > _MOST_BITS:
        _refuse(path, f"is a number of more than {_MOST_BITS} bits")
    return value if -_SAFE <= value <= _SAFE else {"$int": str(value)}


def _float(value: float, path: str) -> Any:
    if not math.isfinite(value):
        _refuse(path, f"is {value}, which is no number")
    return {"$float": float_text(value)}


def _decimal(value: Decimal, path: str) -> Any:
    if not value.is_finite():
        _refuse(path, f"is {value}, which is no number")
    return {"$decimal": str(value)}


def _moment(value: datetime | time, _: str) -> str:
    zone = getattr(value.tzinfo, "key", None)
    return f"{value.isoformat()}{f'[{zone}]' if zone else ''}{'#1' if value.fold else ''}"


_SCALARS: Final[Mapping[type, Callable[[Any, str], Any]]] = {
    str: _text,
    int: _int,
    float: _float,
    Decimal: _decimal,
    datetime: lambda value, path: {"$datetime": _moment(value, path)},
    time: lambda value, path: {"$time": _moment(value, path)},
    date: lambda value, _: {"$date": value.isoformat()},
    timedelta: lambda value, _: {"$timedelta": str(value // timedelta(microseconds=1))},
    UUID: lambda value, _: {"$uuid": str(value)},
    bytes: lambda value, _: {"$bytes": b64encode(value).decode()},
    bytearray: lambda value, _: {"$bytes": b64encode(value).decode()},
}


_PATHS: Final = frozenset({PurePosixPath, PosixPath, PureWindowsPath, WindowsPath})
_CONTAINERS: Final[tuple[type[Any], ...]] = (
    str,
    bytes,
    bytearray,
    int,
    float,
    Decimal,
    list,
    tuple,
    dict,
    set,
    frozenset,
    date,
    time,
)


def _holds_more(kind: type[Any]) -> bool:
    """Return whether values of a class hold more than its members: a dataclass may also be a dict."""
    return not hasattr(kind, "_field_defaults") and issubclass(kind, _CONTAINERS)


def _of_dict(value: dict[Any, Any], path: str, within: tuple[int, ...]) -> Object:
    if all(type(key) is str for key in value):
        return {
            _text(f"${key}" if key.startswith("$") else key, path): tree(each, f"{path}.{key}", within)
            for key, each in value.items()
        }
    pairs = [[tree(key, f"{path} key", within), tree(each, f"{path}[{key!r}]", within)] for key, each in value.items()]
    return {"$map": sorted(pairs, key=lambda pair: text(pair[0]))}


def _fields(value: Any, names: Iterable[str], path: str, within: tuple[int, ...]) -> Object:
    found: Object = {}
    for name in names:
        if not hasattr(value, name):
            _refuse(f"{path}.{name}", "was never set")
        found[name] = tree(getattr(value, name), f"{path}.{name}", within)
    return found


def _ordered(value: Any) -> Any:
    """Return a tree with the names of objects in the order of their UTF-16 (RFC 8785, 3.2.3)."""
    if is_object(value):
        return {name: _ordered(value[name]) for name in sorted(value, key=_utf16)}
    return [_ordered(each) for each in value] if is_list(value) else value


def _utf16(name: str) -> bytes:
    return name.encode("utf-16-be")


def _described(value: Any) -> str:
    kind = cast("Any", type(value))
    base = next((each.__name__ for each in kind.__mro__[1:] if each in (str, int, float, dict, list, bool)), None)
    return f"a {kind.__qualname__}, not a plain {base}" if base else f"of type {kind.__qualname__}"


def _refuse(path: str, why: str) -> NoReturn:
    raise UnbindableArgument(f"the argument {path or 'itself'} {why}", path=path)
