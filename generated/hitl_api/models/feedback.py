from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.feedback_category import FeedbackCategory
from ..types import UNSET, Unset

T = TypeVar("T", bound="Feedback")


@_attrs_define
class Feedback:
    """How good an answer was; other keys may be added."""

    rating: float | Unset = UNSET
    """ The answer as a whole. """
    accuracy: float | Unset = UNSET
    """ How right it was. """
    timeliness: float | Unset = UNSET
    """ How fast it came. """
    helpfulness: float | Unset = UNSET
    """ How much it helped. """
    comment: str | Unset = UNSET
    """ More in words. """
    would_recommend: bool | Unset = UNSET
    """ Whether you would ask the reviewer again. """
    follow_up_needed: bool | Unset = UNSET
    """ Whether something is left to do. """
    tags: list[str] | Unset = UNSET
    """ Words to sort feedback by. """
    category: FeedbackCategory | Unset = UNSET
    """ What kind of feedback it is. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        rating = self.rating

        accuracy = self.accuracy

        timeliness = self.timeliness

        helpfulness = self.helpfulness

        comment = self.comment

        would_recommend = self.would_recommend

        follow_up_needed = self.follow_up_needed

        tags: list[str] | Unset = UNSET
        if not isinstance(self.tags, Unset):
            tags = self.tags

        category: str | Unset = UNSET
        if not isinstance(self.category, Unset):
            category = self.category.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if rating is not UNSET:
            field_dict["rating"] = rating
        if accuracy is not UNSET:
            field_dict["accuracy"] = accuracy
        if timeliness is not UNSET:
            field_dict["timeliness"] = timeliness
        if helpfulness is not UNSET:
            field_dict["helpfulness"] = helpfulness
        if comment is not UNSET:
            field_dict["comment"] = comment
        if would_recommend is not UNSET:
            field_dict["would_recommend"] = would_recommend
        if follow_up_needed is not UNSET:
            field_dict["follow_up_needed"] = follow_up_needed
        if tags is not UNSET:
            field_dict["tags"] = tags
        if category is not UNSET:
            field_dict["category"] = category

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        rating = d.pop("rating", UNSET)

        accuracy = d.pop("accuracy", UNSET)

        timeliness = d.pop("timeliness", UNSET)

        helpfulness = d.pop("helpfulness", UNSET)

        comment = d.pop("comment", UNSET)

        would_recommend = d.pop("would_recommend", UNSET)

        follow_up_needed = d.pop("follow_up_needed", UNSET)

        tags = cast(list[str], d.pop("tags", UNSET))

        _category = d.pop("category", UNSET)
        category: FeedbackCategory | Unset
        if isinstance(_category, Unset):
            category = UNSET
        else:
            category = FeedbackCategory(_category)

        feedback = cls(
            rating=rating,
            accuracy=accuracy,
            timeliness=timeliness,
            helpfulness=helpfulness,
            comment=comment,
            would_recommend=would_recommend,
            follow_up_needed=follow_up_needed,
            tags=tags,
            category=category,
        )

        feedback.additional_properties = d
        return feedback

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
