from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.assignment_strategy import AssignmentStrategy
from ..models.review_priority import ReviewPriority
from ..types import UNSET, Unset

T = TypeVar("T", bound="ReviewUpdate")


@_attrs_define
class ReviewUpdate:
    """What is to be changed in a review; at least one field."""

    content: Any | Unset = UNSET
    """ Keys that are added to the content or replace what is there, as an object. """
    assignees: list[str] | Unset = UNSET
    """ Who is asked instead, as e-mail addresses. """
    priority: ReviewPriority | Unset = UNSET
    """ How urgent a review is. `normal` appears once in the documentation, beside `medium`. """
    due_date: datetime.datetime | Unset = UNSET
    """ When the answer is needed. """
    assignment_strategy: AssignmentStrategy | Unset = UNSET
    """ How reviewers are chosen. """

    def to_dict(self) -> dict[str, Any]:
        content = self.content

        assignees: list[str] | Unset = UNSET
        if not isinstance(self.assignees, Unset):
            assignees = self.assignees

        priority: str | Unset = UNSET
        if not isinstance(self.priority, Unset):
            priority = self.priority.value

        due_date: str | Unset = UNSET
        if not isinstance(self.due_date, Unset):
            due_date = self.due_date.isoformat()

        assignment_strategy: str | Unset = UNSET
        if not isinstance(self.assignment_strategy, Unset):
            assignment_strategy = self.assignment_strategy.value

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if content is not UNSET:
            field_dict["content"] = content
        if assignees is not UNSET:
            field_dict["assignees"] = assignees
        if priority is not UNSET:
            field_dict["priority"] = priority
        if due_date is not UNSET:
            field_dict["due_date"] = due_date
        if assignment_strategy is not UNSET:
            field_dict["assignment_strategy"] = assignment_strategy

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        content = d.pop("content", UNSET)

        assignees = cast(list[str], d.pop("assignees", UNSET))

        _priority = d.pop("priority", UNSET)
        priority: ReviewPriority | Unset
        if isinstance(_priority, Unset):
            priority = UNSET
        else:
            priority = ReviewPriority(_priority)

        from ..types import read_datetime

        _due_date = d.pop("due_date", UNSET)
        due_date: datetime.datetime | Unset
        if isinstance(_due_date, Unset):
            due_date = UNSET
        else:
            due_date = read_datetime(_due_date)

        _assignment_strategy = d.pop("assignment_strategy", UNSET)
        assignment_strategy: AssignmentStrategy | Unset
        if isinstance(_assignment_strategy, Unset):
            assignment_strategy = UNSET
        else:
            assignment_strategy = AssignmentStrategy(_assignment_strategy)

        review_update = cls(
            content=content,
            assignees=assignees,
            priority=priority,
            due_date=due_date,
            assignment_strategy=assignment_strategy,
        )

        return review_update
