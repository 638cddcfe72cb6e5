"""The rules of generation A: how reviews and templates are created, answered and changed, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from hitl._json import kept_fault
from hitl._verdict import verdict_of
from hitl.server import results
from hitl.server.asking import Policy, SelfApproval, asked_by
from hitl.server.primitives import (
    Actor,
    ApiError,
    Document,
    Page,
    SetupError,
    conflict,
    not_found,
    raise_faults,
    review_number,
)
from hitl.server.primitives import review_id as review_id_of
from hitl.server.primitives.names import LONGEST_NAME, clean_name, person, unique_names
from hitl.server.primitives.timestamps import from_wire, to_wire
from hitl.server.primitives.validation import every, json_object, text
from hitl.server.reviews import lifecycle, search, templates
from hitl.server.reviews.approvals import is_complete
from hitl.server.reviews.assignment import choose_assignees, require_assignable, same_people
from hitl.server.reviews.filter_store import order_of
from hitl.server.reviews.held_answer_store import HeldAnswer
from hitl.server.reviews.held_answers import CheckedAnswer, HeldAnswers
from hitl.server.reviews.list_query import NEVER, ReviewQuery
from hitl.server.reviews.list_store import ListStore, Place, counts_between
from hitl.server.reviews.review_rows import compact
from hitl.server.reviews.reviewer_store import ReviewerStore
from hitl.server.reviews.sample_templates import SAMPLE_TEMPLATES
from hitl.server.reviews.schemas import (
    REVIEW_CONSUMPTION,
    REVIEW_CREATE,
    REVIEW_UPDATE,
    STATUSES,
    TEMPLATE_CREATE,
    TEMPLATE_UPDATE,
)
from hitl.server.reviews.search_store import BEHIND, SearchStore
from hitl.server.reviews.shown import require_shown, shown_digest
from hitl.server.reviews.steps import Listener, Step
from hitl.server.reviews.store import ReviewStore
from hitl.server.storage import (
    Audit,
    Created,
    Database,
    IdempotencyStore,
    Outbox,
    Row,
    UnitOfWork,
    Work,
    fingerprint_of,
)
from hitl.server.storage.queries import cursor_of, documents, next_number
from hitl.server.webhooks import TEMPLATE_UPDATED, review_events, review_payload, template_payload

_FOREVER: Final = datetime.max.replace(tzinfo=UTC)
_REVIEWER = every(text(shortest=1, longest=LONGEST_NAME), person)
_TEMPLATE_ID = text(shortest=1, longest=128)


@dataclass(frozen=True, slots=True)
class _Who:
    """Who answers: the name that will stand on the answer, and the person, where the server knows people."""

    reviewer: str
    actor: Actor | None
    is_confirmed: bool


class ReviewService:
    """Reviews and templates, and everything that can be done with them.

    Documents are plain dicts in wire form, as `openapi.yaml` describes Review and Template. A refused call raises an
    ApiError and changes nothing. Any thread may call any method.
    """

    def __init__(
        self,
        database: Database,
        unit_of_work: UnitOfWork,
        outbox: Outbox,
        *,
        self_approval: SelfApproval | None = None,
        audit: Audit | None = None,
    ) -> None:
        """Work on the tables of a database that the caller opened and closes; a team's answers are in its audit."""
        self._self_approval = self_approval or SelfApproval()
        self._audit = audit
        self.clock = unit_of_work.clock
        self.changes = unit_of_work.changes
        self._database = database
        self._unit_of_work = unit_of_work
        self._outbox = outbox
        self._store = ReviewStore(database)
        self._lists = ListStore(database)
        self._reviewers = ReviewerStore(database)
        self._held = HeldAnswers(database, self._reviewers)
        self._idempotency = IdempotencyStore(database)
        self._search_store = SearchStore(database)
        self._is_searched = False
        self._quiet: tuple[datetime, datetime] | None = None  # from when until when nothing falls due
        self._listeners: list[Listener] = []
        outbox.compose_with(self._payload)

    def on_step(self, listener: Listener) -> None:
        """Call `listener` with each step of a review, inside its transaction."""
        self._listeners.append(listener)

    def install_templates(self, given: Iterable[Mapping[str, Any]]) -> None:
        """Store the sample templates in a fresh file, and the given ones in any; SetupError if one cannot be used."""
        with self._work() as work:
            # Counted in the same transaction, so that a deleted sample does not come back.
            if next_number(self._database, "opening") == 1:
                for template_id, body in SAMPLE_TEMPLATES.items():
                    self._put_template(template_id, body, work.now)
            for template in given:
                template_id, body = _checked_template(template)
                self._put_template(template_id, body, work.now)

    def tick(self) -> None:
        """Expire what is due, as every other method does before its own work."""
        with self._work():
            pass

    def next_due(self) -> datetime | None:
        """Return when the next review expires, or the next held answer is given."""
        moments = (self._store.next_expiry(), self._held.next_settling())
        return min((from_wire(moment) for moment in moments if moment is not None), default=None)

    # Reviews

    def create_review(
        self,
        body: Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        owner: str = "",
        actor: Actor | None = None,
    ) -> Created:
        """Create a ReviewCreate of `openapi.yaml`, once for each of an owner's idempotency keys; `actor` asks."""
        raise_faults(REVIEW_CREATE("", body))
        content = compact(body["content"])  # here and not under the lock, as the digest
        digest = fingerprint_of("review", body) if idempotency_key else b""
        with self._work() as work:
            metadata = lifecycle.metadata_of(body)
            asker = asked_by(actor, metadata)
            create = partial(self._new_review, work, {**body, "metadata": metadata}, content, asker)
            return self._idempotency.create_once(
                "review",
                body,
                idempotency_key,
                owner,
                create,
                fingerprint=digest,
                keep=_number,
                restore=self._as_created,
            )

    def created_under(self, key: str, owner: str) -> str | None:
        """Return the id of what the owner created under an idempotency key."""
        with self._work():
            found = self._idempotency.created_under(key, owner)
            return review_id_of(found) if isinstance(found, int) else None if found is None else str(found["id"])

    def asker_of(self, review_id: str) -> str | None:
        """Return the id of the key that asked for a review; None for an unknown one, or one of no key."""
        with self._database.lock:
            return self._store.asker_of(review_id)

    def get_review(self, review_id: str) -> Document:
        """Return a review as it stands now."""
        with self._work():
            text = self._store.review_text(review_id)
        if text is None:
            raise not_found("review", review_id)
        document: Document = json.loads(text)  # without the lock, which others wait for
        return document

    def list_reviews(self, query: ReviewQuery | None = None) -> Page:
        """Return one page of reviews, the newest first."""
        asked = query or ReviewQuery()
        if words := search.words_of(asked.search or ""):
            return self._search(asked, words)
        with self._reading() as lists:
            found, around = lists.reviews(asked)
        return replace(around, items=documents(found))

    def count_reviews(self, query: ReviewQuery) -> int:
        """Return how many reviews a query asks for."""
        return self.list_reviews(replace(query, limit=0, offset=0, after=None)).total

    def list_by_deadline(self, query: ReviewQuery, moments: Sequence[datetime]) -> tuple[Page, list[int]]:
        """Return one page in the order of due dates, and the numbers of all that the query asks for.

        These are how many are due before the first moment, before the next, later, and never.
        """
        asked, bounds = replace(query, sort="due"), [to_wire(moment) for moment in moments]
        if words := search.words_of(asked.search or ""):
            keys = self._keys(asked, words)
            counts = [*(sum(key[0] < bound for key in keys) for bound in (*bounds, NEVER)), len(keys)]
            return self._page_of(asked, keys), counts_between(counts)
        with self._reading() as lists:
            counts = lists.count_by_deadline(asked, bounds)
            found, around = lists.reviews(asked, total=sum(counts))
        return replace(around, items=documents(found)), counts

    def tally(self, query: ReviewQuery, since: datetime) -> tuple[dict[str, int], float | None]:
        """Return how many reviews of a query ended since a moment, by verdict, and the median seconds to an answer.

        The words of the query do not count.
        """
        with self._reading() as lists:
            return lists.tally(query, to_wire(since))

    def to_answer(self, names: Sequence[str]) -> dict[str, tuple[int, int]]:
        """Return how many open reviews each of these people can answer: of all, and of those assigned to them."""
        with self._reading() as lists:
            return lists.to_answer(names)

    def place(self, query: ReviewQuery, review_id: str) -> Place:
        """Return where a review stands in a list, or would stand if it were in it."""
        with self._reading() as lists:
            key = lists.key(query, review_id)
            if key is None:
                raise not_found("review", review_id)
            words = search.words_of(query.search or "")
            if not words:
                return lists.place(query, key)
        keys = self._keys(query, words)
        found = [each for each in keys if each[1] != key[1]]
        own = len(keys) - len(found)
        before = sum(not order_of(query).is_beyond(each, cursor_of(key)) for each in found)
        neighbours = [review_id_of(each[1]) for each in found[max(before - 1, 0) : before + 1]]
        previous = neighbours.pop(0) if before else None
        return Place(before, len(found) + own, previous, neighbours[0] if neighbours else None)

    def update_review(self, review_id: str, body: Mapping[str, Any]) -> Document:
        """Change an open review: keys of the content are merged, everything else is replaced."""
        raise_faults(REVIEW_UPDATE("", body))
        with self._work() as work:
            before = self._review(review_id)
            if "assignees" in body:
                named = unique_names(body["assignees"])
                known = before["assignees"]
                body = {**body, "assignees": known if same_people(named, known) else named}
            after = lifecycle.updated(before, body, work.now)
            require_assignable(before, body, self._template(before["template_id"]))
            self._reviewers.remember(after["assignees"])
            expires_at = self._store.expires_at(review_id)
            if "due_date" in body:
                expires_at = lifecycle.expires_at(after, self._template(after["template_id"]), work.now)
            self._require_readable(after)
            first = lifecycle.first_state(before)
            if first != lifecycle.first_state(after):
                self._store.save_first_state(first)
            if after["content"] != before["content"]:
                self._store.save_revision(before)
                self._reviewers.forget_approvals(review_id)
                self._held.drop(review_id)
            self._save(work, after, "updated", expires_at=expires_at, before=before)
            return after

    def cancel_review(self, review_id: str) -> Document:
        """Cancel an open review; a cancelled one is returned unchanged."""
        with self._work() as work:
            return self._move(work, lifecycle.cancelled(self._review(review_id), work.now), "cancelled")

    def start(self, review_id: str, reviewer: str) -> Document:
        """Mark a review as in progress."""
        raise_faults(_REVIEWER("reviewer", reviewer))
        reviewer = clean_name(reviewer)
        with self._work() as work:
            after = lifecycle.started(self._review(review_id), work.now)
            return self._move(work, after, "started", actor=reviewer)

    def has_answer(
        self, review_id: str, decision: lifecycle.Decision, result: Mapping[str, Any], reviewer: str, version: int
    ) -> bool:
        """Return whether a person has given this answer to this version of a review already."""
        with self._work():
            review, approvals = self._review(review_id), self._reviewers.approvals(review_id)
            return lifecycle.is_given(review, approvals, decision, result, reviewer, version)

    def complete(
        self,
        review_id: str,
        result: Mapping[str, Any],
        reviewer: str,
        *,
        version: int | None = None,
        shown: str | None = None,
        actor: Actor | None = None,
        is_confirmed: bool = False,
    ) -> Document:
        """Answer a review by the names of its template's fields; the result must satisfy the template.

        A review that several people must approve stays in progress until enough of them have. Any `version` but the
        current one is refused as `version_conflict`, and so is any `shown` but the present `shown_digest`; None skips
        the check. With a version, an answer that the same person has given already is not refused but returned: forms
        are sent twice. `actor` is the person, where the server knows people; `is_confirmed` says that he insists on
        answering what he asked himself, where the server warns of that.
        """
        who = _Who(reviewer, actor, is_confirmed)
        return self._answer(review_id, "completed", result, who, version, shown)

    def reject(
        self,
        review_id: str,
        result: Mapping[str, Any] | None,
        reviewer: str,
        *,
        version: int | None = None,
        shown: str | None = None,
        actor: Actor | None = None,
        is_confirmed: bool = False,
    ) -> Document:
        """Reject a review, as `complete`; fields in the result must be valid, but none is required."""
        who = _Who(reviewer, actor, is_confirmed)
        return self._answer(review_id, "rejected", {} if result is None else result, who, version, shown)

    def hold(
        self,
        review_id: str,
        decision: lifecycle.Decision,
        result: Mapping[str, Any],
        reviewer: str,
        *,
        seconds: float,
        batch: str,
        version: int | None = None,
        shown: str | None = None,
        form: Mapping[str, Any] | None = None,
        actor: Actor | None = None,
        is_confirmed: bool = False,
    ) -> HeldAnswer | None:
        """Answer a review in some seconds, unless `undo` takes its batch back before; at once for 0 seconds.

        It is refused as `complete` refuses it, and also if an answer to the review is held already; the same answer of
        the same person is not refused but kept as it is. `form` is kept with it, for the page to show it again.
        Return the answer that is held; None if it was given, now or before.
        """
        who = _Who(reviewer, actor, is_confirmed)
        if not seconds:
            self._answer(review_id, decision, result, who, version, shown)
            return None
        with self._work() as work:
            answer = self._checked(work, review_id, decision, result, who, version, shown)
            if answer is None:
                return None
            self._quiet = None
            ends = self._store.expires_at(review_id)
            return self._held.hold(work, answer, seconds=seconds, batch=batch, form=form or {}, expires_at=ends)

    def together(self) -> AbstractContextManager[object]:
        """Commit what the calls in the block change as one, which takes the time of one; others wait meanwhile."""
        return self._unit_of_work.group()

    def check_answer(
        self,
        review_id: str,
        decision: lifecycle.Decision,
        result: Mapping[str, Any],
        reviewer: str,
        *,
        version: int | None = None,
        shown: str | None = None,
        actor: Actor | None = None,
    ) -> bool:
        """Return whether an answer would end its review, and give none; refused as `hold` refuses it.

        The last of several approvals ends a review, the others do not.
        """
        who = _Who(reviewer, actor, is_confirmed=False)
        with self._work() as work:
            answer = self._checked(work, review_id, decision, result, who, version, shown)
            return answer is None or self._held.would_end(answer)

    def self_approval(self, review: Document, reviewer: str, actor: Actor | None = None) -> Policy:
        """Return what becomes of somebody's answer to a review that he asked for himself; "allow" if he did not."""
        with self._work():
            template = self._store.template(review["template_id"])
        return self._self_approval.policy_for(review, actor, reviewer, template)

    def undo(self, batch: str, review_id: str | None = None) -> list[HeldAnswer]:
        """Take back the held answers of a batch, or only that to one review; 409 if they are given already."""
        with self._work() as work:
            return self._held.undo(work, batch, review_id)

    def held_answer(self, review_id: str, reviewer: str) -> HeldAnswer | None:
        """Return what became of a person's answer that was held, unless it was given."""
        with self._work():
            return self._held.of_reviewer(review_id, reviewer)

    def held_by_another(self, review_id: str, reviewer: str) -> HeldAnswer | None:
        """Return the held answer of somebody else that will end a review."""
        with self._work():
            return self._held.of_another(review_id, reviewer)

    def held_batch(self, batch: str) -> list[HeldAnswer]:
        """Return the answers of a batch that can still be taken back."""
        with self._work():
            return self._held.of_batch(batch)

    def drop_held_of(self, reviewer: str) -> None:
        """Keep all answers of somebody that are held from being given, in the transaction of what ends his rights."""
        self._held.drop_by_reviewer(reviewer)

    def consume_review(self, review_id: str, body: Mapping[str, Any]) -> Document:
        """Take an approval for one run; 409 if it is none, or if another run has taken it. It may be repeated."""
        raise_faults(REVIEW_CONSUMPTION("", body))
        with self._work() as work:
            review = self._review(review_id)
            if verdict_of(review["status"], review["result"] or {}, review.get("verdict_field")) != "approved":
                raise ApiError(409, "not_approved", f"review {review_id} is not approved, so nothing may run")
            used = self._store.consume(review_id, body["claim"], body["call"], to_wire(work.now))
            if (used["claim"], used["call"]) != (body["claim"], body["call"]):
                message = f"the approval {review_id} was used by another run at {used['at']}; ask again"
                raise ApiError(409, "already_consumed", message, {"consumed_at": used["at"]})
            return review

    def approvals(self, review_id: str) -> list[Document]:
        """Return who has approved a review that several people must approve, as `{reviewer, result, at}` in order."""
        with self._work():
            self._review(review_id)
            return self._reviewers.approvals(review_id)

    def history(self, review_id: str) -> list[Document]:
        """Return what happened to a review, as `{version, event, actor, at}` in order; `actor` may be None."""
        with self._work():
            self._review(review_id)
            return self._store.history(review_id)

    def earlier_content(self, review_id: str) -> Document | None:
        """Return a review's content before its last change; None if it never changed."""
        with self._work():
            return self._store.last_revision(review_id)

    def last_step(self) -> int:
        """Return the number of the last step in the history of any review; see `steps_after`."""
        with self._work():
            return self._lists.last_step()

    def steps_after(self, number: int, limit: int = 100) -> list[Document]:
        """Return later steps of any review, as `history` does, with their `number` and `review_id`."""
        with self._work():
            return self._store.steps_after(number, limit)

    def counts(self) -> dict[str, int]:
        """Return how many reviews there are in each of the seven statuses."""
        with self._reading() as lists:
            return dict.fromkeys(STATUSES, 0) | lists.count_by_status()

    def expires_at(self, review_id: str) -> datetime | None:
        """Return when an open review expires; None if it does not."""
        with self._work():
            moment = self._store.expires_at(review_id)
        return None if moment is None else from_wire(moment)

    def seconds_to_expiry(self, review_id: str) -> float | None:
        """Return how many seconds an open review has left by the server's clock; None if it does not expire."""
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
            create = partial(self._new_template, work, body)
            return self._idempotency.create_once("template", body, idempotency_key, owner, create)

    def get_template(self, template_id: str) -> Document:
        """Return a template."""
        with self._work():
            return self._template(template_id)

    def list_templates(self, *, limit: int | None = 50, offset: int = 0, after: str | None = None) -> Page:
        """Return one page of templates, in the order of their creation."""
        with self._work():
            return self._store.templates(limit, offset, after)

    def update_template(self, template_id: str, body: Mapping[str, Any]) -> Document:
        """Replace the parts of a template that the body names; open reviews are answered by the new form."""
        raise_faults(TEMPLATE_UPDATE("", body))
        with self._work() as work:
            before = self._template(template_id)
            after = {**before, **body, "updated_at": to_wire(work.now)}
            raise_faults(templates.faults(after))
            if any(after.get(name) != before.get(name) for name in ("fields", "validation")):
                self._reviewers.forget_approvals_by(template_id)
                self._held.drop_by_template(template_id)
            self._store.save_template(after)
            self._outbox.emit(TEMPLATE_UPDATED, template_id, template_payload(after), at=work.now)
            return after

    def delete_template(self, template_id: str) -> Document:
        """Delete a template that no open review uses, and return the receipt."""
        with self._work():
            self._template(template_id)
            counts = self._lists.count_by_status(template_id)
            waiting = sum(counts.get(status, 0) for status in lifecycle.OPEN)
            if waiting:
                raise conflict(f"{waiting} open review(s) use template {template_id}; finish or cancel them first")
            self._store.delete_template(template_id)
            return {"id": template_id, "deleted": True}

    def index_texts(self, behind: int = BEHIND) -> bool:
        """Index some texts of a searched file; return whether the index was more than so many steps `behind`."""
        if not (self._is_searched or self._search_store.exists):
            return False
        with self._unit_of_work.begin(_nothing_due):
            part = self._search_store.next_part(behind) if self._search_store.create() else None
        if part is None:
            return False
        texts = [
            search.texts_of(document) for *_, document in part.documents
        ]  # without the lock, which others wait for
        with self._unit_of_work.begin(_nothing_due):
            self._search_store.add(part, texts)
        return True

    def forget_texts(self) -> None:
        """Begin the index for searches anew, so that it holds nothing of what was erased."""
        with self._unit_of_work.begin(_nothing_due):
            self._search_store.begin_anew()

    def weigh(
        self, review_id: str | None = None, template_id: str | None = None, body: Mapping[str, Any] | None = None
    ) -> int:
        """Return about how many bytes are stored of what a call is about: a review and its template, or a template."""
        named = template_id or (body or {}).get("template_id")
        return self._store.size_of(review_id, named if isinstance(named, str) else None)

    # Implementation

    def _search(self, query: ReviewQuery, words: Sequence[str]) -> Page:
        """Return one page of the reviews that hold all words."""
        return self._page_of(query, self._keys(query, words))

    def _page_of(self, query: ReviewQuery, found: Sequence[Row]) -> Page:
        """Return the page that a query asks for, of the keys of the whole list."""
        begin = query.offset
        if (after := query.after) is not None:
            begin = sum(not order_of(query).is_beyond(key, after) for key in found)
        end = len(found) if query.limit is None else begin + query.limit
        shown = [json.loads(self._lists.text(key[1])) for key in found[begin:end]]
        cursor = cursor_of(found[end - 1]) if shown and end < len(found) else None
        return Page(shown, len(found), cursor, begin, self._lists.last_step())

    def _keys(self, query: ReviewQuery, words: Sequence[str]) -> list[Row]:
        """Return the keys of all reviews that a query asks for and that hold all words, in order.

        What the stored texts do not tell, one review after the other does; others use the database in between.
        """
        self._is_searched = True
        with self._reading() as lists:
            keys = lists.keys(query, self._search_store.words(words, people=query.search_people))
        return [key[:2] for key in keys if not key[2] or self._holds(key[1], words, query)]

    def _holds(self, number: int, words: Sequence[str], query: ReviewQuery) -> bool:
        return search.holds(self._lists.text(number), words, people=query.search_people)

    @contextmanager
    def _reading(self) -> Generator[ListStore, None, None]:
        """Yield the statements of lists, which hold nobody up, over what there is after everything that is due."""
        self.tick()
        with self._database.reading() as reader:
            yield ListStore(reader)

    def _work(self) -> AbstractContextManager[Work]:
        return self._unit_of_work.begin(self._settle, self._is_due)

    def _is_due(self, now: datetime) -> bool:
        """Return whether a held answer or an expiry may be due."""
        return self._quiet is None or not self._quiet[0] <= now < self._quiet[1]

    def _settle(self, work: Work) -> None:
        """Give the held answers whose time has come, then expire what is due: an answer was in time."""
        self._held.settle(work, partial(self._give, work))
        self._expire(work)
        if not self._database.is_writing:  # nothing was due, and everything that was read is committed
            self._quiet = work.now, self.next_due() or _FOREVER

    def _give(self, work: Work, held: HeldAnswer) -> None:
        who = _Who(held.reviewer, held.actor, held.is_confirmed)
        answer = self._checked(work, held.review_id, held.decision, held.result, who, None, held.shown, is_due=True)
        if answer is not None:
            self._commit(work, answer)

    def _expire(self, work: Work) -> None:
        for review, expires_at in self._store.overdue(to_wire(work.now)):
            after = lifecycle.expired(review, from_wire(expires_at))
            self._save(work, after, "expired", expires_at=None, before=review)

    def _new_review(self, work: Work, body: Mapping[str, Any], content: str, asker: Document | None) -> Document:
        template = self._store.shared_template(body["template_id"])
        if template is None:
            raise not_found("template", body["template_id"])
        chosen = {
            "assignees": choose_assignees(self._reviewers, body, template),
            "verdict_field": results.verdict_field(template),
        }
        number, step = self._store.next_numbers()
        review = lifecycle.new_review(review_id_of(number), {**body, **chosen}, work.now, asker)
        expires_at = lifecycle.expires_at(review, template, work.now)
        self._store.add_review(review, step, expires_at, content)
        self._tell(work, None, review, expires_at)
        return review

    def _new_template(self, work: Work, body: Mapping[str, Any]) -> Document:
        template_id = f"tpl_{next_number(self._database, 'template')}"
        while self._store.template(template_id) is not None:  # an installed template has this id
            template_id = f"tpl_{next_number(self._database, 'template')}"
        return self._put_template(template_id, body, work.now)

    def _put_template(self, template_id: str, body: Mapping[str, Any], now: datetime) -> Document:
        stamps = {"created_at": to_wire(now), "updated_at": to_wire(now)}
        template = {"id": template_id, **body, **stamps}
        self._store.save_template(template)
        return template

    def _answer(
        self,
        review_id: str,
        decision: lifecycle.Decision,
        result: Mapping[str, Any],
        who: _Who,
        version: int | None,
        shown: str | None,
    ) -> Document:
        with self._work() as work:
            answer = self._checked(work, review_id, decision, result, who, version, shown)
            return self._review(review_id) if answer is None else self._commit(work, answer)

    def _checked(
        self,
        work: Work,
        review_id: str,
        decision: lifecycle.Decision,
        result: Mapping[str, Any],
        who: _Who,
        version: int | None,
        shown: str | None,
        *,
        is_due: bool = False,
    ) -> CheckedAnswer | None:
        """Return an answer that may be given; None for one that was given already. A due one is held by itself."""
        raise_faults(_REVIEWER("reviewer", who.reviewer))
        reviewer = clean_name(who.reviewer)
        raise_faults(json_object("result", result))
        before = self._review(review_id)
        approvals = self._reviewers.approvals(review_id)
        if version is not None and lifecycle.is_given(before, approvals, decision, result, reviewer, version):
            return None
        after = lifecycle.answered(before, decision, result, reviewer, work.now)
        self._require_readable(after)
        lifecycle.require_version(before, version)
        template = self._template(before["template_id"])
        counts = decision == "completed" and results.approvals_needed(template) > 1
        is_self_approved = self._self_approval.check(
            before, who.actor, reviewer, is_confirmed=who.is_confirmed, template=template, counts=counts
        )
        require_shown(before, template, shown)
        complete = decision == "completed"
        raise_faults(results.faults(template, before["content"], result, complete=complete, now=work.now))
        if not is_due:
            self._held.require_free(review_id, reviewer)
        return CheckedAnswer(before, after, template, decision, reviewer, who.actor, is_self_approved)

    def _commit(self, work: Work, answer: CheckedAnswer) -> Document:
        after = dict(answer.after)
        if answer.is_self_approved:
            after[lifecycle.SELF_APPROVED] = True
        if answer.actor is not None and answer.actor.came_by_message:
            after[lifecycle.ANSWERED_VIA] = "link"
        if answer.decision == "completed" and not is_complete(
            self._reviewers, answer.before, answer.template, after["result"], answer.reviewer, to_wire(work.now)
        ):
            moved = self._move(work, lifecycle.approved(answer.before, work.now), "approved", actor=answer.reviewer)
        else:
            moved = self._move(work, after, answer.decision, actor=answer.reviewer)
        self._record(work, answer)
        return moved

    def _record(self, work: Work, answer: CheckedAnswer) -> None:
        """Note in the audit of a team who answered what in which way; its content is there as a digest only."""
        if self._audit is None:
            return
        before, after = answer.before, answer.after
        detail = {
            "decision": answer.decision,
            "verdict": verdict_of(after["status"], after["result"], after.get("verdict_field")),
            "shown": shown_digest(before, answer.template),
            "version": before["version"],
            **({lifecycle.SELF_APPROVED: True} if answer.is_self_approved else {}),
        }
        actor = answer.actor or Actor("person", "", answer.reviewer)
        self._audit.record("review.answered", before["id"], at=to_wire(work.now), actor=actor, detail=detail)

    def _require_readable(self, review: Document) -> None:
        """Refuse a change after which nobody could read the review any more."""
        if fault := kept_fault(json.dumps(review, ensure_ascii=False).encode("utf-8", "surrogatepass")):
            raise ApiError(413, "payload_too_large", f"the review would be too large to be read: {fault}; send less")

    def _move(self, work: Work, after: Document, event: str, *, actor: str | None = None) -> Document:
        """Save a review in its next state, unless it is there already."""
        before = self._review(after["id"])
        if after != before:
            still_open = after["status"] in lifecycle.OPEN
            expires_at = self._store.expires_at(after["id"]) if still_open else None
            self._save(work, after, event, actor=actor, expires_at=expires_at, before=before)
        return after

    def _save(
        self,
        work: Work,
        review: Document,
        event: str,
        *,
        expires_at: str | None,
        before: Document,
        actor: str | None = None,
    ) -> None:
        self._store.save_review(review, expires_at, event, actor, before=before)
        if review["status"] in lifecycle.FINAL:
            self._held.drop(review["id"])
        self._tell(work, before, review, expires_at)

    def _tell(self, work: Work, before: Document | None, review: Document, expires_at: str | None) -> None:
        """Let everybody know of a review's step, within its transaction or after it."""
        if expires_at is not None and self._quiet is not None:
            self._quiet = self._quiet[0], min(self._quiet[1], from_wire(expires_at))
        events = list(review_events(before, review))
        payload_of = partial(review_payload, review=review)
        self._outbox.emit_status(events, review["id"], review["status"], payload_of, at=work.now)
        for listener in self._listeners:
            listener(Step(before, review, expires_at, work.now))
        work.changed.append(review["id"])

    def _payload(self, event: str, review_id: str, status: str, at: str) -> Document:
        """Return the payload of an event: of what it tells, only the status changes before the end."""
        review = self._store.summary(review_id)
        assert review is not None  # noqa: S101 - the event was stored with the review, which is never deleted
        return review_payload(event, lifecycle.as_of_event(review, status, at))

    def _as_created(self, made: Document | int) -> Document:
        """Return a review as it was created; older versions kept the whole of it, or its first state."""
        if not isinstance(made, int) and "content" in made:
            return made
        review = self._review(review_id_of(made) if isinstance(made, int) else made["id"])
        state = self._store.first_state(review["id"]) if isinstance(made, int) else made
        content = self._store.first_revision(review["id"])
        return lifecycle.as_created(
            review,
            lifecycle.first_state(review) if state is None else state,
            review["content"] if content is None else content,
        )

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


def _number(review: Document) -> int:
    number = review_number(review["id"])
    assert number is not None  # noqa: S101 - the server has made the id
    return number


def _nothing_due(_work: Work) -> None:
    """Leave what is due to the next transaction that is about reviews."""


def _checked_template(template: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    try:
        raise_faults(json_object("", template))
        raise_faults(_TEMPLATE_ID("id", template.get("id")))
        body = {name: value for name, value in template.items() if name != "id"}
        raise_faults(TEMPLATE_CREATE("", body))
    except ApiError as error:
        raise SetupError(f"a template cannot be used: {error.message}") from error
    return template["id"], body
