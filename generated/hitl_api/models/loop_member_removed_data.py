from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="LoopMemberRemovedData")


@_attrs_define
class LoopMemberRemovedData:
    """The receipt of a member's removal."""

    loop_id: str
    """ The id of the loop. """
    user_id: str
    """ The id of the person who was removed. """
    removed_at: datetime.datetime | Unset = UNSET
    """ When the person was removed. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        loop_id = self.loop_id

        user_id = self.user_id

        removed_at: str | Unset = UNSET
        if not isinstance(self.removed_at, Unset):
            removed_at = self.removed_at.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "loop_id": loop_id,
                "user_id": user_id,
            }
        )
        if removed_at is not UNSET:
            field_dict["removed_at"] = removed_at

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        loop_id = d.pop("loop_id")

        user_id = d.pop("user_id")

        from ..types import read_datetime

        _removed_at = d.pop("removed_at", UNSET)
        removed_at: datetime.datetime | Unset
        if isinstance(_removed_at, Unset):
            removed_at = UNSET
        else:
            removed_at = read_datetime(_removed_at)

        loop_member_removed_data = cls(
            loop_id=loop_id,
            user_id=user_id,
            removed_at=removed_at,
        )

        loop_member_removed_data.additional_properties = d
        return loop_member_removed_data

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
