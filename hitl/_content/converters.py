"""How each type of value in the content of a review is converted to JSON.

One function for each kind of value, then the tables of which function is for which type: `_EXACT` for the types of
JSON, `_BY_NAME` for classes and their subclasses, `_BEFORE_NAMES` and `_BY_SHAPE` for types recognised by their
attributes or base classes. Types of other packages are known by name, so nothing here imports numpy, pandas, pydantic
or attrs.

The same tables for readers are in docs/reference/content.md; tests/content/test_content.py compares the two.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, MappingView, Reversible, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from functools import partial
from types import MemberDescriptorType
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

from hitl._content.conversion import FIELD, MEMBER, Conversion, Converter, type_name
from hitl._content.frames import frame_rows
from hitl._json import MAX_DIGITS

if TYPE_CHECKING:
    from hitl._content.files import File

# json.dumps cannot write an integer of more digits than this (CVE-2020-10735).
_LARGEST_INT = 10**MAX_DIGITS


def _same(_: Conversion, value: Any) -> Any:
    return value


def _null(*_: Any) -> None:
    return None


def _text(conversion: Conversion, value: str) -> str:
    plain = str.__str__(value)  # whatever the __str__ of a subclass returns
    try:
        plain.encode()
    except UnicodeEncodeError:
        raise conversion.refuse(
            "holds half a surrogate pair, which UTF-8 cannot carry: "
            "repair it with value.encode('utf-16', 'surrogatepass').decode('utf-16', 'replace')"
        ) from None
    return plain


def _integer(conversion: Conversion, value: int) -> int:
    if not -_LARGEST_INT < value < _LARGEST_INT:
        raise conversion.refuse(f"is an integer of more than {MAX_DIGITS} digits: send it as text, such as hex(value)")
    return int.__index__(value)


def _float(_: Conversion, value: float) -> float | str | None:
    if math.isfinite(value):
        return float.__float__(value)
    return None if math.isnan(value) else _infinity(value)


def _infinity(value: Any) -> str:
    return "Infinity" if value > 0 else "-Infinity"


def _decimal(_: Conversion, value: Any) -> str | None:
    if value.is_nan():
        return None
    return _infinity(value) if value.is_infinite() else str(value)  # a string keeps 129.90 from becoming 129.9


def _fraction(conversion: Conversion, value: Any) -> str:
    numerator, denominator = _integer(conversion, value.numerator), _integer(conversion, value.denominator)
    return str(numerator) if denominator == 1 else f"{numerator}/{denominator}"


def _moment(_: Conversion, value: Any) -> str:
    text: str = value.isoformat()
    return text


def _time(conversion: Conversion, value: Any) -> str:
    if value.tzinfo is not None and value.utcoffset() is None:
        raise conversion.refuse(
            "is a time whose zone has another offset on other days: send a datetime, or name the zone"
        )
    return _moment(conversion, value)


def _duration(_: Conversion, value: Any) -> str:
    seconds = value.days * 86_400 + value.seconds
    nanoseconds = value.microseconds * 1000 + getattr(value, "nanoseconds", 0)  # pandas.Timedelta is finer than Python
    return _iso_duration(seconds * 10**9 + nanoseconds)


def _iso_duration(nanoseconds: int) -> str:
    """Return "P1DT2H3.5S"; the leading minus sign is an extension of ISO 8601-2 that most parsers know."""
    seconds, fraction = divmod(abs(nanoseconds), 10**9)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    clock = "".join(f"{count}{unit}" for count, unit in ((hours, "H"), (minutes, "M")) if count)
    if seconds or fraction:
        clock += f"{seconds}.{fraction:09}".rstrip("0").rstrip(".") + "S"
    text = (f"{days}D" if days else "") + (f"T{clock}" if clock else "")
    return ("-" if nanoseconds < 0 else "") + "P" + (text or "T0S")


def _as_str(conversion: Conversion, value: Any) -> str:
    return _text(conversion, str(value))


def _path(conversion: Conversion, value: os.PathLike[Any]) -> Any:
    return conversion.convert(os.fspath(value))


def _dict(conversion: Conversion, value: dict[Any, Any]) -> dict[str, Any]:
    return conversion.object_of(value, value.items())


def _mapping(conversion: Conversion, value: Any) -> dict[str, Any]:
    items: list[tuple[Any, Any]] = list(value.items())
    values_of = _values_of(type(value))
    for key, first in items if values_of else ():
        values = values_of(value, key)
        # If the item is none of them it is all of them in one, as httpx joins headers.
        if len(values) > 1 and any(each is first for each in values):
            raise conversion.refuse(
                f"has {len(values)} values for the key {key!r}, and an object of JSON holds one: "
                f"send {{key: value.{values_of.__name__}(key) for key in value}}, with a list for each key"
            )
    return conversion.object_of(value, items)


def _values_of(kind: Any) -> Any:
    """Return the method of a mapping that returns all values of a key, as Starlette, multidict and httpx call it."""
    return next((getattr(kind, name) for name in ("getlist", "getall", "get_list") if hasattr(kind, name)), None)


def _list(conversion: Conversion, value: Iterable[Any]) -> list[Any]:
    return conversion.array_of(value, list(value))


def _set(conversion: Conversion, value: Iterable[Any]) -> list[Any]:
    # First by their JSON: it is another one for 1 and 1.0, which the second sorting leaves in their order.
    members = sorted(conversion.array_of(value, list(value), step=MEMBER), key=partial(json.dumps, sort_keys=True))
    with suppress(TypeError):  # members of several types stay in the order of their JSON
        return sorted(members)
    return members


def _attributes(names_of: Callable[[Any], Iterable[str]]) -> Converter:
    """Return the converter of a class to an object of its public fields."""

    def convert(conversion: Conversion, value: Any) -> dict[str, Any]:
        public = (name for name in names_of(value) if not name.startswith("_"))
        # All are read first: one that is missing is a fault of the object, not of its field before that.
        return conversion.object_of(value, [(name, getattr(value, name)) for name in public], step=FIELD)

    return convert


def _named_tuple(conversion: Conversion, value: Any) -> dict[str, Any]:
    if lost := [name for name in value._fields if name.startswith("_")]:  # only `rename=True` makes such names
        raise conversion.refuse(
            f"is a named tuple in which {lost[0]} stands for a name that is no identifier and that is lost: "
            "send a dict; for the rows of a data frame, frame.to_dict('records')"
        )
    return conversion.object_of(value, zip(value._fields, value, strict=True), step=FIELD)


def _row(conversion: Conversion, value: Any) -> dict[str, Any]:
    names = getattr(value, "_fields", None) or getattr(value, "__fields__", None) or value.keys()
    return conversion.object_of(value, zip(names, value, strict=True))


def _pydantic(conversion: Conversion, value: Any) -> Any:
    kind = cast("Any", type(value))
    fields: Iterable[str] = kind.model_fields if hasattr(kind, "model_fields") else kind.__fields__
    if missing := [name for name in fields if name not in vars(value)]:  # model_dump() would leave them out
        raise conversion.refuse(
            f"is a {type_name(value)} whose field {missing[0]!r} has no value: make it with all of its fields"
        )
    # The model's own method, because it knows excluded fields and custom serializers; `dict` in pydantic 1.
    dump = value.model_dump if hasattr(value, "model_dump") else value.dict
    plain: Any = dump()
    if type(plain) is not dict:  # a RootModel
        return conversion.convert(plain)
    return conversion.object_of(value, cast("dict[str, Any]", plain).items(), step=FIELD)


def _numpy_datetime(conversion: Conversion, value: Any) -> Any:
    plain = value.item()
    if isinstance(plain, int):  # finer than Python's microseconds, or beyond its years
        rounded = value.astype("datetime64[us]")
        plain = rounded.item() if rounded == value else str(value)
    return str(value) if isinstance(plain, int) else conversion.convert(plain)


def _numpy_timedelta(conversion: Conversion, value: Any) -> Any:
    plain = value.item()
    if not isinstance(plain, int):
        return conversion.convert(plain)
    if value.dtype.name != "timedelta64[ns]":
        raise conversion.refuse(
            f"is a {value.dtype.name}, which has no length in seconds: send a number and name its unit"
        )
    return _iso_duration(plain)


def _numpy_array(conversion: Conversion, value: Any) -> Any:
    if value.dtype.names and not value.ndim:
        return _numpy_record(conversion, value)
    # tolist() turns nanoseconds into plain integers, and records into tuples; the elements keep their type.
    plain: Any = value.tolist() if value.dtype.kind not in "mMV" else list(value) if value.ndim else value[()]
    return (
        conversion.array_of(value, cast("Iterable[Any]", plain)) if type(plain) is list else conversion.convert(plain)
    )


def _numpy_record(conversion: Conversion, value: Any) -> Any:
    names: tuple[str, ...] | None = value.dtype.names
    if names is None:  # raw bytes
        return conversion.convert(value.item())
    return conversion.object_of(value, [(name, value[name]) for name in names])


def _numpy_longdouble(conversion: Conversion, value: Any) -> Any:
    plain = float(value)  # its item() is a longdouble, too
    if math.isinf(plain) and plain != value:
        raise conversion.refuse("is beyond the numbers that a float can hold: send str(value)")
    return conversion.convert(plain)


def _file(conversion: Conversion, value: File) -> dict[str, Any]:
    from hitl._content.files import file_object  # loaded with the first file

    return conversion.object_of(value, file_object(value).items())


def _refusal(advice: str) -> Converter:
    def refuse(conversion: Conversion, value: Any) -> Any:
        raise conversion.refuse(f"is of type {type_name(value)}, which has no JSON form: {advice}")

    return refuse


# --- which function for which type -----------------------------------------------------------------------------------

_REFUSED: dict[str, str] = {
    "builtins.bytes builtins.bytearray builtins.memoryview": (
        "decode it to text, or send base64.b64encode(value).decode(); of a file or a picture, hitl.File(value)"
    ),
    "builtins.function builtins.builtin_function_or_method builtins.method builtins.type functools.partial": (
        "call it and send what it returns, or send its name"
    ),
    "_io._IOBase": "read it, and send the text or its base64 form",
    "builtins.coroutine": "await it and send what it returns",
    "PIL.Image": "send hitl.File(value)",
    "builtins.complex numpy.complexfloating": "send [value.real, value.imag] or str(value)",
    "builtins.ellipsis": "put a value in place of the three dots",
    "http.Morsel": "send value.value",  # a dict of the attributes of a cookie, without its value
}
"""The types without a JSON form, by name as below, and what to do instead."""

_REFUSE_ITERATOR = _refusal("reading it would use it up, so send list(value)")
_REFUSE_UNKNOWN = _refusal("make a dict, list, str or number of it, for instance with vars(value) or str(value)")

_EXACT: dict[type, Converter] = {
    bool: _same,
    type(None): _same,
    str: _text,
    int: _integer,
    float: _float,
    dict: _dict,
    list: _list,  # a copy, since another thread may change it meanwhile
}
"""The types of JSON itself, by far the most frequent ones."""

_BY_NAME: dict[str, Converter] = {
    "builtins.str": _text,
    "builtins.int": _integer,
    "builtins.float": _float,
    "collections.UserString": _as_str,
    "decimal.Decimal": _decimal,
    "fractions.Fraction": _fraction,
    "uuid.UUID": _as_str,
    "datetime.date": _moment,
    "datetime.time": _time,
    "datetime.timedelta": _duration,
    "collections.deque": _list,
    "numpy.generic": lambda conversion, value: conversion.convert(value.item()),
    "numpy.void": _numpy_record,
    "numpy.longdouble": _numpy_longdouble,
    "numpy.datetime64": _numpy_datetime,
    "numpy.timedelta64": _numpy_timedelta,
    "numpy.ndarray": _numpy_array,
    "pandas.NaTType": _null,
    "pandas.NAType": _null,
    "pandas.Period": _as_str,
    "pandas.Interval": _as_str,
    "pandas.DataFrame": frame_rows,
    "pandas.Series": _mapping,
    "pandas.Index": _list,
    "pandas.ExtensionArray": _list,
    "pydantic.BaseModel": _pydantic,
}
"""Converter by package and class name; the nearest base class counts, so a pandas.Timestamp is a datetime.date."""

for _names, _advice in _REFUSED.items():
    _BY_NAME.update(dict.fromkeys(_names.split(), _refusal(_advice)))


def _is_file(kind: type) -> bool:
    return _name_in_tables(kind) == "hitl.File"


def _is_enum(kind: type) -> bool:
    return any(_name_in_tables(base) == "enum.Enum" for base in kind.__mro__)


def _is_named_tuple(kind: type) -> bool:
    return hasattr(kind, "_fields") and issubclass(kind, tuple)


def _is_row(kind: Any) -> bool:
    """Return whether a sequence names its parts, as the rows of sqlite3, SQLAlchemy, psycopg2 and Spark do."""
    return any(hasattr(kind, name) for name in ("keys", "_fields", "asDict")) and issubclass(kind, Sequence)


def _is_struct_sequence(kind: Any) -> bool:
    """Return whether it is a tuple with names of the interpreter's own, such as time.struct_time."""
    return hasattr(kind, "n_sequence_fields") and issubclass(kind, tuple)


