"""Whether the server can do its work: what `/readyz` says."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

from hitl.server.http import in_worker
from hitl.server.operations.loop_lag import LoopLag
from hitl.server.storage import ChangeNotifier, Database, StorageError

LEAST_ROOM: Final = 64 * 1024 * 1024
"""Bytes that must be free where the data file is."""

_LONGEST_LAG: Final = 1.0  # seconds
_LONGEST_PROBE: Final = 1.0  # seconds to wait for those who write

Work = Callable[[], Coroutine[Any, Any, None]]


class Health:
    """Looks at the parts of one server."""

    def __init__(
        self,
        database: Database,
        changes: ChangeNotifier,
        lag: LoopLag,
        *,
        free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    ) -> None:
        self._database = database
        self._changes = changes
        self._lag = lag
        self._free_bytes = free_bytes
        self._dead: set[str] = set()

    def watched(self, name: str, work: Work) -> Work:
        """Return the same work, which counts as failing once it has ended by itself."""

        async def run() -> None:
            try:
                await work()
            finally:
                if not self._changes.closed:
                    self._dead.add(name)

        return run

    async def failing(self) -> list[str]:
        """Return the names of what fails: stopping, database, disk, event_loop, or a worker."""
        found = ["stopping"] if self._changes.closed else []
        if not await in_worker(self._can_write):
            found.append("database")
        if self._free_bytes(Path(self._database.path).parent) < LEAST_ROOM:
            found.append("disk")
        if self._lag.seconds >= _LONGEST_LAG:
            found.append("event_loop")
        return [*found, *sorted(self._dead)]

    def _can_write(self) -> bool:
        try:
            return self._database.is_writable(_LONGEST_PROBE)
        except StorageError:
            return False
