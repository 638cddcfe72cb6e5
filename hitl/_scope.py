"""Set while @retry_with_backoff is trying: whoever is inside makes one attempt only."""

from contextvars import ContextVar

RETRYING: ContextVar[bool] = ContextVar("hitl_retrying", default=False)
