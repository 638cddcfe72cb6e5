from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="MonthlyQuota")


@_attrs_define
class MonthlyQuota:
    """The responses of people that the account's plan allows in a calendar month."""

    limit: int | Unset = UNSET
    """ Responses in one month. """
    used: int | Unset = UNSET
    """ Responses that were given in this month. """
    remaining: int | Unset = UNSET
    """ Responses that are left in this month. """
    reset_at: datetime.datetime | Unset = UNSET
    """ When the next month begins. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        limit = self.limit

        used = self.used

        remaining = self.remaining

        reset_at: str | Unset = UNSET
        if not isinstance(self.reset_at, Unset):
            reset_at = self.reset_at.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if limit is not UNSET:
            field_dict["limit"] = limit
        if used is not UNSET:
            field_dict["used"] = used
        if remaining is not UNSET:
            field_dict["remaining"] = remaining
        if reset_at is not UNSET:
            field_dict["reset_at"] = reset_at

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        limit = d.pop("limit", UNSET)

        used = d.pop("used", UNSET)

        remaining = d.pop("remaining", UNSET)

        from ..types import read_datetime

        _reset_at = d.pop("reset_at", UNSET)
        reset_at: datetime.datetime | Unset
        if isinstance(_reset_at, Unset):
            reset_at = UNSET
        else:
            reset_at = read_datetime(_reset_at)

        monthly_quota = cls(
            limit=limit,
            used=used,
            remaining=remaining,
            reset_at=reset_at,
        )

        monthly_quota.additional_properties = d
        return monthly_quota

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
