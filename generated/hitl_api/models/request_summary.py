from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.processing_type import ProcessingType
from ..models.request_priority import RequestPriority
from ..models.request_status import RequestStatus
from ..models.request_type import RequestType
from ..models.response_type import ResponseType
from ..types import UNSET, Unset

T = TypeVar("T", bound="RequestSummary")


@_attrs_define
class RequestSummary:
    """As much of a request as an event carries."""

    id: str
    """ The id of the request. """
    loop_id: str | Unset = UNSET
    """ The id of the loop. """
    status: RequestStatus | Unset = UNSET
    """ Where a request stands. `completed`, `timeout` and `cancelled` are final. `claimed` is no longer promised by
    the documentation, but may appear. """
    previous_status: RequestStatus | Unset = UNSET
    """ Where a request stands. `completed`, `timeout` and `cancelled` are final. `claimed` is no longer promised by
    the documentation, but may appear. """
    processing_type: ProcessingType | Unset = UNSET
    """ A time-sensitive request needs a timeout; a deferred one waits for 30 days. """
    type_: RequestType | Unset = UNSET
    """ What a request shows. `file`, `video` and `audio` are the younger ones. """
    priority: RequestPriority | Unset = UNSET
    """ How urgent a request is. """
    request_text: str | Unset = UNSET
    """ The question, in Markdown. """
    response_type: ResponseType | Unset = UNSET
    """ What kind of answer is wanted. `editable_text` is the youngest. """
    response_data: Any | Unset = UNSET
    """ The answer, bare or wrapped as in a request. """
    default_response: Any | Unset = UNSET
    """ The answer that counts if nobody gives one. """
    response_by: None | str | Unset = UNSET
    """ The id of the person who answered. """
    response_at: datetime.datetime | None | Unset = UNSET
    """ When the answer was given. """
    response_time_seconds: float | None | Unset = UNSET
    """ How many seconds the answer took. """
    claimed_by: None | str | Unset = UNSET
    """ The id of the person who took the request. """
    claimed_at: datetime.datetime | None | Unset = UNSET
    """ When it was taken. """
    cancelled_at: datetime.datetime | None | Unset = UNSET
    """ When it was cancelled. """
    timeout_at: datetime.datetime | None | Unset = UNSET
    """ Until when an answer is waited for. """
    created_at: datetime.datetime | Unset = UNSET
    """ When it was created. """
    asked_by: Any | Unset = UNSET
    """ Who asked, as `{key_id, key_name, person_id, claimed}`: the API key, its owner, and the address in whose
    name the program says that it asks. Missing where keys have no names. """
    self_approved: bool | None | Unset = UNSET
    """ True if the person who asked has given the answer; otherwise null or missing. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        loop_id = self.loop_id

        status: str | Unset = UNSET
        if not isinstance(self.status, Unset):
            status = self.status.value

        previous_status: str | Unset = UNSET
        if not isinstance(self.previous_status, Unset):
            previous_status = self.previous_status.value

        processing_type: str | Unset = UNSET
        if not isinstance(self.processing_type, Unset):
            processing_type = self.processing_type.value

        type_: str | Unset = UNSET
        if not isinstance(self.type_, Unset):
            type_ = self.type_.value

        priority: str | Unset = UNSET
        if not isinstance(self.priority, Unset):
            priority = self.priority.value

        request_text = self.request_text

        response_type: str | Unset = UNSET
        if not isinstance(self.response_type, Unset):
            response_type = self.response_type.value

        response_data = self.response_data

        default_response = self.default_response

        response_by: None | str | Unset
        if isinstance(self.response_by, Unset):
            response_by = UNSET
        else:
            response_by = self.response_by

        response_at: None | str | Unset
        if isinstance(self.response_at, Unset):
            response_at = UNSET
        elif isinstance(self.response_at, datetime.datetime):
            response_at = self.response_at.isoformat()
        else:
            response_at = self.response_at

        response_time_seconds: float | None | Unset
        if isinstance(self.response_time_seconds, Unset):
            response_time_seconds = UNSET
        else:
            response_time_seconds = self.response_time_seconds

        claimed_by: None | str | Unset
        if isinstance(self.claimed_by, Unset):
            claimed_by = UNSET
        else:
            claimed_by = self.claimed_by

        claimed_at: None | str | Unset
        if isinstance(self.claimed_at, Unset):
            claimed_at = UNSET
        elif isinstance(self.claimed_at, datetime.datetime):
            claimed_at = self.claimed_at.isoformat()
        else:
            claimed_at = self.claimed_at

        cancelled_at: None | str | Unset
        if isinstance(self.cancelled_at, Unset):
            cancelled_at = UNSET
        elif isinstance(self.cancelled_at, datetime.datetime):
            cancelled_at = self.cancelled_at.isoformat()
        else:
            cancelled_at = self.cancelled_at

        timeout_at: None | str | Unset
        if isinstance(self.timeout_at, Unset):
            timeout_at = UNSET
        elif isinstance(self.timeout_at, datetime.datetime):
            timeout_at = self.timeout_at.isoformat()
        else:
            timeout_at = self.timeout_at

        created_at: str | Unset = UNSET
        if not isinstance(self.created_at, Unset):
            created_at = self.created_at.isoformat()

        asked_by = self.asked_by

        self_approved: bool | None | Unset
        if isinstance(self.self_approved, Unset):
            self_approved = UNSET
        else:
            self_approved = self.self_approved

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
            }
        )
        if loop_id is not UNSET:
            field_dict["loop_id"] = loop_id
        if status is not UNSET:
            field_dict["status"] = status
        if previous_status is not UNSET:
            field_dict["previous_status"] = previous_status
        if processing_type is not UNSET:
            field_dict["processing_type"] = processing_type
        if type_ is not UNSET:
            field_dict["type"] = type_
        if priority is not UNSET:
            field_dict["priority"] = priority
        if request_text is not UNSET:
            field_dict["request_text"] = request_text
        if response_type is not UNSET:
            field_dict["response_type"] = response_type
        if response_data is not UNSET:
            field_dict["response_data"] = response_data
        if default_response is not UNSET:
            field_dict["default_response"] = default_response
        if response_by is not UNSET:
            field_dict["response_by"] = response_by
        if response_at is not UNSET:
            field_dict["response_at"] = response_at
        if response_time_seconds is not UNSET:
            field_dict["response_time_seconds"] = response_time_seconds
        if claimed_by is not UNSET:
            field_dict["claimed_by"] = claimed_by
        if claimed_at is not UNSET:
            field_dict["claimed_at"] = claimed_at
        if cancelled_at is not UNSET:
            field_dict["cancelled_at"] = cancelled_at
        if timeout_at is not UNSET:
            field_dict["timeout_at"] = timeout_at
        if created_at is not UNSET:
            field_dict["created_at"] = created_at
        if asked_by is not UNSET:
            field_dict["asked_by"] = asked_by
        if self_approved is not UNSET:
            field_dict["self_approved"] = self_approved

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        loop_id = d.pop("loop_id", UNSET)

        _status = d.pop("status", UNSET)
        status: RequestStatus | Unset
        if isinstance(_status, Unset):
            status = UNSET
        else:
            status = RequestStatus(_status)

        _previous_status = d.pop("previous_status", UNSET)
        previous_status: RequestStatus | Unset
        if isinstance(_previous_status, Unset):
            previous_status = UNSET
        else:
            previous_status = RequestStatus(_previous_status)

        _processing_type = d.pop("processing_type", UNSET)
        processing_type: ProcessingType | Unset
        if isinstance(_processing_type, Unset):
            processing_type = UNSET
        else:
            processing_type = ProcessingType(_processing_type)

        _type_ = d.pop("type", UNSET)
        type_: RequestType | Unset
        if isinstance(_type_, Unset):
            type_ = UNSET
        else:
            type_ = RequestType(_type_)

        _priority = d.pop("priority", UNSET)
        priority: RequestPriority | Unset
        if isinstance(_priority, Unset):
            priority = UNSET
        else:
            priority = RequestPriority(_priority)

        request_text = d.pop("request_text", UNSET)

        _response_type = d.pop("response_type", UNSET)
        response_type: ResponseType | Unset
        if isinstance(_response_type, Unset):
            response_type = UNSET
        else:
            response_type = ResponseType(_response_type)

        response_data = d.pop("response_data", UNSET)

        default_response = d.pop("default_response", UNSET)

        def _parse_response_by(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        response_by = _parse_response_by(d.pop("response_by", UNSET))

        def _parse_response_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                from ..types import read_datetime

                response_at_type_0 = read_datetime(data)

                return response_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        response_at = _parse_response_at(d.pop("response_at", UNSET))

        def _parse_response_time_seconds(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        response_time_seconds = _parse_response_time_seconds(d.pop("response_time_seconds", UNSET))

        def _parse_claimed_by(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        claimed_by = _parse_claimed_by(d.pop("claimed_by", UNSET))

        def _parse_claimed_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                from ..types import read_datetime

                claimed_at_type_0 = read_datetime(data)

                return claimed_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        claimed_at = _parse_claimed_at(d.pop("claimed_at", UNSET))

        def _parse_cancelled_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                from ..types import read_datetime

                cancelled_at_type_0 = read_datetime(data)

                return cancelled_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        cancelled_at = _parse_cancelled_at(d.pop("cancelled_at", UNSET))

        def _parse_timeout_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                from ..types import read_datetime

                timeout_at_type_0 = read_datetime(data)

                return timeout_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        timeout_at = _parse_timeout_at(d.pop("timeout_at", UNSET))

        from ..types import read_datetime

        _created_at = d.pop("created_at", UNSET)
        created_at: datetime.datetime | Unset
        if isinstance(_created_at, Unset):
            created_at = UNSET
        else:
            created_at = read_datetime(_created_at)

        asked_by = d.pop("asked_by", UNSET)

        def _parse_self_approved(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        self_approved = _parse_self_approved(d.pop("self_approved", UNSET))

        request_summary = cls(
            id=id,
            loop_id=loop_id,
            status=status,
            previous_status=previous_status,
            processing_type=processing_type,
            type_=type_,
            priority=priority,
            request_text=request_text,
            response_type=response_type,
            response_data=response_data,
            default_response=default_response,
            response_by=response_by,
            response_at=response_at,
            response_time_seconds=response_time_seconds,
            claimed_by=claimed_by,
            claimed_at=claimed_at,
            cancelled_at=cancelled_at,
            timeout_at=timeout_at,
            created_at=created_at,
            asked_by=asked_by,
            self_approved=self_approved,
        )

        request_summary.additional_properties = d
        return request_summary

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
