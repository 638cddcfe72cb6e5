"""What operators do with a running server, through the command on its machine."""

from __future__ import annotations

from typing import Final

from hitl.server.primitives import MACHINE, Now, to_wire
from hitl.server.storage import Audit, AuditEntry, Database
from hitl.server.webhooks.deliveries import Deliveries

_AT_ONCE: Final = 1000  # entries of the audit


class Operations:
    """The actions, over one database."""

    def __init__(self, database: Database, audit: Audit, deliveries: Deliveries, clock: Now) -> None:
        self._database = database
        self._audit = audit
        self._deliveries = deliveries
        self._clock = clock

    def entries(self, after: int) -> list[AuditEntry]:
        """Return entries of the audit in their order, after a number; none at its end."""
        with self._database.lock:
            return self._audit.entries(after, _AT_ONCE)

    def resume_deliveries(self) -> int:
        """Send what a restore has held back, and return how many deliveries that is."""
        with self._database.transaction():
            resumed = self._deliveries.resume()
            if resumed:
                detail = {"deliveries": resumed}
                self._audit.record("deliveries.resumed", "", at=to_wire(self._clock()), actor=MACHINE, detail=detail)
            return resumed
