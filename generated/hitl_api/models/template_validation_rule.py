from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="TemplateValidationRule")


@_attrs_define
class TemplateValidationRule:
    """A rule across several fields."""

    condition: str
    """ When the rule applies, in the vendor's small expression language. """
    required_fields: list[str] | Unset = UNSET
    """ The fields that must then be filled in. """
    message: str | Unset = UNSET
    """ What the reviewer reads if they are not. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        condition = self.condition

        required_fields: list[str] | Unset = UNSET
        if not isinstance(self.required_fields, Unset):
            required_fields = self.required_fields

        message = self.message

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "condition": condition,
            }
        )
        if required_fields is not UNSET:
            field_dict["required_fields"] = required_fields
        if message is not UNSET:
            field_dict["message"] = message

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        condition = d.pop("condition")

        required_fields = cast(list[str], d.pop("required_fields", UNSET))

        message = d.pop("message", UNSET)

        template_validation_rule = cls(
            condition=condition,
            required_fields=required_fields,
            message=message,
        )

        template_validation_rule.additional_properties = d
        return template_validation_rule

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
