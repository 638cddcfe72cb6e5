"""The small language in which a template says when a rule applies.

    field('approval') == false and (field('score') < 3 or 'legal' in field('checks'))

    condition  = both, {"or", both}
    both       = negation, {"and", negation}
    negation   = "not", negation | comparison
    comparison = value, [("==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not", "in"), value]
    value      = "field", "(", text, ")" | name | text | number | "true" | "false" | "null" | list | "(", condition, ")"
    list       = "[", [value, {",", value}], "]"

The vendor shows the first comparison only and names no grammar; the rest is what such a comparison suggests. A name
without quotation marks is short for the field of that name. A field that was not answered is null. Values compare as in
JSON: true is not 1, and what cannot be ordered is neither less nor greater. By itself a value holds if it says
something: it is not null, false, 0, an empty text or an empty list. Nothing else can be called or reached, so an
expression from a stranger is harmless.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final, TypeAlias, cast

from hitl.server.primitives.validation import same

Result: TypeAlias = Mapping[str, Any]
Value: TypeAlias = Callable[[Result], Any]
"""A part of an expression, as the function from a result to the part's value."""

_LONGEST: Final = 1_000
_DEEPEST: Final = 50

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>-?\d{1,300}(?:\.\d{1,300})?)
      | (?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
      | (?P<word>[A-Za-z_]\w*)
      | (?P<sign>==|!=|<=|>=|[<>()\[\],])
    )""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_LITERALS: Final = {"true": True, "false": False, "null": None}
_KEYWORDS: Final = ("and", "or", "not", "in")
_COMPARISONS: Final = ("==", "!=", "<", "<=", ">", ">=")


class BadConditionError(ValueError):
    """The text is no condition; the message says where and why, as a clause."""


class Condition:
    """A condition, ready to be asked.

    Attributes:
        fields: The names of the fields that it asks for, in the order of the text.
    """

    def __init__(self, text: str) -> None:
        """Read the text.

        Raises:
            BadConditionError: It does not follow the grammar.
        """
        self._value, self.fields = _parse(text)

    def holds(self, result: Result) -> bool:
        """Return whether a result meets the condition; this never fails, whatever the result holds."""
        return bool(self._value(result))


@lru_cache(maxsize=256)
def _parse(text: str) -> tuple[Value, tuple[str, ...]]:
    if len(text) > _LONGEST:
        raise BadConditionError(f"may have at most {_LONGEST} characters")
    parser = _Parser(text)
    value = parser.condition()
    if parser.kind:
        raise parser.unexpected("and, or, or the end")
    return value, tuple(dict.fromkeys(parser.fields))


