from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="LoopDeletionCounts")


@_attrs_define
class LoopDeletionCounts:
    """What was deleted with a loop."""

    members_removed: int | Unset = UNSET
    """ How many members it had. """
    requests_deleted: int | Unset = UNSET
    """ How many requests it had. """
    responses_deleted: int | Unset = UNSET
    """ How many answers it had. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        members_removed = self.members_removed

        requests_deleted = self.requests_deleted

        responses_deleted = self.responses_deleted

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if members_removed is not UNSET:
            field_dict["members_removed"] = members_removed
        if requests_deleted is not UNSET:
            field_dict["requests_deleted"] = requests_deleted
        if responses_deleted is not UNSET:
            field_dict["responses_deleted"] = responses_deleted

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        members_removed = d.pop("members_removed", UNSET)

        requests_deleted = d.pop("requests_deleted", UNSET)

        responses_deleted = d.pop("responses_deleted", UNSET)

        loop_deletion_counts = cls(
            members_removed=members_removed,
            requests_deleted=requests_deleted,
            responses_deleted=responses_deleted,
        )

        loop_deletion_counts.additional_properties = d
        return loop_deletion_counts

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
