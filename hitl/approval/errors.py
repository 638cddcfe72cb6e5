"""Why a gated function did not run, or may have.

HITLError
├── ApprovalError                   .kind .key .review; the function did not run, except for OutcomeUnknown
│   ├── ApprovalRejected            a person said no                        .reviewer .feedback
│   │   └── ApprovalDenied          a rule of the policy did                .rule
│   ├── ApprovalNotGiven            nobody said yes: expired, cancelled, unclear
│   ├── ApprovalMismatch            what was approved is not what would run
│   │   └── ApprovalConsumed        this approval has been used             .outcome
│   └── OutcomeUnknown              it may have run                         .owner .consumed_at .ran .value
├── LedgerError                     the ledger cannot be read or written
└── ConfigurationError
    └── UnbindableArgument          an argument that cannot be bound        .path
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from hitl.exceptions import ConfigurationError, HITLError

if TYPE_CHECKING:
    from hitl.models import Review


class ApprovalError(HITLError):
    """A call was not approved, so it did not run; or, for OutcomeUnknown, nobody knows.

    Attributes:
        kind: The reason in a word, such as rejected, denied, expired, cancelled, unclear, arguments, shown.
        key: The approval in the ledger.
        review: The review as it was last seen; None if there is none.
        function: What the reviewer was asked about.
    """

    def __init__(
        self,
        message: str = "",
        *,
        kind: str = "",
        key: str | None = None,
        review: Review | None = None,
        function: str = "",
        **facts: Any,
    ) -> None:
        super().__init__(message, **facts)
        self.kind = kind
        self.key = key
        self.review = review
        self.function = function


class ApprovalRejected(ApprovalError):
    """A person said no.

    Attributes:
        reviewer: Who said it; None if the server does not say.
        feedback: The reviewer's words.
    """

    def __init__(
        self, message: str = "", *, reviewer: str | None = None, feedback: str | None = None, **facts: Any
    ) -> None:
        super().__init__(message, **facts)
        self.reviewer = reviewer
        self.feedback = feedback


class ApprovalDenied(ApprovalRejected):
    """A rule of the policy said no; nobody was asked.

    Attributes:
        rule: The name of the rule.
    """

    def __init__(self, message: str = "", *, rule: str = "", **facts: Any) -> None:
        super().__init__(message, **facts)
        self.rule = rule


class ApprovalNotGiven(ApprovalError):
    """Nobody said yes: the review expired, was cancelled, or its answer is not clearly a yes. It is not a refusal."""


class ApprovalMismatch(ApprovalError):
    """What was approved is not what would run."""


class ApprovalConsumed(ApprovalMismatch):
    """This approval has been used.

    Attributes:
        outcome: What became of the call: "finished" or "failed".
    """

    def __init__(self, message: str = "", *, outcome: str = "", **facts: Any) -> None:
        super().__init__(message, **facts)
        self.outcome = outcome


class OutcomeUnknown(ApprovalError):
    """The function may or may not have run. Do not repeat the call: a person has to look, and to settle it.

    Attributes:
        owner: The machine and the process that took the approval.
        consumed_at: When.
        ran: True if the function did return, and only the ledger could not be told.
        value: What it returned, if `ran`.
    """

    def __init__(
        self,
        message: str = "",
        *,
        owner: str | None = None,
        consumed_at: datetime | None = None,
        ran: bool = False,
        value: Any = None,
        **facts: Any,
    ) -> None:
        super().__init__(message, **facts)
        self.owner = owner
        self.consumed_at = consumed_at
        self.ran = ran
        self.value = value


class LedgerError(HITLError):
    """The ledger cannot be opened, read or written; nothing runs without it."""


class UnbindableArgument(ConfigurationError):
    """An argument that an approval cannot be bound to; nobody was asked.

    Attributes:
        path: The argument, or the part of it: `order.items[3].price`.
    """

    def __init__(self, message: str = "", *, path: str = "") -> None:
        super().__init__(message)
        self.path = path
