from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.loop import Loop


T = TypeVar("T", bound="LoopCreated")


@_attrs_define
class LoopCreated:
    """The new loop with its invitation."""

    loop: Loop
    """ A group of reviewers who answer requests. """
    invite_code: str
    """ The code that a new member types in. """
    qr_code_base64: str
    """ The invitation as an image in a data address. """
    qr_code_url: str
    """ Where the same image is. """
    join_url: str
    """ The address that a new member opens. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        loop = self.loop.to_dict()

        invite_code = self.invite_code

        qr_code_base64 = self.qr_code_base64

        qr_code_url = self.qr_code_url

        join_url = self.join_url

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "loop": loop,
                "invite_code": invite_code,
                "qr_code_base64": qr_code_base64,
                "qr_code_url": qr_code_url,
                "join_url": join_url,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.loop import Loop  # noqa: PLC0415

        d = dict(src_dict)
        loop = Loop.from_dict(d.pop("loop"))

        invite_code = d.pop("invite_code")

        qr_code_base64 = d.pop("qr_code_base64")

        qr_code_url = d.pop("qr_code_url")

        join_url = d.pop("join_url")

        loop_created = cls(
            loop=loop,
            invite_code=invite_code,
            qr_code_base64=qr_code_base64,
            qr_code_url=qr_code_url,
            join_url=join_url,
        )

        loop_created.additional_properties = d
        return loop_created

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
