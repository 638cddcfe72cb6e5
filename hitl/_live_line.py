"""A live line for people who watch a wait, in a terminal or a notebook (tqdm; extra `hitl[progress]`)."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from typing import Any

from hitl._waiting import Progress
from hitl.exceptions import ConfigurationError


class Bar:
    """A tqdm bar: reviews that have ended of all that are waited for, and what else is worth knowing.

    A terminal may be closed long before people have answered, which is no reason to end a wait.
    """

    def __init__(self) -> None:
        try:
            tqdm = import_module("tqdm.auto").tqdm  # has no types; `auto` tells terminals and notebooks apart
        except ImportError:
            raise ConfigurationError(
                'progress=True needs tqdm: pip install "hitl[progress]", or use on_update= for a display of your own'
            ) from None
        self._tqdm: Any = tqdm
        self._bar: Any = None
        self._is_given_up = False

    def show(self, progress: Progress) -> None:
        """Show how far it is, as long as that can be shown."""
        if self._is_given_up:
            return
        try:
            self._draw(progress)
        except Exception:
            self._is_given_up = True

    def close(self) -> None:
        """Leave the last picture standing; may be repeated."""
        if self._bar is not None:
            with suppress(Exception):
                self._bar.close()

    def _draw(self, progress: Progress) -> None:
        if self._bar is None:
            self._bar = self._tqdm(total=progress.total, unit="review", desc="Waiting for people")
        done = progress.total - progress.open
        self._bar.set_postfix_str(line(progress), refresh=False)
        self._bar.update(done - self._bar.n)
        self._bar.refresh()


def line(progress: Progress) -> str:
    """Return what is worth knowing beside how many are done."""
    parts = [f"{progress.open} open", f"{progress.total - progress.open} done", f"{progress.rejected} rejected"]
    if progress.oldest is not None:
        parts.append(f"oldest {duration(progress.oldest)}")
    if progress.open:
        parts.append("listening" if progress.next_look is None else f"next look in {duration(progress.next_look)}")
    return ", ".join(parts)


def duration(seconds: float) -> str:
    """Return a length of time in its two greatest units."""
    whole = max(0, round(seconds))
    for unit, size, smaller, rest in (("d", 86_400, "h", 3_600), ("h", 3_600, "min", 60), ("min", 60, "s", 1)):
        if whole >= size:
            return f"{whole // size} {unit} {whole % size // rest} {smaller}"
    return f"{whole} s"
