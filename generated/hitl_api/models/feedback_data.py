from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.feedback import Feedback


T = TypeVar("T", bound="FeedbackData")


@_attrs_define
class FeedbackData:
    """Feedback as it was stored."""

    request_id: str
    """ The id of the request. """
    feedback: Feedback
    """ How good an answer was; other keys may be added. """
    feedback_id: str | Unset = UNSET
    """ The id of the feedback. """
    submitted_at: datetime.datetime | Unset = UNSET
    """ When it was stored. """
    reviewer_notified: bool | Unset = UNSET
    """ Whether the reviewer was told. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        request_id = self.request_id

        feedback = self.feedback.to_dict()

        feedback_id = self.feedback_id

        submitted_at: str | Unset = UNSET
        if not isinstance(self.submitted_at, Unset):
            submitted_at = self.submitted_at.isoformat()

        reviewer_notified = self.reviewer_notified

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "request_id": request_id,
                "feedback": feedback,
            }
        )
        if feedback_id is not UNSET:
            field_dict["feedback_id"] = feedback_id
        if submitted_at is not UNSET:
            field_dict["submitted_at"] = submitted_at
        if reviewer_notified is not UNSET:
            field_dict["reviewer_notified"] = reviewer_notified

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.feedback import Feedback  # noqa: PLC0415

        d = dict(src_dict)
        request_id = d.pop("request_id")

        feedback = Feedback.from_dict(d.pop("feedback"))

        feedback_id = d.pop("feedback_id", UNSET)

        from ..types import read_datetime

        _submitted_at = d.pop("submitted_at", UNSET)
        submitted_at: datetime.datetime | Unset
        if isinstance(_submitted_at, Unset):
            submitted_at = UNSET
        else:
            submitted_at = read_datetime(_submitted_at)

        reviewer_notified = d.pop("reviewer_notified", UNSET)

        feedback_data = cls(
            request_id=request_id,
            feedback=feedback,
            feedback_id=feedback_id,
            submitted_at=submitted_at,
            reviewer_notified=reviewer_notified,
        )

        feedback_data.additional_properties = d
        return feedback_data

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
