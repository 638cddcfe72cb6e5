"""A live display of a wait, in a terminal or a notebook (tqdm; the extra 'progress')."""

from __future__ import annotations

from functools import partial
from typing import Any

from attrs import frozen

from hitl._progress_bar import TqdmBar, load_tqdm


@frozen
class Progress:
    """How far a wait is; `next_poll` is in seconds, None while the server holds a request open."""

    total: int
    open: int
    rejected: int
    oldest: float | None
    next_poll: float | None


class Bar:
    """A tqdm bar: reviews or requests that have ended of all that are waited for, and the state of the rest."""

    def __init__(self, noun: str) -> None:
        tqdm = load_tqdm()
        self._total = 0
        self._shown = TqdmBar(lambda: tqdm(total=self._total, unit=noun, desc="Waiting for people"))

    def show(self, progress: Progress) -> None:
        self._total = progress.total
        self._shown.draw(partial(_draw, progress))

    def close(self) -> None:
        """Leave the last picture standing; may be repeated."""
        self._shown.close()


def _draw(progress: Progress, bar: Any) -> None:
    bar.set_postfix_str(line(progress), refresh=False)
    bar.update(progress.total - progress.open - bar.n)
    bar.refresh()


def line(progress: Progress) -> str:
    parts = [f"{progress.open} open", f"{progress.total - progress.open} done", f"{progress.rejected} rejected"]
    if progress.oldest is not None:
        parts.append(f"oldest {duration(progress.oldest)}")
    if progress.open:
        parts.append("listening" if progress.next_poll is None else f"next look in {duration(progress.next_poll)}")
    return ", ".join(parts)


def duration(seconds: float) -> str:
    """Return a length of time in its two greatest units."""
    whole = max(0, round(seconds))
    for unit, size, smaller, rest in (("d", 86_400, "h", 3_600), ("h", 3_600, "min", 60), ("min", 60, "s", 1)):
        if whole >= size:
            return f"{whole // size} {unit} {whole % size // rest} {smaller}"
    return f"{whole} s"
