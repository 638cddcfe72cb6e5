from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.turn_data import TurnData


T = TypeVar("T", bound="TurnEnvelope")


@_attrs_define
class TurnEnvelope:
    """An answer that holds one turn."""

    error: bool
    """ Always false. """
    msg: str
    """ A sentence for people. """
    data: TurnData
    """ One turn. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        error = self.error

        msg = self.msg

        data = self.data.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "error": error,
                "msg": msg,
                "data": data,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.turn_data import TurnData  # noqa: PLC0415

        d = dict(src_dict)
        error = d.pop("error")

        msg = d.pop("msg")

        data = TurnData.from_dict(d.pop("data"))

        turn_envelope = cls(
            error=error,
            msg=msg,
            data=data,
        )

        turn_envelope.additional_properties = d
        return turn_envelope

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
