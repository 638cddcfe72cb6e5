"""Approval in code: a function runs only if a person approves of exactly this call, and once.

    from hitl import HITLClient
    from hitl.approval import require_approval

    client = HITLClient()

    @require_approval(client)
    def refund(order: str, amount: float) -> str:
        '''Pay money back to a customer.'''
        return pay(order, amount)

A room over the public clients; see `docs/how-to/approval.md`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitl._lazy import lazy_names

if TYPE_CHECKING:
    from hitl.approval.audit import AuditError, export, verify
    from hitl.approval.calls import Call
    from hitl.approval.decorator import require_approval
    from hitl.approval.errors import (
        ApprovalConsumed,
        ApprovalDenied,
        ApprovalError,
        ApprovalMismatch,
        ApprovalNotGiven,
        ApprovalRejected,
        LedgerError,
        OutcomeUnknown,
        UnbindableArgument,
    )
    from hitl.approval.escalation import Escalation, Reminder
    from hitl.approval.grants import Grant
    from hitl.approval.ledger import Approval, Ledger, Outcome
    from hitl.approval.opening import ledger_at
    from hitl.approval.pending import AsyncPending, Pending, resume, submit
    from hitl.approval.policy import Allowance, Policy, Rule
    from hitl.approval.postgres import PostgresLedger
    from hitl.approval.refusals import Refusal
    from hitl.approval.sqlite import SQLiteLedger

__all__ = [
    "Allowance",
    "Approval",
    "ApprovalConsumed",
    "ApprovalDenied",
    "ApprovalError",
    "ApprovalMismatch",
    "ApprovalNotGiven",
    "ApprovalRejected",
    "AsyncPending",
    "AuditError",
    "Call",
    "Escalation",
    "Grant",
    "Ledger",
    "LedgerError",
    "Outcome",
    "OutcomeUnknown",
    "Pending",
    "Policy",
    "PostgresLedger",
    "Refusal",
    "Reminder",
    "Rule",
    "SQLiteLedger",
    "UnbindableArgument",
    "export",
    "ledger_at",
    "require_approval",
    "resume",
    "submit",
    "verify",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "audit": ("AuditError", "export", "verify"),
        "calls": ("Call",),
        "decorator": ("require_approval",),
        "errors": (
            "ApprovalConsumed",
            "ApprovalDenied",
            "ApprovalError",
            "ApprovalMismatch",
            "ApprovalNotGiven",
            "ApprovalRejected",
            "LedgerError",
            "OutcomeUnknown",
            "UnbindableArgument",
        ),
        "escalation": ("Escalation", "Reminder"),
        "grants": ("Grant",),
        "ledger": ("Approval", "Ledger", "Outcome"),
        "opening": ("ledger_at",),
        "pending": ("AsyncPending", "Pending", "resume", "submit"),
        "policy": ("Allowance", "Policy", "Rule"),
        "postgres": ("PostgresLedger",),
        "refusals": ("Refusal",),
        "sqlite": ("SQLiteLedger",),
    },
)
