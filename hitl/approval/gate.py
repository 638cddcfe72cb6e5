"""The gate: a call is asked about, held against what was approved, and run once; otherwise it does not run.

One flow for both kinds of client. It fails closed: whatever goes wrong before the approval is consumed, nothing has
run; whatever goes wrong after it, nobody runs it again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final
from uuid import uuid4

from attrs import asdict, define, evolve, field

from hitl._clock import monotonic
from hitl._json import Object
from hitl._verdict import is_same
from hitl.approval.calls import Call, Target, approval_key, binding, form_digest, shown_digest
from hitl.approval.canonical import hash_of, shown
from hitl.approval.edits import EditError, edited
from hitl.approval.errors import ApprovalError, ApprovalMismatch, ApprovalRejected, LedgerError
from hitl.approval.escalating import require_fit, wait_for_answer
from hitl.approval.form import FORM_NAME, GIVEN, OFFERED, form_for, given_with
from hitl.approval.grants import Grant, Settings, kept_outcome
from hitl.approval.ledger import (
    IN_DOUBT,
    OPEN,
    Approval,
    Decided,
    Decision,
    GivenAllowance,
    NewAllowance,
    NewApproval,
    Outcome,
    owner,
)
from hitl.approval.people import is_by_another
from hitl.approval.policy import Ruling
from hitl.approval.reasons import Reasons
from hitl.approval.steps import Do, Flow, Keep
from hitl.exceptions import (
    APIStatusError,
    ConfigurationError,
    ConflictError,
    ReviewCancelledError,
    ReviewExpiredError,
    ReviewNotFoundError,
)
from hitl.models import Review, Template

METADATA: Final = "hitl"  # the name in the review's metadata, which no reviewer sees, of what it is bound to
_NO_SUCH_OPERATION: Final = (404, 405, 501)  # what a server says to an operation that it does not have
STANDING: Final = 300.0  # seconds for which a refusal stands, so that a retrying agent asks nobody


@define
class Gatekeeper:
    """The logic of one gated function or block."""

    settings: Settings
    target: Target
    description: str
    _refused: dict[str, tuple[float, ApprovalError]] = field(factory=dict[str, Any], init=False)
    _server_has_no_lock: bool = field(default=False, init=False)

    @property
    def _reasons(self) -> Reasons:
        return Reasons(self.target.name)

    # --- the run -----------------------------------------------------------------------------------------------------

    def run(
        self, arguments: Mapping[str, Any], invoke: Callable[[Mapping[str, Any]], Any], key: str | None = None
    ) -> Flow[Any]:
        """Run a function if it is approved, once, and return what it returns; `key` is that of a question asked."""
        grant = yield from self.approve(arguments, key)
        if grant.kept is not None:
            return grant.kept.result
        begun: list[bool] = []

        def begin() -> Any:
            begun.append(True)
            return invoke(grant.arguments)

        try:
            value = yield Do(begin)
        except GeneratorExit:
            raise  # the driver is gone; the row stays in doubt
        except BaseException as error:
            yield from self.failed(grant, error, has_begun=bool(begun))
            raise
        yield from self.finished(grant, value)
        return value

    def finished(self, grant: Grant, value: Any) -> Flow[None]:
        """Say in the ledger that a run has ended well."""
        if grant.key is None:
            return
        is_block = self.target.signature is None  # its result is what its body does, so it cannot be kept
        outcome = kept_outcome(value) if grant.is_scoped and not is_block else Outcome()
        told, why = False, "another process has settled it"
        try:
            told = yield Keep(lambda: self._settle(grant, "finished", outcome))
        except LedgerError as error:
            why = str(error)
        if not told:
            raise self._reasons.unfinished(grant.key, why, value)

    def failed(self, grant: Grant, error: BaseException, *, has_begun: bool) -> Flow[None]:
        """Say in the ledger how a run has failed; the error itself matters more than a ledger that fails, too."""
        if grant.key is None:
            return
        name = f"{type(error).__module__}.{type(error).__qualname__}"
        if not has_begun:
            state, outcome = "failed", Outcome(error=name, note="did not begin")
        else:
            state, outcome = "failed" if isinstance(error, Exception) else "unknown", Outcome(error=name)
        try:
            yield Keep(lambda: self._settle(grant, state, outcome))
        except LedgerError as failure:
            error.add_note(f"and the ledger was not told: {failure}")

    def _settle(self, grant: Grant, state: Any, outcome: Outcome) -> bool:
        return self.settings.ledger.settle(grant.key or "", grant.claim, state, outcome)

    # --- the approval ------------------------------------------------------------------------------------------------

    def approve(self, arguments: Mapping[str, Any], key: str | None = None) -> Flow[Grant]:
        """Return leave to run, which is consumed; raise why there is none."""
        call = self.target.call(arguments, self.settings.metadata)
        ruling = yield from self._ruling(call)
        if key is not None:
            row = yield from self.asked(key, call.digest)
            return (yield from self._granted(call, row, arguments))
        if ruling.effect == "allow":
            facts = _facts(call, rule=ruling.rule, shadow=ruling.is_shadow)
            yield Keep(lambda: self.settings.ledger.record("would_ask" if ruling.is_shadow else "allowed", facts))
            return Grant(dict(arguments))
        place = self.settings.client.scoped_key("approval", call.digest) or ""
        if not place:
            self._raise_standing(call)
        found, number = yield from self._known(call, place)
        offer = self._offer(ruling)
        if found is None and offer is not None:
            facts = _facts(call, shadow=False)
            used: GivenAllowance | None = yield Keep(lambda: self.settings.ledger.use(offer.binding, facts))
            if used is not None:
                return Grant(dict(arguments), used.reviewer)
        row = found or (yield from self._open(call, arguments, place, number, offer))
        return (yield from self._granted(call, row, arguments))

    def asked(self, key: str, call: str) -> Flow[Approval]:
        """Return the row of a question about a call that was asked before."""
        row: Approval | None = yield Keep(lambda: self.settings.ledger.get(key))
        if row is None or row.call != call:
            raise self._reasons.mismatch("call", f"the ledger knows no approval {key!r} of this call", key)
        return row

    def _granted(self, call: Call, row: Approval, arguments: Mapping[str, Any]) -> Flow[Grant]:
        if (ended := self._reasons.ended(row)) is not None:
            raise ended
        if row.state == "finished":
            return Grant(dict(arguments), kept=row.outcome)
        if row.state == "asked":
            row, final = yield from self._answered(call, row, arguments)
        else:  # answered, before a restart
            final = self._as_decided(row, arguments)
        return (yield from self._consumed(row, final))

    def submit(self, arguments: Mapping[str, Any]) -> Flow[Approval]:
        """Ask, without waiting; the same call finds its question again, in any process."""
        call = self.target.call(arguments, self.settings.metadata)
        offer = self._offer((yield from self._ruling(call)))
        place = self.settings.client.scoped_key("approval", call.digest) or ""
        found, number = yield from self._known(call, place)
        row = found or (yield from self._open(call, arguments, place, number, offer))
        if (ended := self._reasons.ended(row)) is not None:
            raise ended
        return (yield from self._asked(row)) if row.state == "asked" else row

    def _ruling(self, call: Call) -> Flow[Ruling]:
        ruling = yield from self.settings.policy.ruling(call)
        if ruling.effect == "deny":
            yield Keep(lambda: self.settings.ledger.record("denied", _facts(call, rule=ruling.rule)))
            raise self._reasons.denied(ruling.rule)
        return ruling

    def _offer(self, ruling: Ruling) -> NewAllowance | None:
        """Return what the person who is asked may give besides."""
        if (given := ruling.allowance) is None:
            return None
        return NewAllowance(ruling.rule, binding(self.target, ruling.rule, given), given.minutes, given.uses)

    def _known(self, call: Call, place: str) -> Flow[tuple[Approval | None, int]]:
        """Return the row of this call, if one is open, and the number for a new one."""
        rows: Sequence[Approval] = yield Keep(lambda: self.settings.ledger.calls(call.digest, place))
        if place:
            return (rows[0] if rows else None), 0
        return next((row for row in rows if row.state in (*OPEN, *IN_DOUBT)), None), len(rows)

    def _open(
        self, call: Call, arguments: Mapping[str, Any], place: str, number: int, offer: NewAllowance | None
    ) -> Flow[Approval]:
        """Write down a question before it is asked, with the exact body of the review."""
        settings = self.settings
        # Outside of scopes nobody but this ledger knows the key: a lost ledger, or another one, must ask anew, and not
        # be given the review of an approval that has been used.
        key = approval_key(call.digest, place or uuid4().hex, number)
        template = yield from self._template(offer)
        require_fit(settings, template)
        content: Object = {"action": self.target.name, "arguments": self.target.shown(arguments)}
        if self.description:
            content["description"] = self.description
        if settings.describe is not None:
            content["preview"] = shown((yield from _users("describe", settings.describe, call)))
        form = form_digest(template.fields, template.settings)
        seen = shown_digest(form, content)
        chosen = {"assignees": settings.assignees, "priority": settings.priority, "due_date": settings.due_date}
        bound = {"v": 1, "call": call.digest, "shown": seen, "key": key}
        metadata = {**settings.metadata, METADATA: json.dumps(bound, separators=(",", ":"))}
        if offer is not None:
            metadata[OFFERED] = json.dumps(asdict(offer))
        body = {
            "template_id": template.id,
            "content": content,
            "metadata": metadata,
            **{k: v for k, v in chosen.items() if v is not None},
        }
        new = NewApproval(
            key=key,
            call=call.digest,
            place=place,
            number=number,
            function=call.function,
            arguments=content["arguments"],
            body=body,
            form=form,
            shown=seen,
            run=settings.run,
        )
        asked: Approval = yield Keep(lambda: settings.ledger.ask(new))
        return asked

    def _template(self, offer: NewAllowance | None) -> Flow[Template]:
        client, given = self.settings.client, self.settings.template_id
        template: Template
        if given is not None:
            template = yield Do(lambda: client.get_template(given))
            return template
        wanted = {} if self.settings.quorum is None else {"approval_threshold": self.settings.quorum}
        template = yield Do(lambda: client.ensure_template(FORM_NAME, form_for(offer), wanted or None))
        if not is_same({**(template.settings or {}), **wanted}, template.settings or {}):
            raise ConfigurationError("this server does not know approvals by several people, so quorum= cannot hold")
        return template

    def _asked(self, row: Approval) -> Flow[Approval]:
        """Return the row with its review, which is created if it has none; a repeated creation sends the same bytes."""
        if row.review_id is not None:
            return row
        client = self.settings.client
        review: Review = yield Do(lambda: client.create_review(**row.body, idempotency_key=row.key))
        noted: Approval = yield Keep(lambda: self.settings.ledger.note_review(row.key, review.id))
        return noted

    def _answered(
        self, call: Call, row: Approval, arguments: Mapping[str, Any]
    ) -> Flow[tuple[Approval, Mapping[str, Any]]]:
        """Wait for the answer, hold it against what was asked, and return what may run."""
        row = yield from self._asked(row)
        review, template = yield from self._answer(row)
        try:
            self._require_as_asked(row, review, template)
            if review.verdict != "approved":
                raise self._remembered(call, (yield from self._refuse(row, review, review.verdict or "unclear")))
            final, ran = yield from self._approved_arguments(call, row, review, arguments)
        except ApprovalMismatch:
            yield from self._refuse(row, review, "mismatch")
            raise
        decision = Decision("approved", review.reviewer, review.feedback, review.result.get("arguments"))
        given = given_with(row) if review.result.get("allowance") == GIVEN else None
        decided = yield from self._decide(row, "answered", ran, decision, given)
        if (ended := self._reasons.ended(decided)) is not None:
            raise ended
        if decided.ran != ran:
            raise self._reasons.mismatch(
                "arguments", "another process has read other edits from the same answer", row.key, review
            )
        return decided, final

    def _answer(self, row: Approval) -> Flow[tuple[Review, Template]]:
        """Return the answered review, read after its answer, and its form as it is now."""
        client = self.settings.client
        try:
            review = yield from wait_for_answer(self.settings, row)
            template: Template = yield Do(lambda: client.get_template(row.body["template_id"]))
        except (ReviewExpiredError, ReviewCancelledError) as error:
            kind = "expired" if isinstance(error, ReviewExpiredError) else "cancelled"
            raise (yield from self._refuse(row, error.review, kind)) from error
        except ReviewNotFoundError as error:
            yield from self._refuse(row, None, "mismatch")
            raise self._reasons.mismatch("review", "its review does not exist any more", row.key) from error
        return review, template

    def _require_as_asked(self, row: Approval, review: Review, template: Template) -> None:
        """Raise ApprovalMismatch unless the answered review is what was asked, and answered by somebody else."""
        unlike = partial(self._reasons.mismatch, key=row.key, review=review)
        if review.id != row.review_id or review.template_id != row.body["template_id"]:
            raise unlike("review", "the answer is that of another review")
        if form_digest(template.fields, template.settings) != row.form:
            raise unlike("shown", "its form was changed while it was open")
        if not is_same(review.content, row.body["content"]):
            raise unlike("shown", "its content was changed while it was open")
        asker = self.settings.asked_by
        if asker is not None and not is_by_another(asker, review.reviewer):
            raise unlike("self-approval", "nobody else than the asker is known to have approved it")

    def _approved_arguments(
        self, call: Call, row: Approval, review: Review, arguments: Mapping[str, Any]
    ) -> Flow[tuple[Mapping[str, Any], str]]:
        """Return the arguments with the reviewer's edits, and the digest of the call with them; or ApprovalMismatch."""
        unlike = partial(self._reasons.mismatch, "arguments", key=row.key, review=review)
        try:
            final = edited(self.target, arguments, row.arguments, review.result.get("arguments"))
        except EditError as error:
            raise unlike(f"its edited arguments do not fit: {error}") from None
        if self.target.call(arguments, call.metadata).digest != row.call:
            raise unlike("its arguments have changed since it was asked about")
        last = self.target.call(final, call.metadata)
        if last.digest != row.call and (yield from self.settings.policy.ruling(last)).effect == "deny":
            raise unlike("a rule forbids the arguments that the reviewer chose")
        return final, last.digest

    def _as_decided(self, row: Approval, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the arguments that an earlier process found approved, made of the live ones."""
        edits = row.decision.edits if row.decision else None
        try:
            final = edited(self.target, arguments, row.arguments, edits)
        except EditError as error:
            raise self._reasons.mismatch("arguments", str(error), row.key) from None
        if self.target.call(final, self.settings.metadata).digest != row.ran:
            raise self._reasons.mismatch("arguments", "its arguments are not those that were approved", row.key)
        return final

    def _consumed(self, row: Approval, final: Mapping[str, Any]) -> Flow[Grant]:
        decision = row.decision or Decision("approved")
        grant = Grant(
            arguments=dict(final),
            reviewer=decision.reviewer,
            feedback=decision.feedback,
            review_id=row.review_id,
            key=row.key,
            claim=uuid4().hex,
            is_scoped=bool(row.place),
        )
        try:
            won = yield Keep(lambda: self.settings.ledger.consume(row.key, row.ran or "", grant.claim or "", owner()))
        except GeneratorExit:
            raise
        except BaseException as error:
            # It may have been consumed all the same; only our own claim can be settled.
            yield from self.failed(grant, error, has_begun=False)
            raise
        if not won:
            now = yield Keep(lambda: self.settings.ledger.get(row.key))
            late = self._reasons.ended(now or evolve(row, state="unknown"), is_late=True)
            raise late or self._reasons.mismatch("arguments", "what was approved is not what would run", row.key)
        if self.target.call(final, self.settings.metadata).digest != row.ran:  # other tasks ran meanwhile
            changed = self._reasons.mismatch(
                "arguments", "its arguments have changed since they were approved", row.key
            )
            yield from self.failed(grant, changed, has_begun=False)
            raise changed
        yield from self._consumed_at_the_server(grant, row)
        return grant

    def _consumed_at_the_server(self, grant: Grant, row: Approval) -> Flow[None]:
        """Take the approval at the server, too, where it can: for programs that do not share a ledger."""
        if self._server_has_no_lock:
            return
        from hitl_api.api.reviews import consume_review
        from hitl_api.models.review_consumption import ReviewConsumption

        client, review_id = self.settings.client, row.review_id
        body = ReviewConsumption(claim=hash_of(grant.claim or ""), call=row.ran or "")
        try:
            yield Do(lambda: client.call(consume_review, review_id, body=body))
        except GeneratorExit:
            raise
        except BaseException as error:
            if isinstance(error, APIStatusError) and error.status_code in _NO_SUCH_OPERATION:
                self._server_has_no_lock = not isinstance(error, ReviewNotFoundError)
            if self._server_has_no_lock:
                return
            yield from self.failed(grant, error, has_begun=False)
            if isinstance(error, ConflictError):
                raise self._reasons.used_elsewhere(row, is_used=error.code == "already_consumed") from error
            raise

    def _refuse(self, row: Approval, review: Review | None, verdict: str) -> Flow[ApprovalError]:
        """End a question without a yes, and return the error that says so."""
        decision = Decision(verdict, review.reviewer, review.feedback) if review else Decision(verdict)
        yield from self._decide(row, "refused", None, decision)
        return self._reasons.refused(decision, row.key, review)

    def _decide(
        self, row: Approval, state: Decided, ran: str | None, decision: Decision, given: NewAllowance | None = None
    ) -> Flow[Approval]:
        decided: Approval = yield Keep(lambda: self.settings.ledger.decide(row.key, state, ran, decision, given))
        return decided

    # --- refusals that stand ----------------------------------------------------------------------------------------

    def _remembered(self, call: Call, error: ApprovalError) -> ApprovalError:
        if isinstance(error, ApprovalRejected):
            now = monotonic()
            standing = {digest: each for digest, each in self._refused.items() if each[0] > now}
            self._refused = {**standing, call.digest: (now + STANDING, error)}
        return error

    def _raise_standing(self, call: Call) -> None:
        until, error = self._refused.get(call.digest, (0.0, None))
        if error is not None and monotonic() < until:
            raise error.with_traceback(None)


def _facts(call: Call, **more: Any) -> Object:
    return {"call": call.digest, "function": call.function, **more}


def _users(name: str, function: Callable[[Call], Any], call: Call) -> Flow[Any]:
    """Call a function of the user's; what it raises says where."""
    try:
        return (yield Do(lambda: function(call)))
    except Exception as error:
        error.add_note(f"raised by {name}= of the gate for {call.function}; nobody was asked")
        raise
