"""The parts of a pattern as instructions, each part built from smaller ones (Thompson's construction)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hitl.server.ecma_regex.matcher import Instruction, Program, Split

_MOST_PARTS: Final = 500


class BadPatternError(ValueError):
    """The text is no regular expression, or one that is not supported."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """The instructions of a part, which continue after their end, and the number of parts that it consists of."""

    program: Program
    parts: int = 1


def single(instruction: Instruction) -> Fragment:
    """Return a part of one instruction."""
    return Fragment((instruction,))


def concatenation(parts: Sequence[Fragment]) -> Fragment:
    """Return parts that follow each other."""
    size = _size(sum(part.parts for part in parts))
    return Fragment(tuple(step for part in parts for step in part.program), size)


def alternation(parts: Sequence[Fragment]) -> Fragment:
    """Return parts of which one must match: a fork before them, and a way past the others behind each."""
    size = _size(sum(part.parts for part in parts))
    starts: list[int] = []
    program: list[Instruction] = []
    length = sum(len(part.program) + 1 for part in parts)
    for part in parts:
        starts.append(len(program) + 1)
        program += part.program
        program.append(Split((length - len(program),)))
    return Fragment((Split(tuple(starts)), *program), size)


def repetition(part: Fragment, fewest: int, most: int | None) -> Fragment:
    """Return a part that must match at least `fewest` and at most `most` times in a row; None is no limit."""
    optional = 1 if most is None else most - fewest
    size = _size((fewest + optional) * part.parts)
    length = len(part.program) + 1
    if most is None:
        tail: Program = (Split((1, length + 1)), *part.program, Split((-length,)))
    else:
        forks = [(Split((1, left * length)), *part.program) for left in range(optional, 0, -1)]
        tail = tuple(step for fork in forks for step in fork)
    return Fragment((*part.program * fewest, *tail), size)


def _size(parts: int) -> int:
    """Count a part with those inside it, before any instruction is copied."""
    if parts >= _MOST_PARTS:
        raise BadPatternError(f"has more than {_MOST_PARTS} parts, each counted as often as it is repeated")
    return parts + 1
