from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="ResponseConfigBoolean")


@_attrs_define
class ResponseConfigBoolean:
    """For `boolean`."""

    true_label: str | Unset = UNSET
    """ The word for yes. """
    false_label: str | Unset = UNSET
    """ The word for no. """
    true_color: str | Unset = UNSET
    """ The colour of yes, in hexadecimal. """
    false_color: str | Unset = UNSET
    """ The colour of no, in hexadecimal. """
    required: bool | Unset = UNSET
    """ Whether a choice must be made. """
    default_value: bool | Unset = UNSET
    """ The choice at the start. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        true_label = self.true_label

        false_label = self.false_label

        true_color = self.true_color

        false_color = self.false_color

        required = self.required

        default_value = self.default_value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if true_label is not UNSET:
            field_dict["true_label"] = true_label
        if false_label is not UNSET:
            field_dict["false_label"] = false_label
        if true_color is not UNSET:
            field_dict["true_color"] = true_color
        if false_color is not UNSET:
            field_dict["false_color"] = false_color
        if required is not UNSET:
            field_dict["required"] = required
        if default_value is not UNSET:
            field_dict["default_value"] = default_value

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        true_label = d.pop("true_label", UNSET)

        false_label = d.pop("false_label", UNSET)

        true_color = d.pop("true_color", UNSET)

        false_color = d.pop("false_color", UNSET)

        required = d.pop("required", UNSET)

        default_value = d.pop("default_value", UNSET)

        response_config_boolean = cls(
            true_label=true_label,
            false_label=false_label,
            true_color=true_color,
            false_color=false_color,
            required=required,
            default_value=default_value,
        )

        response_config_boolean.additional_properties = d
        return response_config_boolean

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
