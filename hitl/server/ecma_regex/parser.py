"""Reads the text of a pattern, by recursive descent."""

from __future__ import annotations

import re
from typing import Final

from hitl.server.ecma_regex.characters import ANY, CLASSES, Characters, one, union
from hitl.server.ecma_regex.fragments import BadPatternError, Fragment, alternation, concatenation, repetition, single
from hitl.server.ecma_regex.matcher import Accept, Look, Program, at_end, at_start, at_word_edge, inside_or_outside

_DEEPEST = 50
_LONGEST = 1_000

_COUNT = re.compile(r"\{(\d{1,4})(,(\d{1,4})?)?\}", re.ASCII)
_NAME = re.compile(r"P?<\w+>", re.ASCII)
_CODE = re.compile(r"x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})")
_CONTROLS: Final = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "0": "\0"}
_EDGES: Final = {"b": at_word_edge, "B": inside_or_outside, "A": at_start, "Z": at_end}
_COUNTS: Final[dict[str, tuple[int, int | None]]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}


def parse(text: str) -> Program:
    """Return the program of a pattern."""
    if len(text) > _LONGEST:
        raise BadPatternError(f"may have at most {_LONGEST} characters")
    parser = _Parser(text)
    pattern = parser.choice()
    if parser.next:
        raise BadPatternError("has a ) without a (")
    return pattern.program


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    @property
    def next(self) -> str:
        """The next character; "" at the end."""
        return self._text[self._at : self._at + 1]

    def choice(self) -> Fragment:
        """Read alternatives, to the end or to the parenthesis that closes the group."""
        parts = [self._row()]
        while self._take("|"):
            parts.append(self._row())
        return parts[0] if len(parts) == 1 else alternation(parts)

    def _row(self) -> Fragment:
        parts: list[Fragment] = []
        while self.next and self.next not in "|)":
            parts.append(self._repeated(self._atom()))
        return concatenation(parts)

    def _repeated(self, atom: Fragment) -> Fragment:
        count = self._count()
        if count is None:
            return atom
        self._take("?")  # how much a lazy one takes makes no difference to whether it matches
        if self._count() is not None:
            raise BadPatternError("repeats a repetition; put the inner one into parentheses")
        fewest, most = count
        if most is not None and most < fewest:
            raise BadPatternError("has a repetition whose numbers are in the wrong order")
        return repetition(atom, fewest, most)

    def _count(self) -> tuple[int, int | None] | None:
        if self.next in _COUNTS:
            return _COUNTS[self._advance()]
        found = self._match(_COUNT)
        if found is None:
            return None
        fewest = int(found[1])
        return fewest, (int(found[3]) if found[3] else None) if found[2] else fewest

    def _atom(self) -> Fragment:
        character = self._advance()
        if character == "(":
            return self._group()
        if character == "\\" and self.next in _EDGES:
            return single(Look(_EDGES[self._advance()]))
        if character in "^$":
            return single(Look(at_start if character == "^" else at_end))
        if character in "*+?":
            raise BadPatternError(f"has a {character} with nothing before it to repeat")
        return single(Accept(self._characters(character)))

    def _characters(self, character: str) -> Characters:
        if character == ".":
            return ANY
        if character == "[":
            return self._set()
        return self._escape() if character == "\\" else one(character)

    def _group(self) -> Fragment:
        if self._take("?") and not self._take(":") and not self._match(_NAME):
            raise BadPatternError(f"uses (?{self.next}, which is not supported; of such groups only (?: is")
        self._depth += 1
        if self._depth > _DEEPEST:
            raise BadPatternError(f"has more than {_DEEPEST} parentheses within each other")
        node = self.choice()
        if not self._take(")"):
            raise BadPatternError("has a ( without a )")
        self._depth -= 1
        return node

    def _set(self) -> Characters:
        negated = self._take("^")
        members: list[Characters] = []
        while not members or self.next != "]":  # as Python has it, a ] that comes first is a member
            members.append(self._member())
        self._advance()
        return union(members, negated=negated)

    def _member(self) -> Characters:
        first = self._one()
        if self.next != "-" or self._text[self._at + 1 : self._at + 2] in ("]", ""):
            return first
        self._advance()
        last = self._one()
        low, high = _only(first), _only(last)
        if low > high:
            raise BadPatternError(f"has the range {low}-{high}, which is in the wrong order")
        return Characters(((low, high),))

    def _one(self) -> Characters:
        if not self.next:
            raise BadPatternError("has a [ without a ]")
        character = self._advance()
        if character != "\\":
            return one(character)
        return one("\b") if self._take("b") else self._escape()

    def _escape(self) -> Characters:
        code = self._match(_CODE)
        if code:
            return one(chr(int(code[1] or code[2], 16)))
        letter = self._advance()
        if letter in CLASSES:
            return CLASSES[letter]
        if letter in _CONTROLS:
            return one(_CONTROLS[letter])
        if letter.isascii() and letter.isalnum():
            raise BadPatternError(f"uses \\{letter}, which is not supported")
        return one(letter)

    def _match(self, expression: re.Pattern[str]) -> re.Match[str] | None:
        found = expression.match(self._text, self._at)
        if found:
            self._at = found.end()
        return found

    def _take(self, character: str) -> bool:
        taken = self.next == character
        self._at += taken
        return taken

    def _advance(self) -> str:
        character = self.next
        if not character:
            raise BadPatternError("ends with a single \\")
        self._at += 1
        return character


def _only(characters: Characters) -> str:
    """Return the single character that may stand at the end of a range."""
    first, last = characters.ranges[0]
    if first != last or len(characters.ranges) > 1 or characters.negated:
        raise BadPatternError("has a range that begins or ends with a class such as \\d")
    return first
