"""Forms made of Python types: scalars, choices, lists of them, and classes with members."""

from __future__ import annotations

import collections.abc
import dataclasses
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, Flag
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    NewType,
    NoReturn,
    NotRequired,
    Required,
    TypeAlias,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

import attrs

from hitl._forms import questions
from hitl._forms.form import Form, Group, Member, Question
from hitl._forms.questions import Bounds
from hitl._forms.schema import form_of_schema
from hitl._json import is_object
from hitl.exceptions import FormError

Asked: TypeAlias = Question | Group

_NUMBER: Final = frozenset({"ge", "gt", "le", "lt", "multiple_of"})
_TEXT: Final = frozenset({"min_length", "max_length", "pattern"})


def form_of(kind: Any) -> Form[Any]:
    """Return the form that asks for a value of a type, or of a JSON Schema.

    Raises:
        FormError: no form can ask for it; `path` says which part.
    """
    if is_object(kind):
        return form_of_schema(kind)
    asked = _asked(kind, "", ())
    if isinstance(asked, Optional):
        refuse("", f"{_name(kind)} may be None, and an answer of nothing is none")
    return Form(_name(kind), asked)


def refuse(path: str, why: str) -> NoReturn:
    """Refuse a type."""
    raise FormError(f"{path}: {why}" if path else why, path=path)


@attrs.frozen
class Optional:
    """What may be left unanswered."""

    asked: Question


def _asked(kind: Any, path: str, within: tuple[Any, ...]) -> Asked | Optional:
    """Return what to ask for a type; `within` holds the classes that it is a part of."""
    kind, metadata = _unwrapped(kind)
    if get_origin(kind) in (Union, types.UnionType):
        return _optional(kind, metadata, path, within)
    label, bounds = _constraints(metadata, path)
    asked = _of_scalar(kind, bounds, path) or _of_list(kind, bounds, path, within)
    if asked is not None:
        return asked if label is None else asked.labelled(label)
    if bounds.given:
        refuse(path, f"{_name(kind)} takes no bounds")
    if kind in within:
        refuse(path, f"{_name(kind)} is a part of itself, so its form would never end")
    members = _members(kind, path)
    if members is None:
        refuse(path, f"no form can ask for {_name(kind)}")
    return _group(kind, members, path, (*within, kind))


def _unwrapped(kind: Any) -> tuple[Any, tuple[Any, ...]]:
    """Return a type without its names and qualifiers, and the metadata of `Annotated`."""
    metadata: tuple[Any, ...] = ()
    while True:
        if get_origin(kind) is Annotated:
            kind, metadata = kind.__origin__, (*kind.__metadata__, *metadata)
        elif isinstance(kind, NewType):
            kind = kind.__supertype__
        elif type(kind).__name__ == "TypeAliasType":  # of Python 3.12, and of typing_extensions
            kind = kind.__value__
        elif getattr(get_origin(kind), "_name", None) in ("Required", "NotRequired", "ReadOnly"):
            kind = get_args(kind)[0]
        else:
            return kind, metadata


def _optional(kind: Any, metadata: tuple[Any, ...], path: str, within: tuple[Any, ...]) -> Optional:
    others = [each for each in get_args(kind) if each is not types.NoneType]
    if len(others) > 1:
        refuse(path, f"{_name(kind)} is a union of several types, and an answer would not say which")
    inner = Annotated[(others[0], *metadata)] if metadata else others[0]
    asked = _asked(inner, path, within)
    if isinstance(asked, Group):
        refuse(path, f"{_name(others[0])} has members of its own, so it cannot be left out")
    return asked if isinstance(asked, Optional) else Optional(asked)


# --- single values ---------------------------------------------------------------------------------------------------

_NUMBERS: Final[Mapping[Any, Callable[[Bounds], Question]]] = {
    int: questions.integer,
    float: questions.number,
    Decimal: questions.decimal,
}
_OTHERS: Final[Mapping[Any, Callable[[], Question]]] = {
    bool: questions.boolean,
    date: questions.day,
    datetime: questions.moment,
}


def _of_scalar(kind: Any, bounds: Bounds, path: str) -> Question | None:
    if not isinstance(kind, collections.abc.Hashable):
        return None
    if kind in _NUMBERS:
        _require_bounds(kind, bounds, _NUMBER, path)
        return _NUMBERS[kind](bounds)
    if kind is str:
        _require_bounds(kind, bounds, _TEXT, path)
        return questions.text(bounds)
    options = _options(kind, path)
    if options is None and kind not in _OTHERS:
        return None
    _require_bounds(kind, bounds, frozenset(), path)
    return _OTHERS[kind]() if options is None else questions.choice(options)


