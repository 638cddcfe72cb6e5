from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.loop_member import LoopMember
    from ..models.loop_member_statistics import LoopMemberStatistics


T = TypeVar("T", bound="LoopMemberListData")


@_attrs_define
class LoopMemberListData:
    """The members of a loop. Different pages show different counts, so only the members are certain."""

    members: list[LoopMember]
    """ The members. """
    loop_id: str | Unset = UNSET
    """ The id of the loop. """
    member_count: int | Unset = UNSET
    """ How many there are. """
    total_count: int | Unset = UNSET
    """ How many there are. """
    active_count: int | Unset = UNSET
    """ How many have joined. """
    pending_count: int | Unset = UNSET
    """ How many have not yet joined. """
    statistics: LoopMemberStatistics | Unset = UNSET
    """ Figures about the members of a loop. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        members = []
        for members_item_data in self.members:
            members_item = members_item_data.to_dict()
            members.append(members_item)

        loop_id = self.loop_id

        member_count = self.member_count

        total_count = self.total_count

        active_count = self.active_count

        pending_count = self.pending_count

        statistics: dict[str, Any] | Unset = UNSET
        if not isinstance(self.statistics, Unset):
            statistics = self.statistics.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "members": members,
            }
        )
        if loop_id is not UNSET:
            field_dict["loop_id"] = loop_id
        if member_count is not UNSET:
            field_dict["member_count"] = member_count
        if total_count is not UNSET:
            field_dict["total_count"] = total_count
        if active_count is not UNSET:
            field_dict["active_count"] = active_count
        if pending_count is not UNSET:
            field_dict["pending_count"] = pending_count
        if statistics is not UNSET:
            field_dict["statistics"] = statistics

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.loop_member import LoopMember  # noqa: PLC0415
        from ..models.loop_member_statistics import LoopMemberStatistics  # noqa: PLC0415

        d = dict(src_dict)
        members = []
        _members = d.pop("members")
        for members_item_data in _members:
            members_item = LoopMember.from_dict(members_item_data)

            members.append(members_item)

        loop_id = d.pop("loop_id", UNSET)

        member_count = d.pop("member_count", UNSET)

        total_count = d.pop("total_count", UNSET)

        active_count = d.pop("active_count", UNSET)

        pending_count = d.pop("pending_count", UNSET)

        _statistics = d.pop("statistics", UNSET)
        statistics: LoopMemberStatistics | Unset
        if isinstance(_statistics, Unset):
            statistics = UNSET
        else:
            statistics = LoopMemberStatistics.from_dict(_statistics)

        loop_member_list_data = cls(
            members=members,
            loop_id=loop_id,
            member_count=member_count,
            total_count=total_count,
            active_count=active_count,
            pending_count=pending_count,
            statistics=statistics,
        )

        loop_member_list_data.additional_properties = d
        return loop_member_list_data

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
