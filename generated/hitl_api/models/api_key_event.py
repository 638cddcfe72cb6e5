from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.api_key_event_type import ApiKeyEventType
from ..types import UNSET, Unset

T = TypeVar("T", bound="ApiKeyEvent")


@_attrs_define
class ApiKeyEvent:
    """The body of a webhook that tells of an API key."""

    event: ApiKeyEventType
    """ What can happen to an API key. """
    timestamp: datetime.datetime
    """ When it happened. """
    data: Any | Unset = UNSET
    """ What the event is about, as an object. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        event = self.event.value

        timestamp = self.timestamp.isoformat()

        data = self.data

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "event": event,
                "timestamp": timestamp,
            }
        )
        if data is not UNSET:
            field_dict["data"] = data

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        event = ApiKeyEventType(d.pop("event"))

        from ..types import read_datetime

        timestamp = read_datetime(d.pop("timestamp"))

        data = d.pop("data", UNSET)

        api_key_event = cls(
            event=event,
            timestamp=timestamp,
            data=data,
        )

        api_key_event.additional_properties = d
        return api_key_event

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