def _require_bounds(kind: Any, bounds: Bounds, known: frozenset[str], path: str) -> None:
    if unknown := bounds.given - known:
        refuse(path, f"{_name(kind)} takes no {' and no '.join(sorted(unknown))}")


def _options(kind: Any, path: str) -> dict[str, Any] | None:
    """Return the values of a Literal or an Enum by the texts that stand for them in a form."""
    if get_origin(kind) is Literal:
        values = list(get_args(kind))
        pairs = [(each if isinstance(each, str) and each.strip() else _literal(each), each) for each in values]
    elif isinstance(kind, type) and issubclass(kind, Enum):
        if issubclass(kind, Flag):
            refuse(path, f"{_name(kind)} is a Flag, whose values are more than its members")
        pairs = [(each.name, each) for each in kind]
    else:
        return None
    if not pairs:
        refuse(path, f"{_name(kind)} has no values to choose from")
    options = dict(pairs)
    if len(options) < len(pairs):
        refuse(path, f"two values of {_name(kind)} would look the same")
    return options


def _literal(value: object) -> str:
    return str(value) if isinstance(value, Enum) else repr(value)


_COLLECTIONS: Final[Mapping[Any, Callable[[Iterable[Any]], Any]]] = {
    list: list,
    set: set,
    frozenset: frozenset,
    tuple: tuple,
    collections.abc.Sequence: list,
    collections.abc.Set: set,
}


def _of_list(kind: Any, bounds: Bounds, path: str, within: tuple[Any, ...]) -> Question | None:
    collect = _COLLECTIONS.get(get_origin(kind)) if isinstance(get_origin(kind), collections.abc.Hashable) else None
    if collect is None:
        return None
    parts = [each for each in get_args(kind) if each is not ...]
    if len(parts) != 1 or (collect is tuple and ... not in get_args(kind)):
        refuse(path, f"{_name(kind)} must have entries of one type, as in tuple[str, ...]")
    _require_bounds(kind, bounds, frozenset(), path)
    options = _options(_unwrapped(parts[0])[0], path)
    if options is not None:
        return questions.choices(options, collect)
    entry = _asked(parts[0], f"{path}[]", within)
    if not isinstance(entry, Question) or entry.field["type"] not in ("text", "integer", "number"):
        refuse(f"{path}[]", f"a list of {_name(parts[0])} cannot be one field")
    if "placeholder" in entry.field:
        refuse(f"{path}[]", "a list of lists cannot be one field")
    return questions.lines(entry, collect)


# --- classes with members --------------------------------------------------------------------------------------------

_Members: TypeAlias = "dict[str, tuple[Any, str, Any]]"
"""By name: the type, what the constructor calls it, and its default, which is `_NEEDED` if it has none."""

_NEEDED: Final = object()
_UNKNOWN: Final = object()  # a default that only the class can make


def _members(kind: Any, path: str) -> _Members | None:
    read = next((read for is_such, read in _CLASSES if is_such(kind)), None)
    if read is None:
        return None
    try:
        # pydantic has read its own, which may be more than Python can.
        hints = {} if read is _of_pydantic else get_type_hints(kind, include_extras=True)
    except Exception as error:  # a forward reference may fail in any way
        refuse(path, f"the annotations of {_name(kind)} cannot be read: {error}")
    return read(kind, hints)


def _is_a_class(kind: Any) -> bool:
    return isinstance(kind, type) and get_origin(kind) is None


def _of_typed_dict(kind: Any, hints: Mapping[str, Any]) -> _Members:
    required = {name for name in hints if name in kind.__required_keys__ and not _is_marked(hints[name], NotRequired)}
    return {
        name: (hint, name, _NEEDED if name in required or _is_marked(hint, Required) else _UNKNOWN)
        for name, hint in hints.items()
    }


def _is_marked(hint: Any, mark: Any) -> bool:
    """Return whether a qualifier stands at a hint: the class itself cannot read those that were written as texts."""
    return get_origin(hint) is mark or (get_origin(hint) is Annotated and get_origin(hint.__origin__) is mark)


def _of_dataclass(kind: Any, hints: Mapping[str, Any]) -> _Members:
    given = [each for each in dataclasses.fields(kind) if each.init]
    return {each.name: (hints[each.name], each.name, _dataclass_default(each)) for each in given}


def _of_attrs(kind: Any, hints: Mapping[str, Any]) -> _Members:
    given = [each for each in attrs.fields(kind) if each.init]
    default = {each.name: _or_unknown(each.default, attrs.NOTHING) for each in given}
    return {str(each.alias): (hints.get(each.name, Any), str(each.alias), default[each.name]) for each in given}


