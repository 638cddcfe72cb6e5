from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.processing_type import ProcessingType
from ..models.request_priority import RequestPriority
from ..models.request_status import RequestStatus
from ..models.request_type import RequestType
from ..types import UNSET, Unset

T = TypeVar("T", bound="RequestCreated")


@_attrs_define
class RequestCreated:
    """What became of a new request."""

    request_id: str
    """ The id of the new request. """
    status: RequestStatus
    """ Where a request stands. `completed`, `timeout` and `cancelled` are final. `claimed` is no longer promised by
    the documentation, but may appear. """
    processing_type: ProcessingType
    """ A time-sensitive request needs a timeout; a deferred one waits for 30 days. """
    type_: RequestType
    """ What a request shows. `file`, `video` and `audio` are the younger ones. """
    priority: RequestPriority
    """ How urgent a request is. """
    timeout_at: datetime.datetime
    """ Until when an answer is waited for. """
    broadcasted_to: int
    """ How many members were asked; a number here, a list in the request. """
    notifications_sent: int
    """ How many notifications were sent. """
    polling_url: str
    """ Where the request can be read, without the host. """
    id: str | Unset = UNSET
    """ The same id; the vendor's own scripts read it here. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        request_id = self.request_id

        status = self.status.value

        processing_type = self.processing_type.value

        type_ = self.type_.value

        priority = self.priority.value

        timeout_at = self.timeout_at.isoformat()

        broadcasted_to = self.broadcasted_to

        notifications_sent = self.notifications_sent

        polling_url = self.polling_url

        id = self.id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "request_id": request_id,
                "status": status,
                "processing_type": processing_type,
                "type": type_,
                "priority": priority,
                "timeout_at": timeout_at,
                "broadcasted_to": broadcasted_to,
                "notifications_sent": notifications_sent,
                "polling_url": polling_url,
            }
        )
        if id is not UNSET:
            field_dict["id"] = id

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        request_id = d.pop("request_id")

        status = RequestStatus(d.pop("status"))

        processing_type = ProcessingType(d.pop("processing_type"))

        type_ = RequestType(d.pop("type"))

        priority = RequestPriority(d.pop("priority"))

        from ..types import read_datetime

        timeout_at = read_datetime(d.pop("timeout_at"))

        broadcasted_to = d.pop("broadcasted_to")

        notifications_sent = d.pop("notifications_sent")

        polling_url = d.pop("polling_url")

        id = d.pop("id", UNSET)

        request_created = cls(
            request_id=request_id,
            status=status,
            processing_type=processing_type,
            type_=type_,
            priority=priority,
            timeout_at=timeout_at,
            broadcasted_to=broadcasted_to,
            notifications_sent=notifications_sent,
            polling_url=polling_url,
            id=id,
        )

        request_created.additional_properties = d
        return request_created

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
