from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="FieldValidation")


@_attrs_define
class FieldValidation:
    """A rule for what is entered into one field."""

    required: bool | Unset = UNSET
    """ Whether the field must be filled in. """
    pattern: str | Unset = UNSET
    """ A regular expression that the text must match. """
    custom_message: str | Unset = UNSET
    """ What the reviewer reads if the rule is broken. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        required = self.required

        pattern = self.pattern

        custom_message = self.custom_message

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if required is not UNSET:
            field_dict["required"] = required
        if pattern is not UNSET:
            field_dict["pattern"] = pattern
        if custom_message is not UNSET:
            field_dict["custom_message"] = custom_message

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        required = d.pop("required", UNSET)

        pattern = d.pop("pattern", UNSET)

        custom_message = d.pop("custom_message", UNSET)

        field_validation = cls(
            required=required,
            pattern=pattern,
            custom_message=custom_message,
        )

        field_validation.additional_properties = d
        return field_validation

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