def _of_named_tuple(kind: Any, hints: Mapping[str, Any]) -> _Members:
    return {name: (hint, name, kind._field_defaults.get(name, _NEEDED)) for name, hint in hints.items()}


def _of_pydantic(kind: Any, _: Mapping[str, Any]) -> _Members:
    members: _Members = {}
    for name, info in kind.model_fields.items():
        alias = info.validation_alias or info.alias or name
        default = _NEEDED if info.is_required() else _UNKNOWN if info.default_factory else info.default
        # Bounds in `Field(...)` stand apart from the annotation.
        members[name] = (Annotated[(info.annotation, info)], alias if isinstance(alias, str) else name, default)
    return members


_CLASSES: Final[Sequence[tuple[Callable[[Any], bool], Callable[[Any, Mapping[str, Any]], _Members]]]] = (
    (is_typeddict, _of_typed_dict),
    (lambda kind: _is_a_class(kind) and dataclasses.is_dataclass(kind), _of_dataclass),
    (lambda kind: _is_a_class(kind) and attrs.has(kind), _of_attrs),
    (lambda kind: _is_a_class(kind) and hasattr(kind, "_field_defaults"), _of_named_tuple),
    (lambda kind: _is_a_class(kind) and hasattr(kind, "model_validate"), _of_pydantic),
)


def _dataclass_default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return _UNKNOWN
    return _or_unknown(field.default, dataclasses.MISSING)


def _or_unknown(default: Any, missing: Any) -> Any:
    if default is missing:
        return _NEEDED
    return _UNKNOWN if isinstance(default, attrs.Factory) else default  # type: ignore[arg-type]


def _group(kind: Any, members: _Members, path: str, within: tuple[Any, ...]) -> Group:
    if not members:
        refuse(path, f"{_name(kind)} has no members to ask for")
    return Group(
        {name: _member(each, f"{path}.{name}" if path else name, within) for name, each in members.items()},
        _builder(kind),
    )


def _member(member: tuple[Any, str, Any], path: str, within: tuple[Any, ...]) -> Member:
    hint, key, default = member
    asked = _asked(hint, path, within)
    has_default = default is not _NEEDED
    if isinstance(asked, Group):
        return Member(asked, key)
    question = asked.asked if isinstance(asked, Optional) else asked
    return Member(
        question,
        key,
        is_required=not (has_default or isinstance(asked, Optional)),
        default=_shown(question, default) if has_default else None,
        is_left_out=has_default,
    )


def _shown(question: Question, default: Any) -> Any:
    """Return how a form shows a default; None if it does not."""
    if isinstance(default, Enum):
        default = default.name
    if question.field["type"] == "select":
        return default if any(each["value"] == default for each in question.field["options"]) else None
    kinds = {name for kind, names in _SHOWN if isinstance(default, kind) for name in names}
    return default if question.field["type"] in kinds else None


_SHOWN: Final[Sequence[tuple[type, tuple[str, ...]]]] = (
    (str, ("text",)),
    (bool, ("boolean",)),
    (int, ("integer", "number")),
    (float, ("number",)),
)


def _builder(kind: Any) -> Callable[[dict[str, Any]], Any]:
    if hasattr(kind, "model_validate"):
        return lambda values: kind.model_validate(values, strict=True)
    return lambda values: kind(**values)


# --- bounds ----------------------------------------------------------------------------------------------------------


def _constraints(metadata: Iterable[Any], path: str) -> tuple[str | None, Bounds]:
    """Return the label and the bounds in the metadata of `Annotated`, read by attribute: nothing is imported for it."""
    label: str | None = None
    found: dict[str, Any] = {}
    for each in _flat(metadata):
        if isinstance(each, str):
            label = each
            continue
        bounds = {name: value for name in (*_NUMBER, *_TEXT) if (value := getattr(each, name, None)) is not None}
        if not bounds and type(each).__module__.split(".")[0] == "annotated_types":
            refuse(path, f"no form can check {type(each).__name__}")
        found.update(bounds)
    pattern = found.get("pattern")
    found["pattern"] = getattr(pattern, "pattern", pattern)  # it may be a compiled one
    return label, Bounds(**found)


def _flat(metadata: Iterable[Any]) -> Iterable[Any]:
    for each in metadata:
        if getattr(each, "__is_annotated_types_grouped_metadata__", False):
            yield from _flat(each)
        elif type(each).__name__ == "FieldInfo":
            if isinstance(each.title, str):
                yield each.title
            yield from _flat(each.metadata)
        else:
            yield each


def _name(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) and get_origin(kind) is None else str(kind).replace("typing.", "")
