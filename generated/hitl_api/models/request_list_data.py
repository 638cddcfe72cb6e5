from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.loop_request import LoopRequest
    from ..models.request_pagination import RequestPagination


T = TypeVar("T", bound="RequestListData")


@_attrs_define
class RequestListData:
    """A page of requests. The service in operation sends requests and count only."""

    requests: list[LoopRequest]
    """ The requests of this page. """
    count: int
    """ How many there are on this page. """
    total: int | Unset = UNSET
    """ How many there are on all pages. """
    has_more: bool | Unset = UNSET
    """ Whether a page follows. """
    pagination: RequestPagination | Unset = UNSET
    """ Where a page stands in the whole list. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        requests = []
        for requests_item_data in self.requests:
            requests_item = requests_item_data.to_dict()
            requests.append(requests_item)

        count = self.count

        total = self.total

        has_more = self.has_more

        pagination: dict[str, Any] | Unset = UNSET
        if not isinstance(self.pagination, Unset):
            pagination = self.pagination.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "requests": requests,
                "count": count,
            }
        )
        if total is not UNSET:
            field_dict["total"] = total
        if has_more is not UNSET:
            field_dict["has_more"] = has_more
        if pagination is not UNSET:
            field_dict["pagination"] = pagination

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.loop_request import LoopRequest  # noqa: PLC0415
        from ..models.request_pagination import RequestPagination  # noqa: PLC0415

        d = dict(src_dict)
        requests = []
        _requests = d.pop("requests")
        for requests_item_data in _requests:
            requests_item = LoopRequest.from_dict(requests_item_data)

            requests.append(requests_item)

        count = d.pop("count")

        total = d.pop("total", UNSET)

        has_more = d.pop("has_more", UNSET)

        _pagination = d.pop("pagination", UNSET)
        pagination: RequestPagination | Unset
        if isinstance(_pagination, Unset):
            pagination = UNSET
        else:
            pagination = RequestPagination.from_dict(_pagination)

        request_list_data = cls(
            requests=requests,
            count=count,
            total=total,
            has_more=has_more,
            pagination=pagination,
        )

        request_list_data.additional_properties = d
        return request_list_data

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
