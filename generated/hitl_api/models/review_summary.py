from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.review_status import ReviewStatus
from ..types import UNSET, Unset

T = TypeVar("T", bound="ReviewSummary")


@_attrs_define
class ReviewSummary:
    """As much of a review as an event carries."""

    id: str
    """ The server's name for the review. """
    template_id: str | Unset = UNSET
    """ The template that the reviewer fills in. """
    status: ReviewStatus | Unset = UNSET
    """ Where a review stands. `completed`, `rejected`, `expired` and `cancelled` are final. A reviewer's "no" may
    arrive as `completed` as well as `rejected`, so read the result. """
    result: Any | Unset = UNSET
    """ The reviewer's answer, as an object; null or missing until there is one. """
    reviewer: None | str | Unset = UNSET
    """ Who answered, as an e-mail address. """
    completed_at: datetime.datetime | None | Unset = UNSET
    """ When the answer was given. """
    metadata: Any | Unset = UNSET
    """ What the program that asked keeps with the review, as texts by name. """
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
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        template_id = self.template_id

        status: str | Unset = UNSET
        if not isinstance(self.status, Unset):
            status = self.status.value

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

        metadata = self.metadata

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

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
            }
        )
        if template_id is not UNSET:
            field_dict["template_id"] = template_id
        if status is not UNSET:
            field_dict["status"] = status
        if result is not UNSET:
            field_dict["result"] = result
        if reviewer is not UNSET:
            field_dict["reviewer"] = reviewer
        if completed_at is not UNSET:
            field_dict["completed_at"] = completed_at
        if metadata is not UNSET:
            field_dict["metadata"] = metadata
        if verdict_field is not UNSET:
            field_dict["verdict_field"] = verdict_field
        if asked_by is not UNSET:
            field_dict["asked_by"] = asked_by
        if self_approved is not UNSET:
            field_dict["self_approved"] = self_approved
        if answered_via is not UNSET:
            field_dict["answered_via"] = answered_via

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        template_id = d.pop("template_id", UNSET)

        _status = d.pop("status", UNSET)
        status: ReviewStatus | Unset
        if isinstance(_status, Unset):
            status = UNSET
        else:
            status = ReviewStatus(_status)

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

        metadata = d.pop("metadata", UNSET)

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

        review_summary = cls(
            id=id,
            template_id=template_id,
            status=status,
            result=result,
            reviewer=reviewer,
            completed_at=completed_at,
            metadata=metadata,
            verdict_field=verdict_field,
            asked_by=asked_by,
            self_approved=self_approved,
            answered_via=answered_via,
        )

        review_summary.additional_properties = d
        return review_summary

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
