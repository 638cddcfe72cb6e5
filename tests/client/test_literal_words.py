"""The words that arguments take, for type checkers: those that the contract has, as the generator read them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

import pytest
from hitl_api.models.assignment_strategy import AssignmentStrategy
from hitl_api.models.review_priority import ReviewPriority
from hitl_api.models.review_status import ReviewStatus

from hitl import models


@pytest.mark.parametrize(
    ("words", "contract"),
    [(models.Priority, ReviewPriority), (models.Status, ReviewStatus), (models.Strategy, AssignmentStrategy)],
)
def test_the_words_are_those_of_the_contract(words: Any, contract: Iterable[str]) -> None:
    assert set(get_args(words)) == {str(each) for each in contract}
