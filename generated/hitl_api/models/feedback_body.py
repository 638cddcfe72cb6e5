from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.feedback import Feedback


T = TypeVar("T", bound="FeedbackBody")


@_attrs_define
class FeedbackBody:
    """Feedback to be stored."""

    feedback: Feedback
    """ How good an answer was; other keys may be added. """

    def to_dict(self) -> dict[str, Any]:
        feedback = self.feedback.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "feedback": feedback,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.feedback import Feedback  # noqa: PLC0415

        d = dict(src_dict)
        feedback = Feedback.from_dict(d.pop("feedback"))

        feedback_body = cls(
            feedback=feedback,
        )

        return feedback_body
