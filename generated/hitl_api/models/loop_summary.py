from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="LoopSummary")


@_attrs_define
class LoopSummary:
    """As much of a loop as an event carries."""

    id: str
    """ The id of the loop. """
    name: str | Unset = UNSET
    """ What the loop is called. """
    creator_id: str | Unset = UNSET
    """ Who made it. """
    member_count: int | Unset = UNSET
    """ How many people belong to it. """
    active_count: int | Unset = UNSET
    """ How many have joined. """
    pending_count: int | Unset = UNSET
    """ How many have not yet joined. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        name = self.name

        creator_id = self.creator_id

        member_count = self.member_count

        active_count = self.active_count

        pending_count = self.pending_count

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
            }
        )
        if name is not UNSET:
            field_dict["name"] = name
        if creator_id is not UNSET:
            field_dict["creator_id"] = creator_id
        if member_count is not UNSET:
            field_dict["member_count"] = member_count
        if active_count is not UNSET:
            field_dict["active_count"] = active_count
        if pending_count is not UNSET:
            field_dict["pending_count"] = pending_count

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        name = d.pop("name", UNSET)

        creator_id = d.pop("creator_id", UNSET)

        member_count = d.pop("member_count", UNSET)

        active_count = d.pop("active_count", UNSET)

        pending_count = d.pop("pending_count", UNSET)

        loop_summary = cls(
            id=id,
            name=name,
            creator_id=creator_id,
            member_count=member_count,
            active_count=active_count,
            pending_count=pending_count,
        )

        loop_summary.additional_properties = d
        return loop_summary

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
