from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.request_status import RequestStatus
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.refund_info import RefundInfo


T = TypeVar("T", bound="RequestCancelledData")


@_attrs_define
class RequestCancelledData:
    """The receipt of a cancellation. The service in operation sends id and status only."""

    request_id: str
    """ The id of the request. """
    status: RequestStatus
    """ Where a request stands. `completed`, `timeout` and `cancelled` are final. `claimed` is no longer promised by
    the documentation, but may appear. """
    previous_status: RequestStatus | Unset = UNSET
    """ Where a request stands. `completed`, `timeout` and `cancelled` are final. `claimed` is no longer promised by
    the documentation, but may appear. """
    cancelled_at: datetime.datetime | Unset = UNSET
    """ When it was cancelled. """
    refund_info: RefundInfo | Unset = UNSET
    """ Whether a cancelled request was given back to the quota. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        request_id = self.request_id

        status = self.status.value

        previous_status: str | Unset = UNSET
        if not isinstance(self.previous_status, Unset):
            previous_status = self.previous_status.value

        cancelled_at: str | Unset = UNSET
        if not isinstance(self.cancelled_at, Unset):
            cancelled_at = self.cancelled_at.isoformat()

        refund_info: dict[str, Any] | Unset = UNSET
        if not isinstance(self.refund_info, Unset):
            refund_info = self.refund_info.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "request_id": request_id,
                "status": status,
            }
        )
        if previous_status is not UNSET:
            field_dict["previous_status"] = previous_status
        if cancelled_at is not UNSET:
            field_dict["cancelled_at"] = cancelled_at
        if refund_info is not UNSET:
            field_dict["refund_info"] = refund_info

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.refund_info import RefundInfo  # noqa: PLC0415

        d = dict(src_dict)
        request_id = d.pop("request_id")

        status = RequestStatus(d.pop("status"))

        _previous_status = d.pop("previous_status", UNSET)
        previous_status: RequestStatus | Unset
        if isinstance(_previous_status, Unset):
            previous_status = UNSET
        else:
            previous_status = RequestStatus(_previous_status)

        from ..types import read_datetime

        _cancelled_at = d.pop("cancelled_at", UNSET)
        cancelled_at: datetime.datetime | Unset
        if isinstance(_cancelled_at, Unset):
            cancelled_at = UNSET
        else:
            cancelled_at = read_datetime(_cancelled_at)

        _refund_info = d.pop("refund_info", UNSET)
        refund_info: RefundInfo | Unset
        if isinstance(_refund_info, Unset):
            refund_info = UNSET
        else:
            refund_info = RefundInfo.from_dict(_refund_info)

        request_cancelled_data = cls(
            request_id=request_id,
            status=status,
            previous_status=previous_status,
            cancelled_at=cancelled_at,
            refund_info=refund_info,
        )

        request_cancelled_data.additional_properties = d
        return request_cancelled_data

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
