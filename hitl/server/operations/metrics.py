"""What the server counts about itself, and what it reads from its data file when somebody asks."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Final

from hitl._version import __version__
from hitl.server.http import in_worker
from hitl.server.operations.data_store import DataStore
from hitl.server.operations.exposition import Counts, Histogram, exposition
from hitl.server.operations.loop_lag import LoopLag
from hitl.server.primitives import Now, from_wire
from hitl.server.storage import Reader

_REQUEST_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 10.0)
_COMMIT_SECONDS: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0)
_REVIEW_SECONDS: Final = (60.0, 300.0, 900.0, 3600.0, 7200.0, 14400.0, 28800.0, 86400.0, 259200.0, 604800.0)


class Metrics:
    """The metrics of one server; any thread may add to them."""

    def __init__(self, data: str | Path, lag: LoopLag, clock: Now) -> None:
        """Count from now on; the data file is there, and is read through a connection of its own."""
        self._data = Path(data)
        self._reader = Reader(data)
        self._store = DataStore(self._reader)
        self._lag = lag
        self._clock = clock
        self._step, self._attempt = self._store.last_step(), self._store.last_attempt()
        labels = ("route", "method", "status")
        self.requests = Counts("hitl_http_requests_total", "Requests that were answered.", "counter", labels)
        self.request_seconds = Histogram(
            "hitl_http_requests_seconds", "Time until an answer was complete.", _REQUEST_SECONDS, ("route",)
        )
        self.held = Counts("hitl_held", "Long polls and event streams that are held open.", "gauge", ("kind",))
        self.commit_seconds = Histogram("hitl_db_commit_seconds", "Time of a commit.", _COMMIT_SECONDS)
        self._open = Counts("hitl_reviews_open", "Reviews that wait for an answer.", "gauge", ("template",))
        self._oldest = Counts("hitl_oldest_open_seconds", "Age of the oldest open review.", "gauge")
        self._ended = Counts("hitl_reviews_ended_total", "Reviews that have ended.", "counter", ("how",))
        self._review_seconds = Histogram("hitl_review_seconds", "Time from a review to its end.", _REVIEW_SECONDS)
        self._pending = Counts("hitl_deliveries_pending", "Webhook deliveries that wait.", "gauge")
        self._attempts = Counts(
            "hitl_deliveries_attempts_total", "Attempts to deliver a webhook.", "counter", ("outcome",)
        )
        self._messages = Counts(
            "hitl_messages_total", "Messages to people that have ended.", "counter", ("kind", "outcome")
        )
        self._failing = Counts("hitl_channel_failing", "Channels whose messages fail.", "gauge")
        self._signins = Counts("hitl_signins_total", "Sign-ins of people.", "counter", ("how", "outcome"))
        self._loop_lag = Counts("hitl_loop_lag_seconds", "Longest recent delay of the event loop.", "gauge")
        self._db_bytes = Counts("hitl_db_bytes", "Size of the data file.", "gauge")
        self._wal_bytes = Counts("hitl_wal_bytes", "Size of its write-ahead log.", "gauge")
        self._build = Counts("hitl_build_info", "The version that runs.", "gauge", ("version", "python"))
        self._build.add(__version__, platform.python_version())

    async def text(self) -> str:
        """Return all metrics as Prometheus reads them."""
        await in_worker(self._read)
        return exposition(each for each in vars(self).values() if isinstance(each, (Counts, Histogram)))

    def close(self) -> None:
        """Close the connection; idempotent."""
        self._reader.close()

    def _read(self) -> None:
        """Read what the file knows."""
        self._open.replace({(template,): count for template, count in self._store.open_by_template()})
        oldest = self._store.oldest_open()
        age = 0.0 if oldest is None else (self._clock() - from_wire(oldest)).total_seconds()
        self._oldest.replace({(): max(0.0, age)})
        self._read_steps()
        self._pending.replace({(): self._store.pending_deliveries()})
        self._messages.replace({(kind, state): count for kind, state, count in self._store.ended_messages()})
        self._failing.replace({(): self._store.failing_channels()})
        self._signins.replace({(how, outcome): count for how, outcome, count in self._store.sign_ins()})
        self._loop_lag.replace({(): self._lag.seconds})
        self._db_bytes.replace({(): _size(self._data)})
        self._wal_bytes.replace({(): _size(Path(f"{self._data}-wal"))})

    def _read_steps(self) -> None:
        """Count what has ended since the last look; each is a row that never changes."""
        last, attempt = self._store.last_step(), self._store.last_attempt()
        for how, created_at, ended_at in self._store.ended_between(self._step, last):
            self._ended.add(how)
            self._review_seconds.observe((from_wire(ended_at) - from_wire(created_at)).total_seconds())
        for outcome, count in self._store.attempts_between(self._attempt, attempt):
            self._attempts.add(outcome, by=count)
        self._step, self._attempt = last, attempt


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0
