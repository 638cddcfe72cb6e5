"""A server of decisions in memory: lists with offsets only, as the vendor's, or with a feed of changes as well."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from script import answer, refused, review

EPOCH = 1_800_000_000.0


def wire(moment: float) -> str:
    """Return a time as it is written; servers often leave out parts of seconds."""
    return datetime.fromtimestamp(int(moment), UTC).isoformat().replace("+00:00", "Z")


class DecidedServer:
    """Answers lists of reviews; each change takes the time `now`, in full seconds.

    Attributes:
        order: "created" (newest first), "updated" (newest first) or "oldest" (change, oldest first).
        page: How many reviews it puts on a page at most.
        filters_time: True if it knows `updated_after`, False if it ignores it, None if it refuses it.
        filters_metadata: The same for `metadata[NAME]`.
        feed: Whether it has a feed of changes.
        before: Called before each answer: what happens meanwhile.
    """

    def __init__(
        self,
        *,
        order: str = "created",
        page: int = 100,
        filters_time: bool | None = True,
        filters_metadata: bool | None = False,
        feed: bool = False,
        before: Callable[[], object] = lambda: None,
    ) -> None:
        self.order, self.page, self.filters_time, self.feed, self.before = order, page, filters_time, feed, before
        self.filters_metadata = filters_metadata
        self.headers: dict[str, str] = {}  # of each answer
        self.shown = 0  # reviews that were in its lists so far
        self.now = EPOCH
        self.documents: dict[str, dict[str, Any]] = {}
        self.steps: list[str] = []  # which review each change was of
        self.failures: list[Any] = []  # to be answered first
        self.queries: list[dict[str, Any]] = []

    def put(self, review_id: str, status: str = "created", **fields: Any) -> None:
        """Create a review, or change it."""
        known = self.documents.get(review_id) or review(review_id=review_id, created_at=wire(self.now))
        self.documents[review_id] = {**known, "status": status, "updated_at": wire(self.now), **fields}
        self.steps.append(review_id)

    def __call__(self, call: Any) -> Any:
        self.before()
        query = dict(call.request.query)
        self.queries.append(query)
        if self.failures:
            return self.failures.pop(0)
        if "updated_after" in query and self.filters_time is None:
            return refused(400)
        if _metadata(query) and self.filters_metadata is None:
            return refused(400)
        if "changes_after" in query:
            return self._changes(query)
        found = self._listed(query)
        offset, limit = int(query.get("offset", 0)), min(self.page, int(query["limit"]))
        return self._answer(found[offset : offset + limit], offset + limit < len(found), offset, str(len(self.steps)))

    def _listed(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        found = [each for each in self.documents.values() if self._matches(each, query)]
        if "updated_after" in query and self.filters_time:
            after = datetime.fromisoformat(query["updated_after"])
            found = [each for each in found if datetime.fromisoformat(each["updated_at"]) > after]
        if self.order == "created":
            return found[::-1]
        last = {review_id: number for number, review_id in enumerate(self.steps)}
        return sorted(found, key=lambda each: last[each["id"]], reverse=self.order == "updated")

    def _matches(self, document: dict[str, Any], query: dict[str, Any]) -> bool:
        wanted = _metadata(query) if self.filters_metadata else {}
        metadata = document.get("metadata") or {}
        return query.get("template_id") in (None, document["template_id"]) and metadata.items() >= wanted.items()

    def _changes(self, query: dict[str, Any]) -> Any:
        if not self.feed:
            return refused(400)
        after, limit = int(query["changes_after"]), min(self.page, int(query["limit"]))
        last = {review_id: number for number, review_id in enumerate(self.steps, 1)}
        new = (each for each, number in last.items() if number > after)
        ids = sorted((each for each in new if self._matches(self.documents[each], query)), key=last.__getitem__)
        shown = [self.documents[each] for each in ids[:limit]]
        cursor = last[ids[limit - 1]] if len(ids) > limit else len(self.steps)
        return self._answer(shown, len(ids) > limit, 0, str(cursor))

    def _answer(self, shown: list[dict[str, Any]], has_more: bool, offset: int, cursor: str) -> Any:
        self.shown += len(shown)
        pagination = {"limit": self.page, "offset": offset, "has_more": has_more}
        body = {"success": True, "data": json.loads(json.dumps(shown)), "meta": {"pagination": pagination}}
        return answer(200, body, **({"x_changes_cursor": cursor} if self.feed else {}), **self.headers)


def _metadata(query: dict[str, Any]) -> dict[str, str]:
    return {name[len("metadata[") : -1]: text for name, text in query.items() if name.startswith("metadata[")}
