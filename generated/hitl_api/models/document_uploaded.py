from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="DocumentUploaded")


@_attrs_define
class DocumentUploaded:
    """Where an uploaded document is."""

    url: str
    """ Its address. """
    file_type: str | Unset = UNSET
    """ Its media type, as the server found it. """
    file_name: str | Unset = UNSET
    """ The name that it was sent with. """
    size_bytes: int | Unset = UNSET
    """ Its size in bytes. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        url = self.url

        file_type = self.file_type

        file_name = self.file_name

        size_bytes = self.size_bytes

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "url": url,
            }
        )
        if file_type is not UNSET:
            field_dict["file_type"] = file_type
        if file_name is not UNSET:
            field_dict["file_name"] = file_name
        if size_bytes is not UNSET:
            field_dict["size_bytes"] = size_bytes

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        url = d.pop("url")

        file_type = d.pop("file_type", UNSET)

        file_name = d.pop("file_name", UNSET)

        size_bytes = d.pop("size_bytes", UNSET)

        document_uploaded = cls(
            url=url,
            file_type=file_type,
            file_name=file_name,
            size_bytes=size_bytes,
        )

        document_uploaded.additional_properties = d
        return document_uploaded

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
