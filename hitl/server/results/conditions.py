"""The small language in which a template says when a rule applies.

    field('approval') == false and (field('score') < 3 or 'legal' in field('checks'))

The vendor shows the first comparison only and names no grammar; docs/reference/templates.md describes what is
understood here. The grammar is that of Python's expressions, so `ast` parses them. It gets names only: every string,
number and name is replaced by one before, so that no literal, escape or keyword of Python's has a meaning here. Of the
tree, only what is documented is evaluated; nothing can be called or reached, so an expression from a stranger is safe.

Values are equal if their normal forms are (`normal_form`), and what cannot be ordered is neither less nor greater.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from operator import ge, gt, le, lt
from typing import Any, Final, NamedTuple, TypeAlias, cast

from hitl.server.results.normal_form import equal

Result: TypeAlias = Mapping[str, Any]
_Evaluate: TypeAlias = Callable[[Result], Any]

_MAX_LENGTH: Final = 1_000

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>-?\d{1,300}(?:\.\d{1,300})?)
      | (?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
      | (?P<sign>(?:and|or|not|in)\b|==|!=|<=|>=|[<>()\[\],])
      | (?P<literal>(?:true|false|null)\b)
      | (?P<name>[A-Za-z_]\w*)
    )""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)


_READ: Final[Mapping[str, Callable[[str], Any]]] = {
    "number": lambda text: float(text) if "." in text else int(text),
    "string": _unquoted,
    "literal": {"true": True, "false": False, "null": None}.__getitem__,
}


class BadConditionError(ValueError):
    """The text is not a condition; the message says where and why, as a clause."""


class Condition:
    """A condition, ready to be evaluated; `fields` are the names that it reads, in the order of the text."""

    def __init__(self, text: str) -> None:
        """Parse the text; BadConditionError if it does not follow the grammar."""
        self._evaluate, self.fields = _compile(text)

    def holds(self, result: Result) -> bool:
        """Return whether a result meets the condition; this never fails, whatever the result holds."""
        return bool(self._evaluate(result))


class _Token(NamedTuple):
    kind: str
    text: str
    place: int


@lru_cache(maxsize=256)
def _compile(text: str) -> tuple[_Evaluate, tuple[str, ...]]:
    if len(text) > _MAX_LENGTH:
        raise BadConditionError(f"may have at most {_MAX_LENGTH} characters")
    tokens = list(_tokens(text))
    words = [token.text if token.kind == "sign" else f"_{index}" for index, token in enumerate(tokens)]
    source = " ".join(words)
    fields: list[str] = []
    try:
        tree = ast.parse(source, mode="eval").body
        evaluate = _evaluator(tree, dict(zip(words, tokens, strict=True)), fields)
    except SyntaxError as error:
        start = error.offset - 1 if error.offset else len(source)  # 0: at the end
        token = [*tokens, _Token("end", "", len(text) + 1)][len(source[:start].split())]
        found = repr(token.text) if token.text else "the end"
        raise BadConditionError(f"cannot be read at character {token.place}, which is {found}") from error
    except RecursionError as error:
        raise BadConditionError("is nested too deeply") from error
    return evaluate, tuple(dict.fromkeys(fields))


def _tokens(text: str) -> Iterator[_Token]:
    end = 0
    while rest := text[end:].strip():
        found = _TOKEN.match(text, end)
        if found is None:
            raise BadConditionError(f"has {rest[0]!r} at character {text.index(rest, end) + 1}, which means nothing")
        kind = found.lastgroup or ""
        yield _Token(kind, found[kind], found.start(kind) + 1)
        end = found.end()


def _evaluator(node: ast.expr, tokens: Mapping[str, _Token], fields: list[str]) -> _Evaluate:
    """Return the function from a result to an expression's value, and note the fields that it reads.

    SyntaxError if the expression is Python, but not documented here.
    """

    def inner(child: ast.expr) -> _Evaluate:
        return _evaluator(child, tokens, fields)

    def reader(name: str) -> _Evaluate:
        fields.append(name)
        return lambda result: result.get(name)

    match node:
        case ast.BoolOp(op=operator, values=values):
            parts, combine = [inner(value) for value in values], all if isinstance(operator, ast.And) else any
            return lambda result: combine(part(result) for part in parts)
        case ast.UnaryOp(operand=operand):  # only `not`: a minus is part of its number
            value = inner(operand)
            return lambda result: not value(result)
        case ast.Compare(left=first, ops=[operator], comparators=[second]):
            compare, left, right = _COMPARISONS[type(operator)], inner(first), inner(second)
            return lambda result: compare(left(result), right(result))
        case ast.Compare(comparators=[_, node, *_]):
            pass  # a chain, which means something else in each language
        case ast.List(elts=elements):
            items = [inner(element) for element in elements]
            return lambda result: [item(result) for item in items]
        case ast.Call(func=ast.Name(id=function), args=[ast.Name(id=argument)]):
            if tokens[function].text == "field" and tokens[argument].kind == "string":
                return reader(_unquoted(tokens[argument].text))
        case ast.Name(id=word) if tokens[word].kind == "name":
            return reader(tokens[word].text)
        case ast.Name(id=word):
            constant = _READ[tokens[word].kind](tokens[word].text)
            return lambda _result: constant
        case _:
            pass
    raise SyntaxError("not documented", (None, 1, node.col_offset + 1, None))


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """Return a comparison that is False for what has no order: two types, or neither numbers nor strings."""

    def ordered(left: object, right: object) -> bool:
        strings = isinstance(left, str) and isinstance(right, str)
        return (strings or (_is_number(left) and _is_number(right))) and compare(left, right)

    return ordered


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _contains(item: object, whole: object) -> bool:
    if isinstance(whole, str):
        return isinstance(item, str) and item in whole
    return isinstance(whole, list) and any(equal(item, each) for each in cast("list[object]", whole))


_COMPARISONS: Final[Mapping[type[ast.cmpop], Callable[[Any, Any], bool]]] = {
    ast.Eq: equal,
    ast.NotEq: lambda left, right: not equal(left, right),
    ast.Lt: _ordered(lt),
    ast.LtE: _ordered(le),
    ast.Gt: _ordered(gt),
    ast.GtE: _ordered(ge),
    ast.In: _contains,
    ast.NotIn: lambda item, whole: not _contains(item, whole),
}
