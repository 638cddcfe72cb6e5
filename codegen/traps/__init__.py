"""The traps: what the generator drops or breaks without a word, and what would make its output awkward to use.

Each trap is a function from the contract to its faults. Its name with hyphens is the trap's name, the first line of its
docstring is the trap's line in docs/how-to/regenerate.md.
"""

from collections.abc import Callable, Iterator

from contract import Contract

from traps import document, operations, parameters, schemas

Fault = tuple[str, str]
Trap = Callable[[Contract], Iterator[Fault]]

TRAPS: tuple[Trap, ...] = (*document.TRAPS, *operations.TRAPS, *parameters.TRAPS, *schemas.TRAPS)


def name_of(trap: Trap) -> str:
    """The name under which a trap is reported."""
    return trap.__name__.replace("_", "-")
