"""A pattern as a program, and the machine that runs all of its branches at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from hitl.server.ecma_regex.characters import WORD, Characters


@dataclass(frozen=True, slots=True)
class Accept:
    """Go to the next instruction if the character is one of these."""

    characters: Characters


@dataclass(frozen=True, slots=True)
class Split:
    """Go to each of these instructions, counted from this one."""

    targets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """Go to the next instruction if the characters before and after this place allow it; "" is an end of the text."""

    holds: Callable[[str, str], bool]


Instruction: TypeAlias = Accept | Split | Look
Program: TypeAlias = tuple[Instruction, ...]
"""It has matched when a branch has left it at its end."""


def at_start(before: str, _after: str) -> bool:
    """Return whether the place is the start of the text."""
    return not before


def at_end(_before: str, after: str) -> bool:
    """Return whether the place is the end of the text."""
    return not after


def at_word_edge(before: str, after: str) -> bool:
    """Return whether a word begins or ends at the place."""
    return (bool(before) and before in WORD) != (bool(after) and after in WORD)


def inside_or_outside(before: str, after: str) -> bool:
    """Return whether no word begins or ends at the place."""
    return not at_word_edge(before, after)


def matches(program: Program, text: str) -> bool:
    """Return whether the program matches somewhere in the text."""
    waiting: set[int] = set()
    before = ""
    for after in (*text, ""):
        # Each place of the text may be the one where the match begins.
        reached = _reached(program, {0, *waiting}, before, after)
        if len(program) in reached:
            return True
        waiting = _accepted(program, reached, after) if after else set()
        before = after
    return False


def _reached(program: Program, starts: Iterable[int], before: str, after: str) -> set[int]:
    """Follow everything that needs no character."""
    reached: set[int] = set()
    waiting = list(starts)
    while waiting:
        at = waiting.pop()
        if at in reached:
            continue
        reached.add(at)
        instruction = program[at] if at < len(program) else None
        if isinstance(instruction, Split):
            waiting += [at + target for target in instruction.targets]
        elif isinstance(instruction, Look) and instruction.holds(before, after):
            waiting.append(at + 1)
    return reached


def _accepted(program: Program, reached: set[int], character: str) -> set[int]:
    instructions = ((at, program[at]) for at in reached)
    return {at + 1 for at, step in instructions if isinstance(step, Accept) and character in step.characters}
