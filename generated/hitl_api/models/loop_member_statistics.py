from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="LoopMemberStatistics")


@_attrs_define
class LoopMemberStatistics:
    """Figures about the members of a loop."""

    avg_join_time_days: float | Unset = UNSET
    """ How long members took to join, in days. """
    newest_member_joined: datetime.datetime | None | Unset = UNSET
    """ When the newest member joined. """
    oldest_member_joined: datetime.datetime | None | Unset = UNSET
    """ When the first member joined. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        avg_join_time_days = self.avg_join_time_days

        newest_member_joined: None | str | Unset
        if isinstance(self.newest_member_joined, Unset):
            newest_member_joined = UNSET
        elif isinstance(self.newest_member_joined, datetime.datetime):
            newest_member_joined = self.newest_member_joined.isoformat()
        else:
            newest_member_joined = self.newest_member_joined

        oldest_member_joined: None | str | Unset
        if isinstance(self.oldest_member_joined, Unset):
            oldest_member_joined = UNSET
        elif isinstance(self.oldest_member_joined, datetime.datetime):
            oldest_member_joined = self.oldest_member_joined.isoformat()
        else:
            oldest_member_joined = self.oldest_member_joined

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if avg_join_time_days is not UNSET:
            field_dict["avg_join_time_days"] = avg_join_time_days
        if newest_member_joined is not UNSET:
            field_dict["newest_member_joined"] = newest_member_joined
        if oldest_member_joined is not UNSET:
            field_dict["oldest_member_joined"] = oldest_member_joined

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        avg_join_time_days = d.pop("avg_join_time_days", UNSET)

        def _parse_newest_member_joined(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                from ..types import read_datetime

                newest_member_joined_type_0 = read_datetime(data)

                return newest_member_joined_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        newest_member_joined = _parse_newest_member_joined(d.pop("newest_member_joined", UNSET))

        def _parse_oldest_member_joined(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                from ..types import read_datetime

                oldest_member_joined_type_0 = read_datetime(data)

                return oldest_member_joined_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        oldest_member_joined = _parse_oldest_member_joined(d.pop("oldest_member_joined", UNSET))

        loop_member_statistics = cls(
            avg_join_time_days=avg_join_time_days,
            newest_member_joined=newest_member_joined,
            oldest_member_joined=oldest_member_joined,
        )

        loop_member_statistics.additional_properties = d
        return loop_member_statistics

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
