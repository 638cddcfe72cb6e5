from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.loop_member import LoopMember
    from ..models.loop_summary import LoopSummary


T = TypeVar("T", bound="LoopEventData")


@_attrs_define
class LoopEventData:
    """What an event about a loop is about."""

    loop: LoopSummary
    """ As much of a loop as an event carries. """
    member: LoopMember | Unset = UNSET
    """ A person in a loop. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        loop = self.loop.to_dict()

        member: dict[str, Any] | Unset = UNSET
        if not isinstance(self.member, Unset):
            member = self.member.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "loop": loop,
            }
        )
        if member is not UNSET:
            field_dict["member"] = member

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.loop_member import LoopMember  # noqa: PLC0415
        from ..models.loop_summary import LoopSummary  # noqa: PLC0415

        d = dict(src_dict)
        loop = LoopSummary.from_dict(d.pop("loop"))

        _member = d.pop("member", UNSET)
        member: LoopMember | Unset
        if isinstance(_member, Unset):
            member = UNSET
        else:
            member = LoopMember.from_dict(_member)

        loop_event_data = cls(
            loop=loop,
            member=member,
        )

        loop_event_data.additional_properties = d
        return loop_event_data

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
