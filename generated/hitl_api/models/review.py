from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.assignment_strategy import AssignmentStrategy
from ..models.review_priority import ReviewPriority
from ..models.review_status import ReviewStatus
from ..types import UNSET, Unset

T = TypeVar("T", bound="Review")


@_attrs_define
class Review:
    """A piece of content that a person is asked to judge, and the judgement once there is one."""

    id: str
    """ The server's name for the review. """
    template_id: str
    """ The template that the reviewer fills in. """
    content: Any
    """ What is to be judged, as an object with keys of the caller's choice. """
    status: ReviewStatus
    """ Where a review stands. `completed`, `rejected`, `expired` and `cancelled` are final. A reviewer's "no" may
    arrive as `completed` as well as `rejected`, so read the result. """
    created_at: datetime.datetime
    """ When the review was created. """
    assignees: list[str] | None | Unset = UNSET
    """ Who is asked, as e-mail addresses. Empty, null or missing if nobody was chosen. """
    priority: None | ReviewPriority | Unset = UNSET
    """ How urgent the review is. One of `ReviewPriority`, or a word that the server adds later. """
    due_date: datetime.datetime | None | Unset = UNSET
    """ When the answer is needed. """
    assignment_strategy: AssignmentStrategy | None | Unset = UNSET
    """ How reviewers are chosen. One of `AssignmentStrategy`, or a word that the server adds later. """
    result: Any | Unset = UNSET
    """ The reviewer's answer, as an object whose keys are the names of the template's fields; null or missing until
    there is one. """
    reviewer: None | str | Unset = UNSET
    """ Who answered, as an e-mail address. """
    completed_at: datetime.datetime | None | Unset = UNSET
    """ When the answer was given. """
    updated_at: datetime.datetime | Unset = UNSET
    """ When the review last changed. """
    version: int | Unset = UNSET
    """ A number that grows with each change of the review. """
    metadata: Any | Unset = UNSET
    """ What the program that asked keeps with the review, as texts by name. Reviewers do not see it. """
    url: None | str | Unset = UNSET
    """ The page where a person answers. """
    verdict_field: None | str | Unset = UNSET
    """ The field of the result that says yes or no to the whole, if the template names one. """
    asked_by: Any | Unset = UNSET
    """ Who asked, as `{key_id, key_name, person_id, claimed}`: the API key, its owner, and the address in whose
    name the program says that it asks. Missing where keys have no names. """
    self_approved: bool | None | Unset = UNSET
    """ True if the person who asked has given the answer; otherwise null or missing. """
    answered_via: None | str | Unset = UNSET
    """ `link` if whoever answered had signed in by no more than the link of a message about this review and its
    code: the message may have been forwarded. Otherwise null or missing. """
    erased: bool | Unset = UNSET
    """ True once the server has erased the contents, which it keeps for a limited time: `content` and `metadata`
    are empty, and of `result` only the fields are left that say yes or no. Missing before. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        template_id = self.template_id

        content = self.content

        status = self.status.value

        created_at = self.created_at.isoformat()

        assignees: list[str] | None | Unset
        if isinstance(self.assignees, Unset):
            assignees = UNSET
        elif isinstance(self.assignees, list):
            assignees = self.assignees

        else:
            assignees = self.assignees

        priority: None | str | Unset
        if isinstance(self.priority, Unset):
            priority = UNSET
        elif isinstance(self.priority, ReviewPriority):
            priority = self.priority.value
        else:
            priority = self.priority

        due_date: None | str | Unset
        if isinstance(self.due_date, Unset):
            due_date = UNSET
        elif isinstance(self.due_date, datetime.datetime):
            due_date = self.due_date.isoformat()
        else:
            due_date = self.due_date

        assignment_strategy: None | str | Unset
        if isinstance(self.assignment_strategy, Unset):
            assignment_strategy = UNSET
        elif isinstance(self.assignment_strategy, AssignmentStrategy):
            assignment_strategy = self.assignment_strategy.value
        else:
            assignment_strategy = self.assignment_strategy

        result = self.result

        reviewer: None | str | Unset
        if isinstance(self.reviewer, Unset):
            reviewer = UNSET
        else:
            reviewer = self.reviewer

        completed_at: None | str | Unset
        if isinstance(self.completed_at, Unset):
            completed_at = UNSET
        elif isinstance(self.completed_at, datetime.datetime):
            completed_at = self.completed_at.isoformat()
        else:
            completed_at = self.completed_at

        updated_at: str | Unset = UNSET
        if not isinstance(self.updated_at, Unset):
            updated_at = self.updated_at.isoformat()

        version = self.version

        metadata = self.metadata

        url: None | str | Unset
        if isinstance(self.url, Unset):
            url = UNSET
        else:
            url = self.url

        verdict_field: None | str | Unset
        if isinstance(self.verdict_field, Unset):
            verdict_field = UNSET
        else:
            verdict_field = self.verdict_field

        asked_by = self.asked_by

        self_approved: bool | None | Unset
        if isinstance(self.self_approved, Unset):
            self_approved = UNSET
        else:
            self_approved = self.self_approved

        answered_via: None | str | Unset
        if isinstance(self.answered_via, Unset):
            answered_via = UNSET
        else:
            answered_via = self.answered_via

        erased = self.erased

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "template_id": template_id,
                "content": content,
                "status": status,
                "created_at": created_at,
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
        if result is not UNSET:
            field_dict["result"] = result
        if reviewer is not UNSET:
            field_dict["reviewer"] = reviewer
        if completed_at is not UNSET:
            field_dict["completed_at"] = completed_at
        if updated_at is not UNSET:
            field_dict["updated_at"] = updated_at
        if version is not UNSET:
            field_dict["version"] = version
        if metadata is not UNSET:
            field_dict["metadata"] = metadata
        if url is not UNSET:
            field_dict["url"] = url
        if verdict_field is not UNSET:
            field_dict["verdict_field"] = verdict_field
        if asked_by is not UNSET:
            field_dict["asked_by"] = asked_by
        if self_approved is not UNSET:
            field_dict["self_approved"] = self_approved
        if answered_via is not UNSET:
            field_dict["answered_via"] = answered_via
        if erased is not UNSET:
            field_dict["erased"] = erased

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        template_id = d.pop("template_id")

        content = d.pop("content")

        status = ReviewStatus(d.pop("status"))

        from ..types import read_datetime

        created_at = read_datetime(d.pop("created_at"))

        def _parse_assignees(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                assignees_type_0 = cast(list[str], data)

                return assignees_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        assignees = _parse_assignees(d.pop("assignees", UNSET))

        def _parse_priority(data: object) -> None | ReviewPriority | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                priority_type_0 = ReviewPriority(data)

                return priority_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | ReviewPriority | Unset, data)

        priority = _parse_priority(d.pop("priority", UNSET))

        def _parse_due_date(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                from ..types import read_datetime

                due_date_type_0 = read_datetime(data)

                return due_date_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        due_date = _parse_due_date(d.pop("due_date", UNSET))

        def _parse_assignment_strategy(data: object) -> AssignmentStrategy | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                assignment_strategy_type_0 = AssignmentStrategy(data)

                return assignment_strategy_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(AssignmentStrategy | None | Unset, data)

        assignment_strategy = _parse_assignment_strategy(d.pop("assignment_strategy", UNSET))

        result = d.pop("result", UNSET)

        def _parse_reviewer(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        reviewer = _parse_reviewer(d.pop("reviewer", UNSET))

        def _parse_completed_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                from ..types import read_datetime

                completed_at_type_0 = read_datetime(data)

                return completed_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        completed_at = _parse_completed_at(d.pop("completed_at", UNSET))

        from ..types import read_datetime

        _updated_at = d.pop("updated_at", UNSET)
        updated_at: datetime.datetime | Unset
        if isinstance(_updated_at, Unset):
            updated_at = UNSET
        else:
            updated_at = read_datetime(_updated_at)

        version = d.pop("version", UNSET)

        metadata = d.pop("metadata", UNSET)

        def _parse_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        url = _parse_url(d.pop("url", UNSET))

        def _parse_verdict_field(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        verdict_field = _parse_verdict_field(d.pop("verdict_field", UNSET))

        asked_by = d.pop("asked_by", UNSET)

        def _parse_self_approved(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        self_approved = _parse_self_approved(d.pop("self_approved", UNSET))

        def _parse_answered_via(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        answered_via = _parse_answered_via(d.pop("answered_via", UNSET))

        erased = d.pop("erased", UNSET)

        review = cls(
            id=id,
            template_id=template_id,
            content=content,
            status=status,
            created_at=created_at,
            assignees=assignees,
            priority=priority,
            due_date=due_date,
            assignment_strategy=assignment_strategy,
            result=result,
            reviewer=reviewer,
            completed_at=completed_at,
            updated_at=updated_at,
            version=version,
            metadata=metadata,
            url=url,
            verdict_field=verdict_field,
            asked_by=asked_by,
            self_approved=self_approved,
            answered_via=answered_via,
            erased=erased,
        )

        review.additional_properties = d
        return review

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
