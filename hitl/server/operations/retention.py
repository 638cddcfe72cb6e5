"""Erasing contents some time after the end: every night, in small steps, so that nobody waits for it.

What stays is who was asked what by which template, who decided how and when, and the digests in the audit. Copies in
the write-ahead log are gone at the end of the night, and those in backups when the backups are.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing
from datetime import datetime, time, timedelta
from typing import Any, Final

from hitl._json import as_object, as_text, is_object
from hitl.server.agent_sessions import lifecycle as turns
from hitl.server.http import in_worker
from hitl.server.loops import lifecycle as requests
from hitl.server.operations.erasure_store import ErasureStore, texts_with_uploads
from hitl.server.primitives import MACHINE, Clock, to_wire
from hitl.server.reviews import ReviewService
from hitl.server.reviews import lifecycle as reviews
from hitl.server.storage import IN_MEMORY, Audit, Database, Reader

NIGHT: Final = time(3)
"""When the work of a day begins, in UTC."""

_AT_ONCE: Final = 20  # reviews or requests in one transaction
_PAGES: Final = 256  # that are given back to the disk in one transaction
_BETWEEN_STEPS: Final = 0.02  # seconds, in which others use the database
_BETWEEN_LOOKS: Final = 30.0  # seconds; the clock of the machine may be set
_AFTER_ERROR: Final = 60.0
_UPLOAD: Final = re.compile(r"/uploads/(?:img|docs)/([A-Za-z0-9_-]{32})\.")

_log = logging.getLogger("hitl.server")

# What stays of the payload of an event: nothing that somebody wrote.
_KEPT: Final = frozenset(
    {"event", "timestamp", "id", "status", "previous_status", "processing_type", "type", "priority", "response_type"}
    | {"template_id", "loop_id", "request_id", "session_id", "turn_id", "user_id", "turn_number", "action_type"}
    | {"reviewer", "email", "name", "response_by", "human_decision", "verdict_field", "claimed_by"}
    | {"created_at", "updated_at", "completed_at", "response_at", "timeout_at", "claimed_at", "cancelled_at"}
    | {"response_time_seconds"}
)
_OPENED: Final = frozenset({"review", "request", "data", "loop", "turn", "reviewer", "response_by_user", "response_by"})


class Retention:
    """Erases what ended longer ago than `keep`; any thread may call it."""

    def __init__(
        self,
        database: Database,
        review_service: ReviewService,
        audit: Audit,
        clock: Clock,
        keep: timedelta,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._database = database
        self._review_service = review_service
        self._audit = audit
        self._clock = clock
        self._keep = keep
        self._pause = pause
        self._store = ErasureStore(database)
        self._next = clock()
        self._is_untidy = False
        database.erase_for_good()
        with database.transaction():
            self._store.prepare()

    def next_due(self) -> datetime:
        """Return when the work of the next night begins; at once after a start."""
        return self._next

    def catch_up(self) -> None:
        """Do all that is due, as after the clock was moved."""
        if self._clock() >= self._next:
            while self.step():
                pass
            self._finish()

    async def run(self) -> None:
        """Work every night until cancelled."""
        while True:
            try:
                if self._clock() >= self._next:
                    while await in_worker(self.step):
                        await self._pause(_BETWEEN_STEPS)
                    await in_worker(self._tidy)
                    while await in_worker(self._database.give_back, _PAGES):
                        await self._pause(_BETWEEN_STEPS)
                    await in_worker(self._end)
                await self._pause(_BETWEEN_LOOKS)
            except Exception:  # such as a full disk: nothing is lost, and the next look repeats it
                _log.exception("old contents could not be erased; it is tried again")
                await self._pause(_AFTER_ERROR)

    def step(self) -> bool:
        """Erase some contents in one transaction, and return whether there are more."""
        before = to_wire(self._clock() - self._keep)
        with self._database.transaction():
            found = self._store.reviews(before, _AT_ONCE)
            for review in found:
                self._erase_review(review)
            asked = self._store.requests(before, _AT_ONCE)
            for request in asked:
                self._erase_request(request)
        self._is_untidy = self._is_untidy or bool(found or asked)
        return len(found) == _AT_ONCE or len(asked) == _AT_ONCE

    def _erase_review(self, review: Mapping[str, Any]) -> None:
        self._store.erase_review(reviews.erased({**review}))
        self._erase_payloads(review["id"], ("deliveries",))
        self._note("review", review["id"], review, ("content", "result"))

    def _erase_request(self, request: Mapping[str, Any]) -> None:
        request_id = request["id"]
        execution = self._store.execution(request_id)
        turn = self._store.turn(request_id)
        self._store.erase_request(requests.erased({**request}))
        if turn is not None:
            self._store.erase_turn(turns.erased(turn))
        # The turn itself may be gone: abandoned sessions are deleted.
        about = (request_id, execution, as_text(as_object(request["context"]).get("turn_id")))
        for subject_id in filter(None, about):
            self._erase_payloads(subject_id, ("events", "deliveries"))
        self._note("request", request_id, request, ("request_text", "response_data"))

    def _erase_payloads(self, subject_id: str, tables: tuple[str, ...]) -> None:
        for table in tables:
            for number, payload in self._store.payloads(table, subject_id):
                self._store.save_payload(table, number, {**_bare(payload), "erased": True})
        self._store.erase_excerpts(subject_id)

    def _note(self, kind: str, subject_id: str, document: Mapping[str, Any], names: tuple[str, ...]) -> None:
        """Record digests of what goes, by which a copy that somebody kept can be recognised."""
        detail = {name: _digest(document[name]) for name in names if document[name] is not None}
        self._audit.record(
            f"{kind}.erased", subject_id, at=to_wire(self._clock()), actor=MACHINE, detail={"sha256": detail}
        )

    def _finish(self) -> None:
        self._tidy()
        while self._database.give_back(_PAGES):
            pass
        self._end()

    def _tidy(self) -> None:
        """Delete the files that nothing names any more, and begin the index for searches anew."""
        if not self._is_untidy:
            return
        old = set(self._store.old_uploads(to_wire(self._clock() - self._keep)))
        if old and self._database.path != IN_MEMORY:
            with closing(Reader(self._database.path)) as reader:
                named = {each for text in texts_with_uploads(reader) for each in _UPLOAD.findall(text)}
            with self._database.transaction():
                self._store.delete_uploads(old - named)
        self._review_service.forget_texts()
        self._is_untidy = False

    def _end(self) -> None:
        self._database.empty_log()
        now = self._clock()
        tonight = datetime.combine(now.date(), NIGHT, now.tzinfo)
        self._next = tonight if tonight > now else tonight + timedelta(days=1)


def _bare(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a payload in which nothing is left of what somebody wrote."""
    return {
        name: _bare(each) if is_object(each) and name in _OPENED else each if name in _KEPT else None
        for name, each in value.items()
    }


def _digest(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
