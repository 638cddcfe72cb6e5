from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.turn_event_type import TurnEventType
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.turn import Turn


T = TypeVar("T", bound="TurnEvent")


@_attrs_define
class TurnEvent:
    """The body of a webhook that tells of a turn; its members stand beside the event and not below `data`."""

    event: TurnEventType
    """ What can happen to a turn. """
    turn: Turn
    """ An action that an agent proposed in a session, and the decision on it. What is not known yet is missing or
    null. """
    timestamp: datetime.datetime | Unset = UNSET
    """ When it happened. """
    session_id: str | Unset = UNSET
    """ The id of the session. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        event = self.event.value

        turn = self.turn.to_dict()

        timestamp: str | Unset = UNSET
        if not isinstance(self.timestamp, Unset):
            timestamp = self.timestamp.isoformat()

        session_id = self.session_id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "event": event,
                "turn": turn,
            }
        )
        if timestamp is not UNSET:
            field_dict["timestamp"] = timestamp
        if session_id is not UNSET:
            field_dict["session_id"] = session_id

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.turn import Turn  # noqa: PLC0415

        d = dict(src_dict)
        event = TurnEventType(d.pop("event"))

        turn = Turn.from_dict(d.pop("turn"))

        from ..types import read_datetime

        _timestamp = d.pop("timestamp", UNSET)
        timestamp: datetime.datetime | Unset
        if isinstance(_timestamp, Unset):
            timestamp = UNSET
        else:
            timestamp = read_datetime(_timestamp)

        session_id = d.pop("session_id", UNSET)

        turn_event = cls(
            event=event,
            turn=turn,
            timestamp=timestamp,
            session_id=session_id,
        )

        turn_event.additional_properties = d
        return turn_event

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
