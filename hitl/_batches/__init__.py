"""Thousands of calls as one: bounded concurrency, a key and an outcome for each item.

For the methods of the clients.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitl._lazy import lazy_names

if TYPE_CHECKING:
    from hitl._batches.batch import Batch, BatchOptions
    from hitl._batches.concurrency import ConcurrencyLimiter
    from hitl._batches.keys import BatchKeys
    from hitl._batches.source import Input

__all__ = [
    "Batch",
    "BatchKeys",
    "BatchOptions",
    "ConcurrencyLimiter",
    "Input",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "batch": (
            "Batch",
            "BatchOptions",
        ),
        "concurrency": ("ConcurrencyLimiter",),
        "keys": ("BatchKeys",),
        "source": ("Input",),
    },
)
