"""Arguments that a person edited, read by the function's annotations; text never becomes a number here."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, Union, get_args, get_origin

from hitl._forms import form_of
from hitl._json import Object, as_list, is_object
from hitl._verdict import is_same
from hitl.approval.calls import Target
from hitl.approval.canonical import is_plain, shown
from hitl.exceptions import AnswerError, FormError

_UNTYPED = (inspect.Parameter.empty, Any, object, dict, list, dict[str, Any], list[Any])


class EditError(ValueError):
    """An edit that must not run."""


def edited(target: Target, arguments: Mapping[str, Any], shown: Object, answer: Any) -> dict[str, Any]:
    """Return the arguments with a person's edits; what was not changed keeps its live objects.

    Args:
        target: The function.
        arguments: The live arguments.
        shown: What the person saw of them.
        answer: What came back; None for nothing.

    Raises:
        EditError: a name was added or removed, a value is not of its type, or it is one that cannot be edited.
    """
    if answer is None or is_same(shown, answer):
        return dict(arguments)
    if not is_object(answer) or answer.keys() != shown.keys():
        raise EditError("the names of the arguments were changed")
    found = dict(arguments)
    for name, value in answer.items():
        if is_same(shown[name], value):
            continue
        if not target.is_editable(name):
            raise EditError(f"{name} takes any number of arguments, so it cannot be edited")
        found[name] = _read(_annotation(target, name), arguments[name], value, name)
    return found


def _annotation(target: Target, name: str) -> Any:
    return target.signature.parameters[name].annotation if target.signature else inspect.Parameter.empty


def _read(kind: Any, before: Any, value: Any, path: str) -> Any:
    if kind in _UNTYPED:
        if type(before) is float and type(value) is int:
            value = _typed(float, value, path)  # JSON has one kind of number
        if not is_plain(before) or type(value) is not type(before):
            raise EditError(
                f"{path} has no annotation that says more, so it must stay a {type(before).__name__} of JSON"
            )
        return value
    try:
        return _typed(kind, value, path)
    except (AnswerError, FormError) as error:
        raise EditError(f"{path} {_tail(error)}") from None


def _tail(error: AnswerError | FormError) -> str:
    return str(error).partition("' ")[2] or str(error)


def _typed(kind: Any, value: Any, path: str) -> Any:
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        others = [each for each in parts if each is not types.NoneType]
        if value is None and len(others) < len(parts):
            return None
        if len(others) != 1:
            raise EditError(f"{path} may be of several types, so it cannot be edited")
        return _typed(others[0], value, path)
    if origin is Literal:
        found = [each for each in parts if is_same(shown(each), value)]
        return found[0] if len(found) == 1 else form_of(kind).read_one(value, path)
    if origin in (list, set, frozenset, tuple) and parts:
        return _sequence(origin, parts, value, path)
    if origin is dict and len(parts) == 2 and parts[0] is str:
        if not is_object(value):
            raise EditError(f"{path} must be an object")
        return {name: _typed(parts[1], each, f"{path}.{name}") for name, each in value.items()}
    form = form_of(kind)
    return form.read_one(value, path)


def _sequence(origin: Callable[[Iterable[Any]], Any], parts: tuple[Any, ...], value: Any, path: str) -> Any:
    entries = as_list(value)
    if entries is None:
        raise EditError(f"{path} must be a list")
    if origin is tuple and ... not in parts:
        if len(parts) != len(entries):
            raise EditError(f"{path} must have {len(parts)} entries")
        kinds = list(parts)
    else:
        kinds = [parts[0]] * len(entries)
    pairs = enumerate(zip(kinds, entries, strict=True))
    return origin([_typed(kind, each, f"{path}[{index}]") for index, (kind, each) in pairs])
