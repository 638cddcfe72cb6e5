"""A bar that shows how far a batch is, on a terminal or in a notebook."""

from __future__ import annotations

from collections.abc import Callable
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


class Shown:
    """A bar of tqdm's, from its first picture on, until it cannot be shown any more.

    A terminal may be closed long before people have answered or a batch is done, which is no reason to end either.
    """

    def __init__(self, begin: Callable[[], Any]) -> None:
        self._begin = begin
        self._bar: Any = None
        self._is_given_up = False

    def draw(self, picture: Callable[[Any], object]) -> None:
        """Have it draw something, as long as that can be shown."""
        if self._is_given_up:
            return
        try:
            if self._bar is None:
                self._bar = self._begin()
            picture(self._bar)
        except Exception:
            self._is_given_up = True
            if self._bar is not None:
                self._bar.disable = True  # or it would try once more as it is deleted

    def update(self, n: int = 1) -> None:
        """Go on by that many items."""
        self.draw(lambda shown: shown.update(n))

    def close(self) -> None:
        """Leave the last picture standing; may be repeated."""
        if self._bar is not None:
            self.draw(lambda shown: shown.close())


def bar(title: str, total: int | None) -> Bar:
    """Return a bar of tqdm's, on stderr or in a notebook's cell, which is shown from its first update on.

    Args:
        title: What stands in front of it.
        total: How many items there are; None if nobody knows, then it counts.

    Raises:
        ConfigurationError: if tqdm is not installed.
    """
    tqdm = load_tqdm()
    return Shown(lambda: tqdm(desc=title, total=total, unit=""))


def load_tqdm() -> Any:
    """Return the class of tqdm's bars for where this runs; it has no types.

    Raises:
        ConfigurationError: if it is not installed.
    """
    try:
        return import_module("tqdm.auto").tqdm  # `auto` tells terminals and notebooks apart
    except ModuleNotFoundError as error:
        if error.name not in ("tqdm", "tqdm.auto"):
            raise
        raise ConfigurationError(
            "progress=True needs tqdm, which is not installed: pip install 'hitl[progress]'"
        ) from None
