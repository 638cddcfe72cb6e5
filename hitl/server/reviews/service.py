"""The rules of the sandbox: what may be asked, answered and changed, and what is refused."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from hitl.server import results
from hitl.server.loops.service import LoopService
from hitl.server.primitives.changes import ChangeNotifier
from hitl.server.primitives.clock import Clock, Now
from hitl.server.primitives.errors import ApiError, SetupError, conflict, not_found, raise_faults
from hitl.server.primitives.timestamps import from_wire, to_wire, utc_now
from hitl.server.primitives.validation import json_object, text
from hitl.server.reviews import lifecycle as reviews
from hitl.server.reviews import templates
from hitl.server.reviews.approvals import Approvals
from hitl.server.reviews.assignment import Assignment, require_assignable
from hitl.server.reviews.revisions import EarlierContents
from hitl.server.reviews.sample_templates import STARTERS
from hitl.server.reviews.schemas import REVIEW_CREATE, REVIEW_UPDATE, STATUSES, TEMPLATE_CREATE, TEMPLATE_UPDATE
from hitl.server.reviews.store import Document, Page, ReviewQuery, Store
from hitl.server.storage.database import IN_MEMORY, Database
from hitl.server.storage.errors import StorageError
from hitl.server.storage.idempotency import Created, create_once
from hitl.server.storage.outbox import Outbox
from hitl.server.webhooks.payloads import TEMPLATE_UPDATED, review_events, review_payload, template_payload

_REVIEWER = text(
    shortest=1, longest=320
)  # the longest e-mail address there can be (RFC 3696, errata 1690: 254) and more
_TEMPLATE_ID = text(shortest=1, longest=128)


@dataclass(slots=True)
class _Work:
    """One transaction at one moment, and the reviews that it changes."""

    now: datetime
    changed: list[str] = field(default_factory=list[str])


class ReviewService:
    """Reviews and templates, and everything that can be done with them.

    Documents are plain dicts in wire form, as `openapi.yaml` describes Review and Template. A method that cannot do
    what it is asked raises a Refusal and changes nothing. Any thread may call any method.

    Attributes:
        clock: Tells the present moment. Reviews expire by it, at once when it is moved.
        changes: Where the changes of reviews are announced.
        database: Where everything is kept.
        outbox: What happened, for those who are to be told of it.
        loops: Generation B: loops and requests, over the same database.
    """

    def __init__(
        self,
        data: str | Path = IN_MEMORY,
        *,
        clock: Now = utc_now,
        templates: Iterable[Mapping[str, Any]] = (),
    ) -> None:
        """Open the data file, or a fresh desk in memory.

        Args:
            data: The file that everything is kept in; ":memory:" forgets everything on close.
            clock: Returns the present moment, aware.
            templates: Templates to add or, where the id exists, to replace: bodies of creation with an `id`.

        Raises:
            SetupError: The file or a template cannot be used.
        """
        self.clock = Clock.over(clock)
        self.changes = ChangeNotifier()
        self.database = Database(data)
        self.outbox = Outbox(self.database)
        self._store = Store(self.database)
        self._earlier = EarlierContents(self.database)
        self._assignment = Assignment(self.database)
        self._approvals = Approvals(self.database)
        try:
            self._stock(templates)
        except StorageError as error:
            self._store.close()
            raise SetupError(f"{data} cannot be used: {error}") from error
        except BaseException:
            self._store.close()
            raise
        self.loops = LoopService(self.database, clock=self.clock, changes=self.changes, outbox=self.outbox)
        self._leave_clock = self.clock.on_advance(self.tick, due=self._next_due)

    def close(self) -> None:
        """Wake those who wait and close the data file."""
        self._leave_clock()
        self.changes.close()
        self._store.close()

    def tick(self) -> None:
        """Expire what is due and announce it, as every other method does before its own work."""
        with self._work():
            pass
        self.loops.tick()

    # Reviews

    def create_review(self, body: Mapping[str, Any], *, idempotency_key: str | None = None, owner: str = "") -> Created:
        """Create a review from the body of a request.

        Args:
            body: As ReviewCreate in `openapi.yaml`.
            idempotency_key: A name for this act of creation; the same again answers the first document again.
            owner: Whose key it is; keys of different owners have nothing to do with each other.
        """
        raise_faults(REVIEW_CREATE("", body))
        with self._work() as work:
            return create_once(
                self._store, "review", body, idempotency_key, owner, lambda: self._new_review(work, body)
            )

    def get_review(self, review_id: str) -> Document:
        """Return a review as it stands now."""
        with self._work():
            return self._review(review_id)

    def list_reviews(self, query: ReviewQuery | None = None) -> Page:
        """Return one page of reviews, the newest first."""
        with self._work():
            return self._store.reviews(query or ReviewQuery())

    def update_review(self, review_id: str, body: Mapping[str, Any]) -> Document:
        """Change an open review; keys of the content are merged, everything else replaced."""
        raise_faults(REVIEW_UPDATE("", body))
        with self._work() as work:
            before = self._review(review_id)
            after = reviews.updated(before, body, work.now)
            require_assignable(before, body, self._template(before["template_id"]))
            self._assignment.meet(after["assignees"])
            expires_at = self._store.expires_at(review_id)
            if "due_date" in body:
                expires_at = self._expiry(after, work.now)
            if after["content"] != before["content"]:
                self._earlier.keep(before)
                self._approvals.forget(review_id)
            self._save(work, after, "updated", expires_at=expires_at)
            return after

    def cancel_review(self, review_id: str) -> Document:
        """Cancel an open review; a cancelled one is answered again."""
        with self._work() as work:
            return self._move(work, reviews.cancelled(self._review(review_id), work.now), "cancelled")

    def start(self, review_id: str, reviewer: str) -> Document:
        """Mark a review as in progress."""
        raise_faults(_REVIEWER("reviewer", reviewer))
        with self._work() as work:
            after = reviews.started(self._review(review_id), work.now)
            return self._move(work, after, "started", actor=reviewer)

    def complete(
        self, review_id: str, result: Mapping[str, Any], reviewer: str, *, version: int | None = None
    ) -> Document:
        """Answer a review; the result must satisfy its template.

        A review that several people must approve stays in progress until enough of them have.

        Args:
            review_id: The review.
            result: The answer by the names of the template's fields.
            reviewer: Who answers.
            version: The version that the reviewer saw; another one is refused as `version_conflict`. None is any.
        """
        return self._answer(review_id, "completed", result, reviewer, version)

    def reject(
        self, review_id: str, result: Mapping[str, Any] | None, reviewer: str, *, version: int | None = None
    ) -> Document:
        """Answer a review with a rejection; what the result holds must be valid, but nothing is required.

        See `complete` for the arguments.
        """
        return self._answer(review_id, "rejected", {} if result is None else result, reviewer, version)

    def approvals(self, review_id: str) -> list[Document]:
        """Return who has approved a review that several people must approve, as `{reviewer, result, at}` in order."""
        with self._work():
            self._review(review_id)
            return self._approvals.of(review_id)

    def history(self, review_id: str) -> list[Document]:
        """Return what happened to a review, as `{version, event, actor, at}` in order; `actor` may be None."""
        with self._work():
            self._review(review_id)
            return self._store.history(review_id)

    def earlier_content(self, review_id: str) -> Document | None:
        """Return what a review's content was before its last change; None if it is still the first."""
        with self._work():
            return self._earlier.latest(review_id)

    def last_step(self) -> int:
        """Return the number of what happened last to any review; see `steps_after`."""
        with self._work():
            return self._store.last_step()

    def steps_after(self, number: int, limit: int = 100) -> list[Document]:
        """Return what happened after that to any review, as `history` does, with its `number` and `review_id`."""
        with self._work():
            return self._store.steps_after(number, limit)

    def counts(self) -> dict[str, int]:
        """Return how many reviews there are in each of the seven statuses."""
        with self._work():
            return dict.fromkeys(STATUSES, 0) | self._store.count_by_status()

    def seconds_to_expiry(self, review_id: str) -> float | None:
        """Return how long an open review has left by the desk's clock; None if it does not expire."""
        with self._work() as work:
            expires_at = self._store.expires_at(review_id)
            return None if expires_at is None else (from_wire(expires_at) - work.now).total_seconds()

    # Templates

    def create_template(
        self, body: Mapping[str, Any], *, idempotency_key: str | None = None, owner: str = ""
    ) -> Created:
        """Create a template from the body of a request; see `create_review` for the other arguments."""
        raise_faults(TEMPLATE_CREATE("", body))
        with self._work() as work:
            return create_once(
                self._store, "template", body, idempotency_key, owner, lambda: self._new_template(work, body)
            )

    def get_template(self, template_id: str) -> Document:
        """Return a template."""
        with self._work():
            return self._template(template_id)

    def list_templates(self, *, limit: int | None = 50, offset: int = 0) -> Page:
        """Return one page of templates, in the order of their creation."""
        with self._work():
            return self._store.templates(limit, offset)

    def update_template(self, template_id: str, body: Mapping[str, Any]) -> Document:
        """Replace the parts of a template that the body names; open reviews are answered by the new form."""
        raise_faults(TEMPLATE_UPDATE("", body))
        with self._work() as work:
            after = {**self._template(template_id), **body, "updated_at": to_wire(work.now)}
            raise_faults(templates.faults(after))
            self._store.save_template(after)
            self.outbox.emit(TEMPLATE_UPDATED, template_id, template_payload(after), at=work.now)
            return after

    def delete_template(self, template_id: str) -> Document:
        """Delete a template that no open review needs, and return the receipt."""
        with self._work():
            self._template(template_id)
            counts = self._store.count_by_status(template_id)
            waiting = sum(counts.get(status, 0) for status in reviews.OPEN)
            if waiting:
                raise conflict(f"{waiting} open review(s) use template {template_id}; finish or cancel them first")
            self._store.delete_template(template_id)
            return {"id": template_id, "deleted": True}

    # How it is done

    @contextmanager
    def _work(self) -> Generator[_Work, None, None]:
        with self._store.lock:
            work = _Work(self.clock())
            with self._store.transaction():
                self._expire(work)
            # Expiry is committed by itself: what follows may be refused, and time has passed all the same.
            try:
                with self._store.transaction():
                    yield work
            finally:
                self.changes.announce(work.changed)

    def _expire(self, work: _Work) -> None:
        for review, expires_at in self._store.overdue(to_wire(work.now)):
            self._save(work, reviews.expired(review, from_wire(expires_at)), "expired", expires_at=None)

    def _new_review(self, work: _Work, body: Mapping[str, Any]) -> Document:
        assignees = self._assignment.assignees(body, self._template(body["template_id"]))
        review_id = f"rev_{self._store.next_number('review')}"
        review = reviews.new_review(review_id, {**body, "assignees": assignees}, work.now)
        self._save(work, review, "created", expires_at=self._expiry(review, work.now))
        return review

    def _new_template(self, work: _Work, body: Mapping[str, Any]) -> Document:
        template_id = f"tpl_{self._store.next_number('template')}"
        while self._store.template(template_id) is not None:  # somebody gave a template of theirs this id
            template_id = f"tpl_{self._store.next_number('template')}"
        return self._put_template(template_id, body, work.now)

    def _put_template(self, template_id: str, body: Mapping[str, Any], now: datetime) -> Document:
        stamps = {"created_at": to_wire(now), "updated_at": to_wire(now)}
        template = {"id": template_id, **body, **stamps}
        self._store.save_template(template)
        return template

    def _answer(
        self,
        review_id: str,
        verdict: reviews.Verdict,
        result: Mapping[str, Any],
        reviewer: str,
        version: int | None,
    ) -> Document:
        raise_faults(_REVIEWER("reviewer", reviewer))
        raise_faults(json_object("result", result))
        with self._work() as work:
            before = self._review(review_id)
            after = reviews.answered(before, verdict, result, reviewer, work.now)
            reviews.require_version(before, version)
            template = self._template(before["template_id"])
            complete = verdict == "completed"
            raise_faults(results.faults(template, before["content"], result, complete=complete, now=work.now))
            at = to_wire(work.now)
            if complete and not self._approvals.suffice(review_id, template, result, reviewer, at):
                return self._move(work, reviews.approved(before, work.now), "approved", actor=reviewer)
            return self._move(work, after, verdict, actor=reviewer)

    def _move(self, work: _Work, after: Document, event: str, *, actor: str | None = None) -> Document:
        """Save a review in its next state, unless it is there already."""
        if after != self._review(after["id"]):
            still_open = after["status"] in reviews.OPEN
            expires_at = self._store.expires_at(after["id"]) if still_open else None
            self._save(work, after, event, actor=actor, expires_at=expires_at)
        return after

    def _save(
        self, work: _Work, review: Document, event: str, *, expires_at: str | None, actor: str | None = None
    ) -> None:
        for name in review_events(self._store.review(review["id"]), review):
            self.outbox.emit(name, review["id"], review_payload(name, review), at=work.now)
        self._store.save_review(review, expires_at)
        self._store.remember(review, event, actor)
        work.changed.append(review["id"])

    def _next_due(self) -> datetime | None:
        times = [time for time in (self._store.next_expiry(), self.loops.next_due()) if time is not None]
        return from_wire(min(times)) if times else None

    def _expiry(self, review: Document, now: datetime) -> str | None:
        moment = reviews.expiry(review, self._template(review["template_id"]), now)
        return None if moment is None else to_wire(moment)

    def _review(self, review_id: str) -> Document:
        review = self._store.review(review_id)
        if review is None:
            raise not_found("review", review_id)
        return review

    def _template(self, template_id: str) -> Document:
        template = self._store.template(template_id)
        if template is None:
            raise not_found("template", template_id)
        return template

    def _stock(self, templates: Iterable[Mapping[str, Any]]) -> None:
        """Lay out the starter templates in a fresh file, and the given ones in any."""
        with self._work() as work:
            # Counted in the same transaction, so that a starter that was deleted does not come back.
            if self._store.next_number("opening") == 1:
                for template_id, body in STARTERS.items():
                    self._put_template(template_id, body, work.now)
            for template in templates:
                template_id, body = _own_template(template)
                self._put_template(template_id, body, work.now)


def _own_template(template: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    try:
        raise_faults(json_object("", template))
        raise_faults(_TEMPLATE_ID("id", template.get("id")))
        body = {name: value for name, value in template.items() if name != "id"}
        raise_faults(TEMPLATE_CREATE("", body))
    except ApiError as refusal:
        raise SetupError(f"a template cannot be used: {refusal.message}") from refusal
    return template["id"], body
