from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="ResponseConfigEditableText")


@_attrs_define
class ResponseConfigEditableText:
    """For `editable_text`."""

    draft_text: str
    """ The text to be edited. """
    max_length: int
    """ The greatest number of characters. """
    min_length: int | Unset = UNSET
    """ The least number of characters. """
    placeholder: str | Unset = UNSET
    """ The hint in the empty field. """
    required: bool | Unset = UNSET
    """ Whether it must be filled in. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        draft_text = self.draft_text

        max_length = self.max_length

        min_length = self.min_length

        placeholder = self.placeholder

        required = self.required

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "draft_text": draft_text,
                "max_length": max_length,
            }
        )
        if min_length is not UNSET:
            field_dict["min_length"] = min_length
        if placeholder is not UNSET:
            field_dict["placeholder"] = placeholder
        if required is not UNSET:
            field_dict["required"] = required

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        draft_text = d.pop("draft_text")

        max_length = d.pop("max_length")

        min_length = d.pop("min_length", UNSET)

        placeholder = d.pop("placeholder", UNSET)

        required = d.pop("required", UNSET)

        response_config_editable_text = cls(
            draft_text=draft_text,
            max_length=max_length,
            min_length=min_length,
            placeholder=placeholder,
            required=required,
        )

        response_config_editable_text.additional_properties = d
        return response_config_editable_text

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
