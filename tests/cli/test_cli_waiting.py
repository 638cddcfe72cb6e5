from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hitl import HITLError, Review, exceptions
from hitl.cli.failures import EXIT_CODES, exit_code_of, joint_exit_code
from hitl.cli.waiting import WaitResult


def review(status: str) -> Review:
    return Review(
        id="rev_1",
        status=status,
        template_id="content_review",
        content={},
        created_at=datetime(2027, 1, 1, tzinfo=UTC),
        result={"approved": True},
        reviewer="ann@example.com\x1b",
    )


@pytest.mark.parametrize(
    ("result", "outcome", "exit_code"),
    [
        (WaitResult("rev_1", review("completed")), "completed", 0),
        (WaitResult("rev_1", review("rejected")), "rejected", 5),
        (WaitResult("rev_1", error=exceptions.ReviewExpiredError("e")), "expired", 4),
        (WaitResult("rev_1", error=exceptions.ReviewCancelledError("e")), "cancelled", 4),
        (WaitResult("rev_1", error=exceptions.WaitTimeoutError("e")), "timed_out", 4),
        (WaitResult("rev_1", error=exceptions.ReviewNotFoundError("e")), "not_found", 3),
        (WaitResult("rev_1", error=exceptions.ConfigurationError("e")), "failed", 2),
        (WaitResult("rev_1", error=exceptions.AuthenticationError("e")), "failed", 1),
    ],
)
def test_every_result_has_an_outcome_and_an_exit_code(result: WaitResult, outcome: str, exit_code: int) -> None:
    assert (result.outcome, result.exit_code) == (outcome, exit_code)
    assert result.line().startswith(f"rev_1  {outcome}  ")
    assert result.document()["outcome"] == outcome


def test_the_line_of_an_answer_names_the_reviewer() -> None:
    line = WaitResult("rev_1", review("completed")).line()
    assert line == 'rev_1  completed  ann@example.com\\x1b  {"approved": true}'


def test_of_several_exit_codes_the_lowest_failure_counts() -> None:
    assert joint_exit_code([]) == 0
    assert joint_exit_code([0, 0]) == 0
    assert joint_exit_code([0, 5, 4, 5]) == 4


@pytest.mark.parametrize("name", exceptions.__all__)
def test_every_error_of_the_client_has_a_documented_exit_code(name: str) -> None:
    error: HITLError = getattr(exceptions, name)("What happened.")
    assert exit_code_of(error) in EXIT_CODES
