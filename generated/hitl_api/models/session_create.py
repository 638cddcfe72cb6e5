from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

from ..models.agent_type import AgentType
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.session_context import SessionContext


T = TypeVar("T", bound="SessionCreate")


@_attrs_define
class SessionCreate:
    """A session to be started."""

    agent_type: AgentType | Unset = UNSET
    """ Which coding agent works in a session; `claude` if it is not given. """
    loop_id: str | Unset = UNSET
    """ The loop whose members are asked; one is made if it is not given. """
    context: SessionContext | Unset = UNSET
    """ What a session is about, for its reviewers. """

    def to_dict(self) -> dict[str, Any]:
        agent_type: str | Unset = UNSET
        if not isinstance(self.agent_type, Unset):
            agent_type = self.agent_type.value

        loop_id = self.loop_id

        context: dict[str, Any] | Unset = UNSET
        if not isinstance(self.context, Unset):
            context = self.context.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if agent_type is not UNSET:
            field_dict["agent_type"] = agent_type
        if loop_id is not UNSET:
            field_dict["loop_id"] = loop_id
        if context is not UNSET:
            field_dict["context"] = context

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.session_context import SessionContext  # noqa: PLC0415

        d = dict(src_dict)
        _agent_type = d.pop("agent_type", UNSET)
        agent_type: AgentType | Unset
        if isinstance(_agent_type, Unset):
            agent_type = UNSET
        else:
            agent_type = AgentType(_agent_type)

        loop_id = d.pop("loop_id", UNSET)

        _context = d.pop("context", UNSET)
        context: SessionContext | Unset
        if isinstance(_context, Unset):
            context = UNSET
        else:
            context = SessionContext.from_dict(_context)

        session_create = cls(
            agent_type=agent_type,
            loop_id=loop_id,
            context=context,
        )

        return session_create
