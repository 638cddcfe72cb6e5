from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.loop_summary import LoopSummary
    from ..models.refund_info import RefundInfo
    from ..models.request_summary import RequestSummary
    from ..models.responder import Responder


T = TypeVar("T", bound="RequestEventData")


@_attrs_define
class RequestEventData:
    """What an event about a request is about."""

    request: RequestSummary
    """ As much of a request as an event carries. """
    loop: LoopSummary | Unset = UNSET
    """ As much of a loop as an event carries. """
    reviewer: Responder | Unset = UNSET
    """ The person who answered. A request names the person by `id`, a callback by `user_id`. """
    estimated_completion: datetime.datetime | None | Unset = UNSET
    """ When an answer is expected. """
    refund_info: RefundInfo | Unset = UNSET
    """ Whether a cancelled request was given back to the quota. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        request = self.request.to_dict()

        loop: dict[str, Any] | Unset = UNSET
        if not isinstance(self.loop, Unset):
            loop = self.loop.to_dict()

        reviewer: dict[str, Any] | Unset = UNSET
        if not isinstance(self.reviewer, Unset):
            reviewer = self.reviewer.to_dict()

        estimated_completion: None | str | Unset
        if isinstance(self.estimated_completion, Unset):
            estimated_completion = UNSET
        elif isinstance(self.estimated_completion, datetime.datetime):
            estimated_completion = self.estimated_completion.isoformat()
        else:
            estimated_completion = self.estimated_completion

        refund_info: dict[str, Any] | Unset = UNSET
        if not isinstance(self.refund_info, Unset):
            refund_info = self.refund_info.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "request": request,
            }
        )
        if loop is not UNSET:
            field_dict["loop"] = loop
        if reviewer is not UNSET:
            field_dict["reviewer"] = reviewer
        if estimated_completion is not UNSET:
            field_dict["estimated_completion"] = estimated_completion
        if refund_info is not UNSET:
            field_dict["refund_info"] = refund_info

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.loop_summary import LoopSummary  # noqa: PLC0415
        from ..models.refund_info import RefundInfo  # noqa: PLC0415
        from ..models.request_summary import RequestSummary  # noqa: PLC0415
        from ..models.responder import Responder  # noqa: PLC0415

        d = dict(src_dict)
        request = RequestSummary.from_dict(d.pop("request"))

        _loop = d.pop("loop", UNSET)
        loop: LoopSummary | Unset
        if isinstance(_loop, Unset):
            loop = UNSET
        else:
            loop = LoopSummary.from_dict(_loop)

        _reviewer = d.pop("reviewer", UNSET)
        reviewer: Responder | Unset
        if isinstance(_reviewer, Unset):
            reviewer = UNSET
        else:
            reviewer = Responder.from_dict(_reviewer)

        def _parse_estimated_completion(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                from ..types import read_datetime

                estimated_completion_type_0 = read_datetime(data)

                return estimated_completion_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        estimated_completion = _parse_estimated_completion(d.pop("estimated_completion", UNSET))

        _refund_info = d.pop("refund_info", UNSET)
        refund_info: RefundInfo | Unset
        if isinstance(_refund_info, Unset):
            refund_info = UNSET
        else:
            refund_info = RefundInfo.from_dict(_refund_info)

        request_event_data = cls(
            request=request,
            loop=loop,
            reviewer=reviewer,
            estimated_completion=estimated_completion,
            refund_info=refund_info,
        )

        request_event_data.additional_properties = d
        return request_event_data

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
