from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.agent_type import AgentType
from ..models.session_status import SessionStatus
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.session_context import SessionContext


T = TypeVar("T", bound="Session")


@_attrs_define
class Session:
    """One run of a coding agent."""

    id: str
    """ The id of the session. """
    status: SessionStatus
    """ Where a session stands. `completed` and `abandoned` are final; a session is abandoned after 24 hours without
    a turn, and deleted 30 days later. """
    agent_type: AgentType | Unset = UNSET
    """ Which coding agent works in a session; `claude` if it is not given. """
    loop_id: None | str | Unset = UNSET
    """ The loop whose members are asked. """
    context: None | SessionContext | Unset = UNSET
    """ What the session is about. """
    turn_count: int | Unset = UNSET
    """ How many actions were proposed. """
    reviewer_id: None | str | Unset = UNSET
    """ The id of the person who is to answer. """
    created_at: datetime.datetime | Unset = UNSET
    """ When the session was started. """
    updated_at: datetime.datetime | Unset = UNSET
    """ When it last changed. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.session_context import SessionContext  # noqa: PLC0415

        id = self.id

        status = self.status.value

        agent_type: str | Unset = UNSET
        if not isinstance(self.agent_type, Unset):
            agent_type = self.agent_type.value

        loop_id: None | str | Unset
        if isinstance(self.loop_id, Unset):
            loop_id = UNSET
        else:
            loop_id = self.loop_id

        context: dict[str, Any] | None | Unset
        if isinstance(self.context, Unset):
            context = UNSET
        elif isinstance(self.context, SessionContext):
            context = self.context.to_dict()
        else:
            context = self.context

        turn_count = self.turn_count

        reviewer_id: None | str | Unset
        if isinstance(self.reviewer_id, Unset):
            reviewer_id = UNSET
        else:
            reviewer_id = self.reviewer_id

        created_at: str | Unset = UNSET
        if not isinstance(self.created_at, Unset):
            created_at = self.created_at.isoformat()

        updated_at: str | Unset = UNSET
        if not isinstance(self.updated_at, Unset):
            updated_at = self.updated_at.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "status": status,
            }
        )
        if agent_type is not UNSET:
            field_dict["agent_type"] = agent_type
        if loop_id is not UNSET:
            field_dict["loop_id"] = loop_id
        if context is not UNSET:
            field_dict["context"] = context
        if turn_count is not UNSET:
            field_dict["turn_count"] = turn_count
        if reviewer_id is not UNSET:
            field_dict["reviewer_id"] = reviewer_id
        if created_at is not UNSET:
            field_dict["created_at"] = created_at
        if updated_at is not UNSET:
            field_dict["updated_at"] = updated_at

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.session_context import SessionContext  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        status = SessionStatus(d.pop("status"))

        _agent_type = d.pop("agent_type", UNSET)
        agent_type: AgentType | Unset
        if isinstance(_agent_type, Unset):
            agent_type = UNSET
        else:
            agent_type = AgentType(_agent_type)

        def _parse_loop_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        loop_id = _parse_loop_id(d.pop("loop_id", UNSET))

        def _parse_context(data: object) -> None | SessionContext | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                context_type_0 = SessionContext.from_dict(data)

                return context_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | SessionContext | Unset, data)

        context = _parse_context(d.pop("context", UNSET))

        turn_count = d.pop("turn_count", UNSET)

        def _parse_reviewer_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        reviewer_id = _parse_reviewer_id(d.pop("reviewer_id", UNSET))

        from ..types import read_datetime

        _created_at = d.pop("created_at", UNSET)
        created_at: datetime.datetime | Unset
        if isinstance(_created_at, Unset):
            created_at = UNSET
        else:
            created_at = read_datetime(_created_at)

        from ..types import read_datetime

        _updated_at = d.pop("updated_at", UNSET)
        updated_at: datetime.datetime | Unset
        if isinstance(_updated_at, Unset):
            updated_at = UNSET
        else:
            updated_at = read_datetime(_updated_at)

        session = cls(
            id=id,
            status=status,
            agent_type=agent_type,
            loop_id=loop_id,
            context=context,
            turn_count=turn_count,
            reviewer_id=reviewer_id,
            created_at=created_at,
            updated_at=updated_at,
        )

        session.additional_properties = d
        return session

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
