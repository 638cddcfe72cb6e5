"""A bar that shows how far a batch is, on a terminal or in a notebook."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Protocol

from hitl.exceptions import ConfigurationError


class Bar(Protocol):
    """What is told of the progress."""

    def update(self, n: int = 1) -> Any:
        """Go on by that many items."""
        ...

    def close(self) -> None:
        """Leave the bar as it is."""
        ...


class NoBar:
    """Shows nothing."""

    def update(self, n: int = 1) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


def bar(title: str, total: int | None) -> Bar:
    """Return a bar of tqdm's, on stderr or in a notebook's cell.

    Args:
        title: What stands in front of it.
        total: How many items there are; None if nobody knows, then it counts.

    Raises:
        ConfigurationError: if tqdm is not installed.
    """
    try:
        tqdm = import_module("tqdm.auto")
    except ModuleNotFoundError as error:
        if error.name not in ("tqdm", "tqdm.auto"):
            raise
        raise ConfigurationError(
            "progress=True needs tqdm, which is not installed: pip install 'hitl[progress]'"
        ) from None
    made: Bar = tqdm.tqdm(desc=title, total=total, unit="")
    return made
