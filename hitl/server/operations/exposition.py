"""Metrics in the text format of Prometheus, version 0.0.4.

By hand, because the library costs 60 ms at every start and five times as much for each request; the tests read what is
written here with its parser (https://prometheus.io/docs/instrumenting/exposition_formats/).
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal, TypeAlias

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

Labels: TypeAlias = tuple[str, ...]
"""The values of a metric's labels, in the order of their names."""

_ESCAPES: Final = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


class Counts:
    """Numbers by the values of labels: a counter, which only grows, or a gauge."""

    def __init__(self, name: str, says: str, kind: Literal["counter", "gauge"], labels: Sequence[str] = ()) -> None:
        self.name = name
        self._head = _head(name, says, kind)
        self._labels = labels
        self._values: dict[Labels, float] = {}
        self._lock = threading.Lock()

    def add(self, *labels: str, by: float = 1) -> None:
        """Change the number of these labels."""
        with self._lock:
            self._values[labels] = self._values.get(labels, 0) + by

    def replace(self, values: Mapping[Labels, float]) -> None:
        """Set all numbers, as they were read elsewhere."""
        with self._lock:
            self._values = dict(values)

    def lines(self) -> Iterator[str]:
        """Yield the lines of the metric."""
        yield from self._head
        with self._lock:
            found = sorted(self._values.items())
        for labels, value in found:
            yield f"{self.name}{_in_braces(zip(self._labels, labels, strict=True))} {_number(value)}"


class Histogram:
    """How long something took, in seconds, by the values of labels."""

    def __init__(self, name: str, says: str, bounds: Sequence[float], labels: Sequence[str] = ()) -> None:
        """Count by upper bounds, which ascend; a last bucket without a bound is added."""
        self.name = name
        self._head = _head(name, says, "histogram")
        self._bounds = bounds
        self._labels = labels
        self._counted: dict[Labels, list[int]] = {}
        self._sums: dict[Labels, float] = {}
        self._lock = threading.Lock()

    def observe(self, seconds: float, *labels: str) -> None:
        """Count one more."""
        with self._lock:
            buckets = self._counted.setdefault(labels, [0] * (len(self._bounds) + 1))
            buckets[bisect_left(self._bounds, seconds)] += 1
            self._sums[labels] = self._sums.get(labels, 0.0) + seconds

    def lines(self) -> Iterator[str]:
        """Yield the lines of the metric."""
        yield from self._head
        with self._lock:
            found = [(labels, tuple(buckets), self._sums[labels]) for labels, buckets in sorted(self._counted.items())]
        for labels, buckets, total in found:
            named = list(zip(self._labels, labels, strict=True))
            below = 0
            for bound, count in zip((*map(_number, self._bounds), "+Inf"), buckets, strict=True):
                below += count
                yield f"{self.name}_bucket{_in_braces([*named, ('le', bound)])} {below}"
            yield f"{self.name}_sum{_in_braces(named)} {_number(total)}"
            yield f"{self.name}_count{_in_braces(named)} {below}"


def exposition(metrics: Iterable[Counts | Histogram]) -> str:
    """Return metrics as the text that Prometheus reads."""
    return "".join(f"{line}\n" for metric in metrics for line in metric.lines())


def _head(name: str, says: str, kind: str) -> tuple[str, str]:
    return f"# HELP {name} {says}", f"# TYPE {name} {kind}"


def _in_braces(labels: Iterable[tuple[str, str]]) -> str:
    inside = ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels)
    return f"{{{inside}}}" if inside else ""


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))
