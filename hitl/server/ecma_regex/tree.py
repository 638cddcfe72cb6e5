"""A pattern as a tree, and the program that it becomes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Protocol

from hitl.server.ecma_regex.matcher import Instruction, Program, Split

_MOST_PARTS: Final = 500


class BadPatternError(ValueError):
    """The text is no regular expression, or one that is not supported."""


@dataclass(slots=True)
class Writer:
    """Collects the instructions of a program."""

    instructions: list[Instruction] = field(default_factory=list[Instruction])
    _parts: int = 0

    def write(self, node: Node) -> None:
        """Write a part of the tree; a repeated part is written as often as it is repeated."""
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise BadPatternError(f"has more than {_MOST_PARTS} parts, each counted as often as it is repeated")
        node.write_to(self)

    def reserve(self) -> int:
        """Leave a place for a Split whose targets are not known yet."""
        self.instructions.append(Split(()))
        return len(self.instructions) - 1

    def branch(self, place: int, *targets: int) -> None:
        """Fill a reserved place."""
        self.instructions[place] = Split(targets)

    @property
    def here(self) -> int:
        """Where the next instruction will stand."""
        return len(self.instructions)


class Node(Protocol):
    """A part of a pattern."""

    def write_to(self, writer: Writer) -> None:
        """Append the instructions that match the part."""
        ...


@dataclass(frozen=True, slots=True)
class Single:
    """One instruction."""

    instruction: Instruction

    def write_to(self, writer: Writer) -> None:
        """Append the instruction."""
        writer.instructions.append(self.instruction)


@dataclass(frozen=True, slots=True)
class Concatenation:
    """Parts that follow each other."""

    parts: tuple[Node, ...]

    def write_to(self, writer: Writer) -> None:
        """Append one part after the other."""
        for part in self.parts:
            writer.write(part)


@dataclass(frozen=True, slots=True)
class Alternation:
    """Parts of which one must match."""

    parts: tuple[Node, ...]

    def write_to(self, writer: Writer) -> None:
        """Append the parts, with a fork before them and a way past the others behind each."""
        fork = writer.reserve()
        starts: list[int] = []
        ends: list[int] = []
        for part in self.parts:
            starts.append(writer.here)
            writer.write(part)
            ends.append(writer.reserve())
        writer.branch(fork, *starts)
        for end in ends:
            writer.branch(end, writer.here)


@dataclass(frozen=True, slots=True)
class Repeat:
    """A part that must match at least `fewest` and at most `most` times in a row; None is no limit."""

    part: Node
    fewest: int
    most: int | None

    def write_to(self, writer: Writer) -> None:
        """Append the part as often as it must match, and then as often as it may."""
        for _ in range(self.fewest):
            writer.write(self.part)
        if self.most is None:
            fork = writer.reserve()
            writer.write(self.part)
            writer.branch(writer.reserve(), fork)
            writer.branch(fork, fork + 1, writer.here)
            return
        forks: list[int] = []
        for _ in range(self.most - self.fewest):
            forks.append(writer.reserve())
            writer.write(self.part)
        for fork in forks:
            writer.branch(fork, fork + 1, writer.here)


def program_of(node: Node) -> Program:
    """Return the program that matches the tree.

    Raises:
        BadPatternError: It would be too large.
    """
    writer = Writer()
    writer.write(node)
    return tuple(writer.instructions)
