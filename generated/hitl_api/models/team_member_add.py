from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="TeamMemberAdd")


@_attrs_define
class TeamMemberAdd:
    """A person to be added to a team."""

    email: str
    """ The person's e-mail address. """
    role: str | Unset = UNSET
    """ What the person may do, as the server's word. """

    def to_dict(self) -> dict[str, Any]:
        email = self.email

        role = self.role

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "email": email,
            }
        )
        if role is not UNSET:
            field_dict["role"] = role

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        email = d.pop("email")

        role = d.pop("role", UNSET)

        team_member_add = cls(
            email=email,
            role=role,
        )

        return team_member_add