def _members(value: object) -> list[str]:
    return [name for name, each in vars(type(value)).items() if type(each) is MemberDescriptorType]


def _is_ordered_set(kind: type) -> bool:
    return issubclass(kind, AbstractSet) and issubclass(kind, Reversible)


_BEFORE_NAMES: tuple[tuple[Callable[[type], bool], Converter], ...] = (
    (_is_file, _file),
    (_is_enum, lambda conversion, value: conversion.convert(value.value)),  # a member of a StrEnum is a str too
    (_is_named_tuple, _named_tuple),
    (_is_row, _row),
    (_is_struct_sequence, _attributes(_members)),
    (_is_ordered_set, _list),
    (dataclasses.is_dataclass, _attributes(lambda value: (each.name for each in dataclasses.fields(value)))),
    (
        lambda kind: hasattr(kind, "__attrs_attrs__"),
        _attributes(lambda value: (each.name for each in value.__attrs_attrs__)),
    ),
)

_BY_SHAPE: tuple[tuple[type, Converter], ...] = (
    (os.PathLike, _path),
    (Mapping, _mapping),
    (MappingView, _list),  # before Set: the keys of a dict have an order
    (AbstractSet, _set),
    (Sequence, _list),
    (Iterator, _REFUSE_ITERATOR),
)


_FOUND: WeakKeyDictionary[type, Converter] = WeakKeyDictionary()
"""The results of the search below; weak, because programs create classes while they run."""


def converter_for(kind: type) -> Converter:
    """Return the function that converts values of exactly this type to JSON, or refuses them."""
    return _EXACT.get(kind) or _FOUND.get(kind) or _FOUND.setdefault(kind, _search_tables(kind))


def _search_tables(kind: type) -> Converter:
    for fits, converter in _BEFORE_NAMES:
        if fits(kind):
            return converter
    for base in kind.__mro__:
        if found := _BY_NAME.get(_name_in_tables(base)):
            return found
    return next((converter for shape, converter in _BY_SHAPE if issubclass(kind, shape)), _REFUSE_UNKNOWN)


def _name_in_tables(kind: type) -> str:
    # Only the package: between releases pandas moved its classes from pandas.core.frame and others to pandas itself.
    return f"{kind.__module__.partition('.')[0]}.{kind.__name__}"
