from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.document_uploaded import DocumentUploaded


T = TypeVar("T", bound="DocumentUploadedEnvelope")


@_attrs_define
class DocumentUploadedEnvelope:
    """The answer to the upload of a document."""

    error: bool
    """ Always false. """
    data: DocumentUploaded
    """ Where an uploaded document is. """
    msg: str | Unset = UNSET
    """ A sentence for people. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        error = self.error

        data = self.data.to_dict()

        msg = self.msg

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "error": error,
                "data": data,
            }
        )
        if msg is not UNSET:
            field_dict["msg"] = msg

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.document_uploaded import DocumentUploaded  # noqa: PLC0415

        d = dict(src_dict)
        error = d.pop("error")

        data = DocumentUploaded.from_dict(d.pop("data"))

        msg = d.pop("msg", UNSET)

        document_uploaded_envelope = cls(
            error=error,
            data=data,
            msg=msg,
        )

        document_uploaded_envelope.additional_properties = d
        return document_uploaded_envelope

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
