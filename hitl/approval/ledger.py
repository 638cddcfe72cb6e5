"""What a ledger of approvals is: rows whose states only move forward, and a chain of records.

            answer                        consume                       return or raise
    asked ──────────► answered ──────────────────────► consumed ──────────────────────► finished | failed | unknown
      └──► refused                                        settle, by a person, ends consumed and unknown ones

No transition leads back, and none is made by time.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol, TypeAlias

from attrs import field, frozen

from hitl._json import Object

State: TypeAlias = Literal["asked", "answered", "refused", "consumed", "finished", "failed", "unknown"]
Decided: TypeAlias = Literal["answered", "refused"]
Handling: TypeAlias = Literal["begun", "handled", "elsewhere"]
Settled: TypeAlias = Literal["finished", "failed", "unknown"]

OPEN: tuple[State, ...] = ("asked", "answered")
IN_DOUBT: tuple[State, ...] = ("consumed", "unknown")
SETTLED: tuple[State, ...] = ("refused", "finished", "failed")


@frozen
class NewApproval:
    """A question that is about to be asked.

    Attributes:
        key: The idempotency key of the review.
        call: The digest of what would run.
        place: The scope of the call; empty outside of scopes.
        number: How many equal calls were before it.
        function: Its name.
        arguments: What is shown of its arguments.
        body: The body of the review's creation.
        form: The digest of the form; `shown` that of the form and the content.
        run: What groups questions, such as a run of an agent.
    """

    key: str
    call: str
    place: str
    number: int
    function: str
    arguments: Object
    body: Object
    form: str
    shown: str
    run: str | None = None


@frozen
class Decision:
    """What became of a question."""

    verdict: str
    reviewer: str | None = None
    feedback: str | None = None
    edits: Object | None = None


@frozen
class Outcome:
    """What became of a call: the result, if it was kept, or the error's type."""

    result: Any = None
    is_kept: bool = False
    error: str | None = None
    note: str | None = None
    by: str | None = None


@frozen(kw_only=True)
class Approval(NewApproval):
    """A row of the ledger: a question, and what became of it."""

    state: State
    asked_at: datetime
    review_id: str | None = None
    ran: str | None = None
    decision: Decision | None = None
    claim: str | None = None
    owner: str | None = None
    outcome: Outcome | None = None
    decided_at: datetime | None = None
    consumed_at: datetime | None = None
    settled_at: datetime | None = None


@frozen
class NewAllowance:
    """What a person may give with a yes: leave, for a while, for calls that a rule would ask about.

    Attributes:
        rule: The rule's name.
        binding: The digest of the rule, the function and its version, for which it holds.
        minutes: How long it holds.
        uses: For so many calls; None for any number.
    """

    rule: str
    binding: str
    minutes: float
    uses: int | None = None


@frozen
class GivenAllowance:
    """An allowance that a person gave with the approval `key`."""

    id: str
    binding: str
    rule: str
    function: str
    key: str
    reviewer: str | None
    starts: datetime
    ends: datetime
    uses_left: int | None = None
    revoked_at: datetime | None = None
    revoked_by: str | None = None


@frozen
class Record:
    """An entry of the chain: its text by RFC 8785, and the SHA-256 of that."""

    number: int
    body: str
    hash: str = field(repr=False)


class Ledger(Protocol):
    """Where approvals are kept: a file for the processes of a machine, a database for many machines.

    Each method is one transaction, and writes a record of what it did. All block; they raise LedgerError.
    """

    def ask(self, new: NewApproval) -> Approval:
        """Insert a question, or return the row of its call, place and number."""
        ...

    def note_review(self, key: str, review_id: str) -> Approval:
        """Write down which review asks; the first one counts."""
        ...

    def decide(
        self, key: str, state: Decided, ran: str | None, decision: Decision, allowance: NewAllowance | None = None
    ) -> Approval:
        """End a question; the first word counts. `ran` is the digest of what may run now."""
        ...

    def consume(self, key: str, ran: str, claim: str, owner: str) -> bool:
        """Take an approval for exactly one run; True for exactly one caller, and for no other ever."""
        ...

    def settle(self, key: str, claim: str | None, state: Settled, outcome: Outcome) -> bool:
        """Say what became of a run; without a claim, a person says it."""
        ...

    def get(self, key: str) -> Approval | None:
        """Return the row of a key."""
        ...

    def calls(self, call: str, place: str) -> Sequence[Approval]:
        """Return the rows of equal calls, oldest first."""
        ...

    def approvals(self, *, states: Iterable[State] = (), run: str | None = None) -> Sequence[Approval]:
        """Return rows, oldest first."""
        ...

    def use(self, binding: str, facts: Object) -> GivenAllowance | None:
        """Use an allowance once, and record it; None if none holds. A clock that is set back revokes all."""
        ...

    def revoke(self, allowance_id: str, by: str) -> bool:
        """End an allowance; False if there is none to end."""
        ...

    def allowances(self) -> Sequence[GivenAllowance]:
        """Return what was given, oldest first."""
        ...

    def begin_handling(
        self, decision: str, handler: str, run: str, *, running: Collection[str], takes_over: bool
    ) -> Handling:
        """Begin to deal with something, unless another run does or has, such as to escalate a question.

        What was begun by a process of this machine that has ended, or by a run that is not among those `running` in
        this process, is taken over; what another machine has begun only if `takes_over`.
        """
        ...

    def end_handling(self, decision: str, handler: str, facts: Object | None = None) -> None:
        """Write down that it has been dealt with, with a record of these facts; may be repeated."""
        ...

    def record(self, what: str, facts: Object) -> None:
        """Append a record that no row belongs to, such as a call that the policy allowed."""
        ...

    def records(self, since: int = 0) -> Iterable[Record]:
        """Return the chain, from the record after number `since`."""
        ...

    def close(self) -> None:
        """Give back what the ledger holds open; it opens again by itself."""
        ...


def owner() -> str:
    """Return the name of this process among all machines."""
    return f"{socket.gethostname()}:{os.getpid()}"


def runs_here(name: str | None) -> bool:
    """Return whether an owner is a process that runs on this machine."""
    host, _, process = (name or "").rpartition(":")
    if host != socket.gethostname() or not process.isdecimal():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # it is somebody else's
    return True
