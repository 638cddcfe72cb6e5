from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.request_event_type import RequestEventType
from ..models.request_status import RequestStatus
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.responder import Responder


T = TypeVar("T", bound="RequestCallback")


@_attrs_define
class RequestCallback:
    """The body of the call to a request's `callback_url`. It is not signed."""

    event: RequestEventType
    """ What can happen to a request. """
    request_id: str
    """ The id of the request. """
    status: RequestStatus
    """ Where a request stands. `completed`, `timeout` and `cancelled` are final. `claimed` is no longer promised by
    the documentation, but may appear. """
    loop_id: str | Unset = UNSET
    """ The id of the loop. """
    response_data: Any | Unset = UNSET
    """ The answer, bare or wrapped as in a request. Null if there is none; the default answer is then yours to
    apply. """
    response_by: None | Responder | Unset = UNSET
    """ The person who answered. The documentation says `response_by`, some receivers see `response_by_user`. """
    response_by_user: None | Responder | Unset = UNSET
    """ The person who answered. The documentation says `response_by`, some receivers see `response_by_user`. """
    response_at: datetime.datetime | None | Unset = UNSET
    """ When the answer was given. """
    response_time_seconds: float | None | Unset = UNSET
    """ How many seconds the answer took. """
    created_at: datetime.datetime | None | Unset = UNSET
    """ When the request was created. """
    timestamp: datetime.datetime | Unset = UNSET
    """ When the call was made. """
    asked_by: Any | Unset = UNSET
    """ Who asked, as `{key_id, key_name, person_id, claimed}`: the API key, its owner, and the address in whose
    name the program says that it asks. Missing where keys have no names. """
    self_approved: bool | None | Unset = UNSET
    """ True if the person who asked has given the answer; otherwise null or missing. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.responder import Responder  # noqa: PLC0415

        event = self.event.value

        request_id = self.request_id

        status = self.status.value

        loop_id = self.loop_id

        response_data = self.response_data

        response_by: dict[str, Any] | None | Unset
        if isinstance(self.response_by, Unset):
            response_by = UNSET
        elif isinstance(self.response_by, Responder):
            response_by = self.response_by.to_dict()
        else:
            response_by = self.response_by

        response_by_user: dict[str, Any] | None | Unset
        if isinstance(self.response_by_user, Unset):
            response_by_user = UNSET
        elif isinstance(self.response_by_user, Responder):
            response_by_user = self.response_by_user.to_dict()
        else:
            response_by_user = self.response_by_user

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

        created_at: None | str | Unset
        if isinstance(self.created_at, Unset):
            created_at = UNSET
        elif isinstance(self.created_at, datetime.datetime):
            created_at = self.created_at.isoformat()
        else:
            created_at = self.created_at

        timestamp: str | Unset = UNSET
        if not isinstance(self.timestamp, Unset):
            timestamp = self.timestamp.isoformat()

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
                "event": event,
                "request_id": request_id,
                "status": status,
            }
        )
        if loop_id is not UNSET:
            field_dict["loop_id"] = loop_id
        if response_data is not UNSET:
            field_dict["response_data"] = response_data
        if response_by is not UNSET:
            field_dict["response_by"] = response_by
        if response_by_user is not UNSET:
            field_dict["response_by_user"] = response_by_user
        if response_at is not UNSET:
            field_dict["response_at"] = response_at
        if response_time_seconds is not UNSET:
            field_dict["response_time_seconds"] = response_time_seconds
        if created_at is not UNSET:
            field_dict["created_at"] = created_at
        if timestamp is not UNSET:
            field_dict["timestamp"] = timestamp
        if asked_by is not UNSET:
            field_dict["asked_by"] = asked_by
        if self_approved is not UNSET:
            field_dict["self_approved"] = self_approved

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.responder import Responder  # noqa: PLC0415

        d = dict(src_dict)
        event = RequestEventType(d.pop("event"))

        request_id = d.pop("request_id")

        status = RequestStatus(d.pop("status"))

        loop_id = d.pop("loop_id", UNSET)

        response_data = d.pop("response_data", UNSET)

        def _parse_response_by(data: object) -> None | Responder | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                response_by_type_0 = Responder.from_dict(data)

                return response_by_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Responder | Unset, data)

        response_by = _parse_response_by(d.pop("response_by", UNSET))

        def _parse_response_by_user(data: object) -> None | Responder | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                response_by_user_type_0 = Responder.from_dict(data)

                return response_by_user_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Responder | Unset, data)

        response_by_user = _parse_response_by_user(d.pop("response_by_user", UNSET))

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

        def _parse_created_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                from ..types import read_datetime

                created_at_type_0 = read_datetime(data)

                return created_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        created_at = _parse_created_at(d.pop("created_at", UNSET))

        from ..types import read_datetime

        _timestamp = d.pop("timestamp", UNSET)
        timestamp: datetime.datetime | Unset
        if isinstance(_timestamp, Unset):
            timestamp = UNSET
        else:
            timestamp = read_datetime(_timestamp)

        asked_by = d.pop("asked_by", UNSET)

        def _parse_self_approved(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        self_approved = _parse_self_approved(d.pop("self_approved", UNSET))

        request_callback = cls(
            event=event,
            request_id=request_id,
            status=status,
            loop_id=loop_id,
            response_data=response_data,
            response_by=response_by,
            response_by_user=response_by_user,
            response_at=response_at,
            response_time_seconds=response_time_seconds,
            created_at=created_at,
            timestamp=timestamp,
            asked_by=asked_by,
            self_approved=self_approved,
        )

        request_callback.additional_properties = d
        return request_callback

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