class _Parser:
    """Reads an expression by recursive descent; `kind` and `token` are what comes next."""

    def __init__(self, text: str) -> None:
        self.fields: list[str] = []
        self._text = text
        self._end = 0
        self._depth = 0
        self.kind: str | None = None
        self.token = ""
        self._advance()

    def condition(self) -> Value:
        """Read a whole expression."""
        parts = [self._both()]
        while self._takes_word("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda result: any(part(result) for part in parts)

    def _both(self) -> Value:
        parts = [self._negation()]
        while self._takes_word("and"):
            parts.append(self._negation())
        return parts[0] if len(parts) == 1 else lambda result: all(part(result) for part in parts)

    def _negation(self) -> Value:
        negations = 0
        while self._takes_word("not"):
            negations += 1
        value = self._comparison()
        if not negations:
            return value
        return lambda result: bool(value(result)) is (negations % 2 == 0)

    def _comparison(self) -> Value:
        left = self._value()
        operator = self._operator()
        if operator is None:
            return left
        compare, right = _OPERATORS[operator], self._value()
        return lambda result: compare(left(result), right(result))

    def _operator(self) -> str | None:
        if self.kind == "sign" and self.token in _COMPARISONS:
            return self._advance()
        if self._takes_word("in"):
            return "in"
        if self._takes_word("not"):
            self._expect("in")
            return "not in"
        return None

    def _value(self) -> Value:
        if self.kind == "sign" and self.token in ("(", "["):
            return self._inner()
        if self._takes_word("field"):
            return self._field()
        if self.kind == "word" and self.token not in (*_LITERALS, *_KEYWORDS):
            return self._answer_to(self._advance())
        return _constant(self._literal())

    def _inner(self) -> Value:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise BadConditionError(f"has more than {_DEEPEST} parentheses within each other")
        value = self._list() if self._takes("[") else self._parenthesis()
        self._depth -= 1
        return value

    def _parenthesis(self) -> Value:
        self._expect("(")
        inner = self.condition()
        self._expect(")")
        return inner

    def _field(self) -> Value:
        self._expect("(")
        if self.kind != "text":
            raise self.unexpected("the name of a field in quotation marks")
        name = _unquoted(self._advance())
        self._expect(")")
        return self._answer_to(name)

    def _answer_to(self, name: str) -> Value:
        self.fields.append(name)
        return lambda result: result.get(name)

    def _list(self) -> Value:
        items: list[Value] = []
        while not self._takes("]"):
            if items:
                self._expect(",")
            items.append(self._value())
        return lambda result: [item(result) for item in items]

    def _literal(self) -> Any:
        if self.kind == "number":
            token = self._advance()
            return float(token) if "." in token else int(token)
        if self.kind == "text":
            return _unquoted(self._advance())
        if self.kind == "word" and self.token in _LITERALS:
            return _LITERALS[self._advance()]
        raise self.unexpected("a value such as field('name'), 'text', 3, true, false or null")

    def _takes(self, sign: str) -> bool:
        return self._takes_token("sign", sign)

    def _takes_word(self, word: str) -> bool:
        return self._takes_token("word", word)

    def _takes_token(self, kind: str, token: str) -> bool:
        if (self.kind, self.token) != (kind, token):
            return False
        self._advance()
        return True

    def _expect(self, token: str) -> None:
        if self.kind == "text" or self.token != token:
            raise self.unexpected(token)
        self._advance()

    def unexpected(self, wanted: str) -> BadConditionError:
        """Return the error for a token that is none of those that may stand there."""
        found = repr(self.token) if self.kind else "the end"
        return BadConditionError(f"needs {wanted} where it has {found} at character {self._end - len(self.token) + 1}")

    def _advance(self) -> str:
        token = self.token
        found = _TOKEN.match(self._text, self._end)
        if found:
            self.kind, self._end = found.lastgroup, found.end()
            self.token = found[self.kind or 0]
            return token
        rest = self._text[self._end :].strip()
        if rest:
            raise BadConditionError(f"has {rest[0]!r} at character {self._text.rindex(rest) + 1}, which means nothing")
        self.kind, self.token, self._end = None, "", len(self._text)
        return token


def _constant(value: object) -> Value:
    return lambda _result: value


def _unquoted(token: str) -> str:
    return re.sub(r"\\(.)", r"\1", token[1:-1], flags=re.DOTALL)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """Make a comparison that answers False for what has no order: two types, or neither numbers nor texts."""

    def ordered(left: object, right: object) -> bool:
        texts = isinstance(left, str) and isinstance(right, str)
        return (texts or (_is_number(left) and _is_number(right))) and compare(left, right)

    return ordered


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _contains(item: object, whole: object) -> bool:
    """Tell whether a list has the item, or a text has it as a part."""
    if isinstance(whole, str):
        return isinstance(item, str) and item in whole
    return isinstance(whole, list) and any(same(item, each) for each in cast("list[object]", whole))


_OPERATORS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "==": same,
    "!=": lambda left, right: not same(left, right),
    "<": _ordered(lambda left, right: left < right),
    "<=": _ordered(lambda left, right: left <= right),
    ">": _ordered(lambda left, right: left > right),
    ">=": _ordered(lambda left, right: left >= right),
    "in": _contains,
    "not in": lambda item, whole: not _contains(item, whole),
}
