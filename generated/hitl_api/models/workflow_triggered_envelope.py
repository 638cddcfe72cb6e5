from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.workflow_triggered import WorkflowTriggered


T = TypeVar("T", bound="WorkflowTriggeredEnvelope")


@_attrs_define
class WorkflowTriggeredEnvelope:
    """The answer to a trigger."""

    error: bool
    """ Always false. """
    msg: str | Unset = UNSET
    """ A sentence for people. """
    data: WorkflowTriggered | Unset = UNSET
    """ What became of a trigger. """
    execution_id: str | Unset = UNSET
    """ The id of the execution. """
    request_id: None | str | Unset = UNSET
    """ The request that the execution waits for. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        error = self.error

        msg = self.msg

        data: dict[str, Any] | Unset = UNSET
        if not isinstance(self.data, Unset):
            data = self.data.to_dict()

        execution_id = self.execution_id

        request_id: None | str | Unset
        if isinstance(self.request_id, Unset):
            request_id = UNSET
        else:
            request_id = self.request_id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "error": error,
            }
        )
        if msg is not UNSET:
            field_dict["msg"] = msg
        if data is not UNSET:
            field_dict["data"] = data
        if execution_id is not UNSET:
            field_dict["execution_id"] = execution_id
        if request_id is not UNSET:
            field_dict["request_id"] = request_id

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.workflow_triggered import WorkflowTriggered  # noqa: PLC0415

        d = dict(src_dict)
        error = d.pop("error")

        msg = d.pop("msg", UNSET)

        _data = d.pop("data", UNSET)
        data: WorkflowTriggered | Unset
        if isinstance(_data, Unset):
            data = UNSET
        else:
            data = WorkflowTriggered.from_dict(_data)

        execution_id = d.pop("execution_id", UNSET)

        def _parse_request_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        request_id = _parse_request_id(d.pop("request_id", UNSET))

        workflow_triggered_envelope = cls(
            error=error,
            msg=msg,
            data=data,
            execution_id=execution_id,
            request_id=request_id,
        )

        workflow_triggered_envelope.additional_properties = d
        return workflow_triggered_envelope

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
