from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.loop import Loop


T = TypeVar("T", bound="LoopListData")


@_attrs_define
class LoopListData:
    """All loops."""

    loops: list[Loop]
    """ The loops. """
    count: int
    """ How many there are. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        loops = []
        for loops_item_data in self.loops:
            loops_item = loops_item_data.to_dict()
            loops.append(loops_item)

        count = self.count

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "loops": loops,
                "count": count,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.loop import Loop  # noqa: PLC0415

        d = dict(src_dict)
        loops = []
        _loops = d.pop("loops")
        for loops_item_data in _loops:
            loops_item = Loop.from_dict(loops_item_data)

            loops.append(loops_item)

        count = d.pop("count")

        loop_list_data = cls(
            loops=loops,
            count=count,
        )

        loop_list_data.additional_properties = d
        return loop_list_data

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
