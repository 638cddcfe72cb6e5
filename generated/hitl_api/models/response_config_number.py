from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="ResponseConfigNumber")


@_attrs_define
class ResponseConfigNumber:
    """For `number`. Other pages call the bounds `min` and `max`."""

    max_value: float
    """ The greatest number. """
    min_value: float | Unset = UNSET
    """ The least number. """
    decimal_places: int | Unset = UNSET
    """ How many digits follow the point. """
    allow_negative: bool | Unset = UNSET
    """ Whether it may be less than zero. """
    prefix: str | Unset = UNSET
    """ What is written before it. """
    suffix: str | Unset = UNSET
    """ What is written after it. """
    placeholder: str | Unset = UNSET
    """ The hint in the empty field. """
    required: bool | Unset = UNSET
    """ Whether a number must be given. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        max_value = self.max_value

        min_value = self.min_value

        decimal_places = self.decimal_places

        allow_negative = self.allow_negative

        prefix = self.prefix

        suffix = self.suffix

        placeholder = self.placeholder

        required = self.required

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "max_value": max_value,
            }
        )
        if min_value is not UNSET:
            field_dict["min_value"] = min_value
        if decimal_places is not UNSET:
            field_dict["decimal_places"] = decimal_places
        if allow_negative is not UNSET:
            field_dict["allow_negative"] = allow_negative
        if prefix is not UNSET:
            field_dict["prefix"] = prefix
        if suffix is not UNSET:
            field_dict["suffix"] = suffix
        if placeholder is not UNSET:
            field_dict["placeholder"] = placeholder
        if required is not UNSET:
            field_dict["required"] = required

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        max_value = d.pop("max_value")

        min_value = d.pop("min_value", UNSET)

        decimal_places = d.pop("decimal_places", UNSET)

        allow_negative = d.pop("allow_negative", UNSET)

        prefix = d.pop("prefix", UNSET)

        suffix = d.pop("suffix", UNSET)

        placeholder = d.pop("placeholder", UNSET)

        required = d.pop("required", UNSET)

        response_config_number = cls(
            max_value=max_value,
            min_value=min_value,
            decimal_places=decimal_places,
            allow_negative=allow_negative,
            prefix=prefix,
            suffix=suffix,
            placeholder=placeholder,
            required=required,
        )

        response_config_number.additional_properties = d
        return response_config_number

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
