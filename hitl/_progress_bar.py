"""A bar that shows how far a batch or a wait is, on a terminal or in a notebook."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from hitl._interrupts import reraise_interrupt
from hitl.exceptions import ConfigurationError


class TqdmBar:
    """A bar of tqdm, made when first drawn, and given up when it can no longer be drawn; by default it shows nothing.

    A terminal may be closed long before people have answered or a batch is done, which is no reason to end either.
    """

    def __init__(self, begin: Callable[[], Any] | None = None) -> None:
        self._begin = begin  # None once it is given up
        self._bar: Any = None

    def draw(self, change: Callable[[Any], object]) -> None:
        """Apply a change to tqdm's bar, as long as it can be drawn."""
        if self._begin is None:
            return
        try:
            if self._bar is None:
                self._bar = self._begin()
            change(self._bar)
        except Exception as error:
            reraise_interrupt(error)
            self._begin = None
            if self._bar is not None:
                self._bar.disable = True  # or it would try once more when it is deleted

    def update(self, n: int = 1) -> None:
        """Advance by that many items."""
        self.draw(lambda shown: shown.update(n))

    def close(self) -> None:
        """Finish, and leave the last picture standing; may be repeated."""
        if self._bar is not None:
            self.draw(lambda shown: shown.close())


def bar(title: str, total: int | None) -> TqdmBar:
    """Return a bar, on stderr or in a notebook, that appears with its first update; without a total it counts."""
    tqdm = load_tqdm()
    return TqdmBar(lambda: tqdm(desc=title, total=total, unit=""))


def load_tqdm() -> Any:
    """Return the class of tqdm's bars (untyped); raise ConfigurationError if tqdm is not installed."""
    try:
        return import_module("tqdm.auto").tqdm  # `auto` distinguishes terminals and notebooks
    except ModuleNotFoundError as error:
        if error.name not in ("tqdm", "tqdm.auto"):
            raise
        raise ConfigurationError(
            "progress=True needs tqdm, which is missing: install this package with its 'progress' extra"
        ) from None
