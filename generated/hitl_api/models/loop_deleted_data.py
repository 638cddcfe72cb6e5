from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.loop_deletion_counts import LoopDeletionCounts


T = TypeVar("T", bound="LoopDeletedData")


@_attrs_define
class LoopDeletedData:
    """The receipt of a loop's deletion. The service in operation sends the id only."""

    loop_id: str
    """ The id of the loop that was deleted. """
    deleted_at: datetime.datetime | Unset = UNSET
    """ When it was deleted. """
    deleted_data: LoopDeletionCounts | Unset = UNSET
    """ What was deleted with a loop. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        loop_id = self.loop_id

        deleted_at: str | Unset = UNSET
        if not isinstance(self.deleted_at, Unset):
            deleted_at = self.deleted_at.isoformat()

        deleted_data: dict[str, Any] | Unset = UNSET
        if not isinstance(self.deleted_data, Unset):
            deleted_data = self.deleted_data.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "loop_id": loop_id,
            }
        )
        if deleted_at is not UNSET:
            field_dict["deleted_at"] = deleted_at
        if deleted_data is not UNSET:
            field_dict["deleted_data"] = deleted_data

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.loop_deletion_counts import LoopDeletionCounts  # noqa: PLC0415

        d = dict(src_dict)
        loop_id = d.pop("loop_id")

        from ..types import read_datetime

        _deleted_at = d.pop("deleted_at", UNSET)
        deleted_at: datetime.datetime | Unset
        if isinstance(_deleted_at, Unset):
            deleted_at = UNSET
        else:
            deleted_at = read_datetime(_deleted_at)

        _deleted_data = d.pop("deleted_data", UNSET)
        deleted_data: LoopDeletionCounts | Unset
        if isinstance(_deleted_data, Unset):
            deleted_data = UNSET
        else:
            deleted_data = LoopDeletionCounts.from_dict(_deleted_data)

        loop_deleted_data = cls(
            loop_id=loop_id,
            deleted_at=deleted_at,
            deleted_data=deleted_data,
        )

        loop_deleted_data.additional_properties = d
        return loop_deleted_data

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
