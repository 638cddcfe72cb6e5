from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="LoopCreate")


@_attrs_define
class LoopCreate:
    """A loop to be made."""

    name: str
    """ What the loop is called. """
    icon: str
    """ The name of an icon, such as shield-check, document-text or star, or an emoji. """
    description: str | Unset = UNSET
    """ What it is for. """
    org_id: str | Unset = UNSET
    """ The organization that it is to belong to. """

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        icon = self.icon

        description = self.description

        org_id = self.org_id

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "name": name,
                "icon": icon,
            }
        )
        if description is not UNSET:
            field_dict["description"] = description
        if org_id is not UNSET:
            field_dict["org_id"] = org_id

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        name = d.pop("name")

        icon = d.pop("icon")

        description = d.pop("description", UNSET)

        org_id = d.pop("org_id", UNSET)

        loop_create = cls(
            name=name,
            icon=icon,
            description=description,
            org_id=org_id,
        )

        return loop_create
