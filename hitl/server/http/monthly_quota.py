"""The quota of people's responses in a calendar month, as a plan of the vendor's has it; all keys share it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from hitl.server.http.requests import route_path
from hitl.server.primitives import ApiError, Clock, Document, to_wire
from hitl.server.storage import Outbox

_RESPONSES: Final = ("review.completed", "request.completed")
_QUESTIONS: Final = re.compile(r"/v1/reviews|/v1/api/loops/[^/]+/requests")


@dataclass(frozen=True, slots=True)
class MonthlyQuota:
    """So many responses in a month of UTC."""

    limit: int
    outbox: Outbox
    clock: Clock

    def state(self) -> Document:
        """Return it as `MonthlyQuota` in `openapi.yaml`."""
        begins, ends = _month(self.clock())
        used = self.outbox.count(_RESPONSES, since=to_wire(begins))
        return {"limit": self.limit, "used": used, "remaining": max(0, self.limit - used), "reset_at": to_wire(ends)}

    def require(self) -> None:
        """Raise ApiError 429 if the month has no response left."""
        if self.state()["remaining"]:
            return
        now = self.clock()
        seconds = math.ceil((_month(now)[1] - now).total_seconds())
        raise ApiError(
            429,
            "monthly_quota_exceeded",
            f"the {self.limit} responses of this month are used up; another month begins in {seconds} s",
            self.state(),
            headers={"Retry-After": str(seconds)},
        )


class MonthlyQuotaMiddleware:
    """ASGI middleware: refuses new questions once the month has no response left, which the vendor leaves open."""

    def __init__(self, app: ASGIApp, *, quota: MonthlyQuota) -> None:
        self._app = app
        self._quota = quota

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "http" and scope["method"] == "POST" and _QUESTIONS.fullmatch(route_path(scope)):
            self._quota.require()
        await self._app(scope, receive, send)


def _month(now: datetime) -> tuple[datetime, datetime]:
    """Return when the month of a moment began, and when it ends."""
    begins = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return begins, (begins + timedelta(days=32)).replace(day=1)
