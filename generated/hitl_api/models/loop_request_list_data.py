from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.loop_request import LoopRequest


T = TypeVar("T", bound="LoopRequestListData")


@_attrs_define
class LoopRequestListData:
    """The requests of a loop."""

    loop_id: str
    """ The id of the loop. """
    requests: list[LoopRequest]
    """ Its requests. """
    count: int
    """ How many there are. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        loop_id = self.loop_id

        requests = []
        for requests_item_data in self.requests:
            requests_item = requests_item_data.to_dict()
            requests.append(requests_item)

        count = self.count

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "loop_id": loop_id,
                "requests": requests,
                "count": count,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.loop_request import LoopRequest  # noqa: PLC0415

        d = dict(src_dict)
        loop_id = d.pop("loop_id")

        requests = []
        _requests = d.pop("requests")
        for requests_item_data in _requests:
            requests_item = LoopRequest.from_dict(requests_item_data)

            requests.append(requests_item)

        count = d.pop("count")

        loop_request_list_data = cls(
            loop_id=loop_id,
            requests=requests,
            count=count,
        )

        loop_request_list_data.additional_properties = d
        return loop_request_list_data

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
