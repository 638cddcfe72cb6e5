from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="LoopUpdate")


@_attrs_define
class LoopUpdate:
    """What is to be changed in a loop; at least one field."""

    name: str | Unset = UNSET
    """ What the loop is called. """
    icon: str | Unset = UNSET
    """ The name of an icon, or an emoji. """
    description: str | Unset = UNSET
    """ What it is for. """

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        icon = self.icon

        description = self.description

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if name is not UNSET:
            field_dict["name"] = name
        if icon is not UNSET:
            field_dict["icon"] = icon
        if description is not UNSET:
            field_dict["description"] = description

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        name = d.pop("name", UNSET)

        icon = d.pop("icon", UNSET)

        description = d.pop("description", UNSET)

        loop_update = cls(
            name=name,
            icon=icon,
            description=description,
        )

        return loop_update
