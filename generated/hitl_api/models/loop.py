from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.loop_member import LoopMember


T = TypeVar("T", bound="Loop")


@_attrs_define
class Loop:
    """A group of reviewers who answer requests."""

    id: str
    """ The id of the loop. """
    name: str
    """ What the loop is called. """
    members: list[LoopMember]
    """ Who belongs to it. """
    created_at: datetime.datetime
    """ When it was created. """
    description: None | str | Unset = UNSET
    """ What it is for. """
    icon: None | str | Unset = UNSET
    """ The name of its icon, or an emoji. """
    creator_id: str | Unset = UNSET
    """ Who made it. """
    member_count: int | Unset = UNSET
    """ How many people belong to it. """
    pending_count: int | Unset = UNSET
    """ How many invitations are open; not how many requests. """
    invite_code: None | str | Unset = UNSET
    """ The code of its invitation. """
    org_id: None | str | Unset = UNSET
    """ The organization that it belongs to. """
    updated_at: datetime.datetime | Unset = UNSET
    """ When it last changed. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        name = self.name

        members = []
        for members_item_data in self.members:
            members_item = members_item_data.to_dict()
            members.append(members_item)

        created_at = self.created_at.isoformat()

        description: None | str | Unset
        if isinstance(self.description, Unset):
            description = UNSET
        else:
            description = self.description

        icon: None | str | Unset
        if isinstance(self.icon, Unset):
            icon = UNSET
        else:
            icon = self.icon

        creator_id = self.creator_id

        member_count = self.member_count

        pending_count = self.pending_count

        invite_code: None | str | Unset
        if isinstance(self.invite_code, Unset):
            invite_code = UNSET
        else:
            invite_code = self.invite_code

        org_id: None | str | Unset
        if isinstance(self.org_id, Unset):
            org_id = UNSET
        else:
            org_id = self.org_id

        updated_at: str | Unset = UNSET
        if not isinstance(self.updated_at, Unset):
            updated_at = self.updated_at.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "name": name,
                "members": members,
                "created_at": created_at,
            }
        )
        if description is not UNSET:
            field_dict["description"] = description
        if icon is not UNSET:
            field_dict["icon"] = icon
        if creator_id is not UNSET:
            field_dict["creator_id"] = creator_id
        if member_count is not UNSET:
            field_dict["member_count"] = member_count
        if pending_count is not UNSET:
            field_dict["pending_count"] = pending_count
        if invite_code is not UNSET:
            field_dict["invite_code"] = invite_code
        if org_id is not UNSET:
            field_dict["org_id"] = org_id
        if updated_at is not UNSET:
            field_dict["updated_at"] = updated_at

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.loop_member import LoopMember  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        name = d.pop("name")

        members = []
        _members = d.pop("members")
        for members_item_data in _members:
            members_item = LoopMember.from_dict(members_item_data)

            members.append(members_item)

        from ..types import read_datetime

        created_at = read_datetime(d.pop("created_at"))

        def _parse_description(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        description = _parse_description(d.pop("description", UNSET))

        def _parse_icon(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        icon = _parse_icon(d.pop("icon", UNSET))

        creator_id = d.pop("creator_id", UNSET)

        member_count = d.pop("member_count", UNSET)

        pending_count = d.pop("pending_count", UNSET)

        def _parse_invite_code(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        invite_code = _parse_invite_code(d.pop("invite_code", UNSET))

        def _parse_org_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        org_id = _parse_org_id(d.pop("org_id", UNSET))

        from ..types import read_datetime

        _updated_at = d.pop("updated_at", UNSET)
        updated_at: datetime.datetime | Unset
        if isinstance(_updated_at, Unset):
            updated_at = UNSET
        else:
            updated_at = read_datetime(_updated_at)

        loop = cls(
            id=id,
            name=name,
            members=members,
            created_at=created_at,
            description=description,
            icon=icon,
            creator_id=creator_id,
            member_count=member_count,
            pending_count=pending_count,
            invite_code=invite_code,
            org_id=org_id,
            updated_at=updated_at,
        )

        loop.additional_properties = d
        return loop

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
