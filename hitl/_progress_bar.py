"""A bar that shows how far a batch or a wait is, on a terminal or in a notebook."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, Protocol

from hitl.exceptions import ConfigurationError


class Bar(Protocol):
    """Shows progress."""

    def update(self, n: int = 1) -> Any:
        """Advance by that many items."""
        ...

    def close(self) -> None:
        """Finish, and leave the last picture standing; may be repeated."""
        ...


class NoBar:
    """Shows nothing."""

    def update(self, n: int = 1) -> None: ...
    def close(self) -> None: ...


class Shown:
    """A bar of tqdm's, made when it is first drawn, and given up when it can no longer be drawn.

    A terminal may be closed long before people have answered or a batch is done, which is no reason to end either.
    """

    def __init__(self, begin: Callable[[], Any]) -> None:
        self._begin = begin
        self._bar: Any = None
        self._is_given_up = False

    def draw(self, change: Callable[[Any], object]) -> None:
        """Apply a change to tqdm's bar, as long as it can be drawn."""
        if self._is_given_up:
            return
        try:
            if self._bar is None:
                self._bar = self._begin()
            change(self._bar)
        except Exception:
            self._is_given_up = True
            if self._bar is not None:
                self._bar.disable = True  # or it would try once more when it is deleted

    def update(self, n: int = 1) -> None:
        self.draw(lambda shown: shown.update(n))

    def close(self) -> None:
        if self._bar is not None:
            self.draw(lambda shown: shown.close())


def bar(title: str, total: int | None) -> Bar:
    """Return a bar, on stderr or in a notebook, that appears with its first update; without a total it counts."""
    tqdm = load_tqdm()
    return Shown(lambda: tqdm(desc=title, total=total, unit=""))


def load_tqdm() -> Any:
    """Return the class of tqdm's bars (untyped); raise ConfigurationError if tqdm is not installed."""
    try:
        return import_module("tqdm.auto").tqdm  # `auto` distinguishes terminals and notebooks
    except ModuleNotFoundError as error:
        if error.name not in ("tqdm", "tqdm.auto"):
            raise
        raise ConfigurationError(
            "progress=True needs tqdm, which is not installed: pip install 'hitl[progress]'"
        ) from None
