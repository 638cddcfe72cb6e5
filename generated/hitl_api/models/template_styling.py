from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="TemplateStyling")


@_attrs_define
class TemplateStyling:
    """How the form looks."""

    primary_color: str | Unset = UNSET
    """ A colour in hexadecimal. """
    secondary_color: str | Unset = UNSET
    """ A colour in hexadecimal. """
    logo_url: str | Unset = UNSET
    """ Where the logo is. """
    custom_css: str | Unset = UNSET
    """ Style sheet rules for the form. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        primary_color = self.primary_color

        secondary_color = self.secondary_color

        logo_url = self.logo_url

        custom_css = self.custom_css

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if primary_color is not UNSET:
            field_dict["primary_color"] = primary_color
        if secondary_color is not UNSET:
            field_dict["secondary_color"] = secondary_color
        if logo_url is not UNSET:
            field_dict["logo_url"] = logo_url
        if custom_css is not UNSET:
            field_dict["custom_css"] = custom_css

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        primary_color = d.pop("primary_color", UNSET)

        secondary_color = d.pop("secondary_color", UNSET)

        logo_url = d.pop("logo_url", UNSET)

        custom_css = d.pop("custom_css", UNSET)

        template_styling = cls(
            primary_color=primary_color,
            secondary_color=secondary_color,
            logo_url=logo_url,
            custom_css=custom_css,
        )

        template_styling.additional_properties = d
        return template_styling

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
