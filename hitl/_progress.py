"""A bar that shows how far a batch is, on a terminal or in a notebook."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
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


class _Shown:
    """A bar of tqdm's, from its first update on, until it cannot be shown any more.

    A terminal may be closed long before a batch is done, which is no reason to lose it.
    """

    def __init__(self, begin: Callable[[], Any]) -> None:
        self._begin = begin
        self._bar: Any = None

    def update(self, n: int = 1) -> None:
        """Go on by that many items."""
        with self._giving_up():
            if self._bar is None:
                self._bar = self._begin()
            self._bar.update(n)

    def close(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            with self._giving_up():
                self._bar.close()

    @contextmanager
    def _giving_up(self) -> Generator[None, None, None]:
        try:
            yield
        except Exception:
            if self._bar is not None:
                self._bar.disable = True  # or it would try once more as it is deleted
            self._bar = NoBar()


def bar(title: str, total: int | None) -> Bar:
    """Return a bar of tqdm's, on stderr or in a notebook's cell, which is shown from its first update on.

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
    return _Shown(lambda: tqdm.tqdm(desc=title, total=total, unit=""))
