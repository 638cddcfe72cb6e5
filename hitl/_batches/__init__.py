"""Thousands of calls as one: bounded concurrency, a key and an outcome for each item.

For the methods of the clients, which import it when it is first used.
"""

from __future__ import annotations

from hitl._batches.batch import Batch, BatchOptions
from hitl._batches.concurrency import ConcurrencyLimiter
from hitl._batches.keys import BatchKeys
from hitl._batches.source import Input

__all__ = ["Batch", "BatchKeys", "BatchOptions", "ConcurrencyLimiter", "Input"]
