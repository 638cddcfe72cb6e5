"""When a wait for many returns. Both clients name it in their signatures, so it loads nothing else."""

from __future__ import annotations

from enum import StrEnum


class ReturnWhen(StrEnum):
    """When `wait_for_reviews` returns: once all have ended, once one is answered, or once one is rejected."""

    __module__ = "hitl"

    ALL = "ALL"
    FIRST = "FIRST"
    ANY_REJECTED = "ANY_REJECTED"


ALL = ReturnWhen.ALL
FIRST = ReturnWhen.FIRST
ANY_REJECTED = ReturnWhen.ANY_REJECTED
