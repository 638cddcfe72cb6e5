from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.rating_labels import RatingLabels


T = TypeVar("T", bound="ResponseConfigRating")


@_attrs_define
class ResponseConfigRating:
    """For `rating`. Other pages call the bounds `min_value` and `max_value`, or `min` and `max`."""

    scale_max: float
    """ The best rating. """
    scale_min: float | Unset = UNSET
    """ The worst rating. """
    scale_step: float | Unset = UNSET
    """ The distance between two ratings. """
    labels: RatingLabels | Unset = UNSET
    """ Words for steps of a rating, by the step as a string. """
    required: bool | Unset = UNSET
    """ Whether a rating must be given. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        scale_max = self.scale_max

        scale_min = self.scale_min

        scale_step = self.scale_step

        labels: dict[str, Any] | Unset = UNSET
        if not isinstance(self.labels, Unset):
            labels = self.labels.to_dict()

        required = self.required

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "scale_max": scale_max,
            }
        )
        if scale_min is not UNSET:
            field_dict["scale_min"] = scale_min
        if scale_step is not UNSET:
            field_dict["scale_step"] = scale_step
        if labels is not UNSET:
            field_dict["labels"] = labels
        if required is not UNSET:
            field_dict["required"] = required

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.rating_labels import RatingLabels  # noqa: PLC0415

        d = dict(src_dict)
        scale_max = d.pop("scale_max")

        scale_min = d.pop("scale_min", UNSET)

        scale_step = d.pop("scale_step", UNSET)

        _labels = d.pop("labels", UNSET)
        labels: RatingLabels | Unset
        if isinstance(_labels, Unset):
            labels = UNSET
        else:
            labels = RatingLabels.from_dict(_labels)

        required = d.pop("required", UNSET)

        response_config_rating = cls(
            scale_max=scale_max,
            scale_min=scale_min,
            scale_step=scale_step,
            labels=labels,
            required=required,
        )

        response_config_rating.additional_properties = d
        return response_config_rating

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
