from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.assignment_strategy import AssignmentStrategy
from ..models.review_priority import ReviewPriority
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.review_metadata import ReviewMetadata


T = TypeVar("T", bound="ReviewCreate")


@_attrs_define
class ReviewCreate:
    """A review to be made."""

    template_id: str
    """ The template that the reviewer fills in. """
    content: Any
    """ What is to be judged, as an object with keys of your choice. """
    assignees: list[str] | Unset = UNSET
    """ Who is asked, as e-mail addresses. Leave it out to let the server choose. """
    priority: ReviewPriority | Unset = UNSET
    """ How urgent a review is. `normal` appears once in the documentation, beside `medium`. """
    due_date: datetime.datetime | Unset = UNSET
    """ When the answer is needed. """
    assignment_strategy: AssignmentStrategy | Unset = UNSET
    """ How reviewers are chosen. """
    metadata: ReviewMetadata | Unset = UNSET
    """ What a program keeps with a review, as up to 20 texts by names of up to 64 characters, such as the run that
    asked. Reviewers do not see it. A server that does not know it keeps it as `metadata` in the key `_hitl` of the
    content. """

    def to_dict(self) -> dict[str, Any]:
        template_id = self.template_id

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

        metadata: dict[str, Any] | Unset = UNSET
        if not isinstance(self.metadata, Unset):
            metadata = self.metadata.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "template_id": template_id,
                "content": content,
            }
        )
        if assignees is not UNSET:
            field_dict["assignees"] = assignees
        if priority is not UNSET:
            field_dict["priority"] = priority
        if due_date is not UNSET:
            field_dict["due_date"] = due_date
        if assignment_strategy is not UNSET:
            field_dict["assignment_strategy"] = assignment_strategy
        if metadata is not UNSET:
            field_dict["metadata"] = metadata

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.review_metadata import ReviewMetadata  # noqa: PLC0415

        d = dict(src_dict)
        template_id = d.pop("template_id")

        content = d.pop("content")

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

        _metadata = d.pop("metadata", UNSET)
        metadata: ReviewMetadata | Unset
        if isinstance(_metadata, Unset):
            metadata = UNSET
        else:
            metadata = ReviewMetadata.from_dict(_metadata)

        review_create = cls(
            template_id=template_id,
            content=content,
            assignees=assignees,
            priority=priority,
            due_date=due_date,
            assignment_strategy=assignment_strategy,
            metadata=metadata,
        )

        return review_create
