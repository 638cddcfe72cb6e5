"""What an approval says was shown is what reviewers see, and not what travels beside it, on every server."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from plain_server import PlainServer
from pytest_httpserver import HTTPServer

from hitl import HITLClient
from hitl.approval import ApprovalMismatch, SQLiteLedger, require_approval, submit
from hitl.approval.calls import form_digest, shown_digest
from hitl.testing import Sandbox

METADATA = {"run": "r-1", "customer": "acme"}


@pytest.fixture(params=["ours", "another"])
def client(request: pytest.FixtureRequest, sandbox: Sandbox, httpserver: HTTPServer) -> HITLClient:
    """Connect to our server, or to one that leaves in the content what the client keeps there."""
    if request.param == "ours":
        return sandbox.client()
    return sandbox.client(base_url=PlainServer(sandbox, httpserver).url)


def refund_of(
    client: HITLClient, ledger: SQLiteLedger, metadata: Mapping[str, str] | None = None
) -> Callable[[float], float]:
    @require_approval(client, ledger=ledger, metadata=metadata)
    def refund(amount: float) -> float:
        return amount

    return refund


def test_it_is_the_digest_of_what_the_review_shows(
    sandbox: Sandbox, client: HITLClient, file_ledger: SQLiteLedger
) -> None:
    sandbox.reviewer.on().approve()
    assert refund_of(client, file_ledger, METADATA)(5.0) == 5.0
    (row,) = file_ledger.approvals()
    review = client.get_review(row.review_id or "")
    template = client.get_template(review.template_id)
    assert review.content.keys() == {"action", "arguments"}
    assert review.metadata.items() >= METADATA.items()
    assert shown_digest(form_digest(template.fields, template.settings), review.content) == row.shown
    assert json.loads(review.metadata["hitl"])["shown"] == row.shown


def test_it_is_the_same_whatever_metadata_travels_with_it(
    sandbox: Sandbox, client: HITLClient, file_ledger: SQLiteLedger
) -> None:
    sandbox.reviewer.on().approve()
    for metadata in (None, METADATA, {"run": "r-2"}):
        assert refund_of(client, file_ledger, metadata)(5.0) == 5.0
    assert len({row.shown for row in file_ledger.approvals()}) == 1
    refund_of(client, file_ledger)(6.0)
    assert len({row.shown for row in file_ledger.approvals()}) == 2


@pytest.mark.parametrize("change", [{"preview": "Nothing changes"}, {"_hitl": {"note": "Approve this"}}])
def test_content_that_was_changed_under_the_reviewer_runs_nothing(
    sandbox: Sandbox, client: HITLClient, file_ledger: SQLiteLedger, change: dict[str, Any]
) -> None:
    pending = submit(refund_of(client, file_ledger, METADATA), 5.0)
    sandbox.client().update_review(pending.review_id, content=change)
    sandbox.reviewer.complete(pending.review_id, {"approved": True})
    with pytest.raises(ApprovalMismatch, match="content was changed"):
        pending.result()


def test_metadata_that_was_changed_was_never_shown(
    sandbox: Sandbox, client: HITLClient, file_ledger: SQLiteLedger
) -> None:
    pending = submit(refund_of(client, file_ledger, METADATA), 5.0)
    sandbox.client().update_review(pending.review_id, content={"_hitl": {"metadata": {"run": "r-2"}}})
    sandbox.reviewer.complete(pending.review_id, {"approved": True})
    assert pending.result() == 5.0
