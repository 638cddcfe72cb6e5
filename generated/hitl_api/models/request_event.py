from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.request_event_type import RequestEventType

if TYPE_CHECKING:
    from ..models.request_event_data import RequestEventData


T = TypeVar("T", bound="RequestEvent")


@_attrs_define
class RequestEvent:
    """The body of a webhook that tells of a request."""

    event: RequestEventType
    """ What can happen to a request. """
    timestamp: datetime.datetime
    """ When it happened. """
    data: RequestEventData
    """ What an event about a request is about. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        event = self.event.value

        timestamp = self.timestamp.isoformat()

        data = self.data.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "event": event,
                "timestamp": timestamp,
                "data": data,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.request_event_data import RequestEventData  # noqa: PLC0415

        d = dict(src_dict)
        event = RequestEventType(d.pop("event"))

        from ..types import read_datetime

        timestamp = read_datetime(d.pop("timestamp"))

        data = RequestEventData.from_dict(d.pop("data"))

        request_event = cls(
            event=event,
            timestamp=timestamp,
            data=data,
        )

        request_event.additional_properties = d
        return request_event

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
