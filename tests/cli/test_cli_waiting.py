from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hitl import HITLError, Review, exceptions
from hitl.cli.failures import EXIT_CODES, exit_code_of, joint_exit_code
from hitl.cli.waiting import Ending


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
    ("ending", "word", "exit_code"),
    [
        (Ending("rev_1", review("completed")), "completed", 0),
        (Ending("rev_1", review("rejected")), "rejected", 5),
        (Ending("rev_1", error=exceptions.ReviewExpiredError("e")), "expired", 4),
        (Ending("rev_1", error=exceptions.ReviewCancelledError("e")), "cancelled", 4),
        (Ending("rev_1", error=exceptions.WaitTimeoutError("e")), "timed_out", 4),
        (Ending("rev_1", error=exceptions.ReviewNotFoundError("e")), "not_found", 3),
        (Ending("rev_1", error=exceptions.ConfigurationError("e")), "failed", 2),
        (Ending("rev_1", error=exceptions.AuthenticationError("e")), "failed", 1),
    ],
)
def test_every_ending_has_a_word_and_an_exit_code(ending: Ending, word: str, exit_code: int) -> None:
    assert (ending.word, ending.exit_code) == (word, exit_code)
    assert ending.line().startswith(f"rev_1  {word}  ")
    assert ending.document()["outcome"] == word


def test_an_answer_is_told_with_who_gave_it() -> None:
    line = Ending("rev_1", review("completed")).line()
    assert line == 'rev_1  completed  ann@example.com\\x1b  {"approved": true}'


def test_of_several_exit_codes_the_lowest_that_tells_of_trouble_counts() -> None:
    assert joint_exit_code([]) == 0
    assert joint_exit_code([0, 0]) == 0
    assert joint_exit_code([0, 5, 4, 5]) == 4


@pytest.mark.parametrize("name", exceptions.__all__)
def test_every_error_of_the_client_has_a_documented_exit_code(name: str) -> None:
    error: HITLError = getattr(exceptions, name)("What happened.")
    assert exit_code_of(error) in EXIT_CODES
