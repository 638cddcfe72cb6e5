from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..models.action_type import ActionType
from ..types import UNSET, Unset

T = TypeVar("T", bound="TurnCreate")


@_attrs_define
class TurnCreate:
    """An action to be proposed."""

    action_type: ActionType
    """ What kind of action is proposed. """
    agent_prompt: str | Unset = UNSET
    """ The action in words. """
    proposed_tool: str | Unset = UNSET
    """ The tool that the agent wants to call. """
    proposed_args: Any | Unset = UNSET
    """ The arguments of the call, as an object. """

    def to_dict(self) -> dict[str, Any]:
        action_type = self.action_type.value

        agent_prompt = self.agent_prompt

        proposed_tool = self.proposed_tool

        proposed_args = self.proposed_args

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "action_type": action_type,
            }
        )
        if agent_prompt is not UNSET:
            field_dict["agent_prompt"] = agent_prompt
        if proposed_tool is not UNSET:
            field_dict["proposed_tool"] = proposed_tool
        if proposed_args is not UNSET:
            field_dict["proposed_args"] = proposed_args

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        action_type = ActionType(d.pop("action_type"))

        agent_prompt = d.pop("agent_prompt", UNSET)

        proposed_tool = d.pop("proposed_tool", UNSET)

        proposed_args = d.pop("proposed_args", UNSET)

        turn_create = cls(
            action_type=action_type,
            agent_prompt=agent_prompt,
            proposed_tool=proposed_tool,
            proposed_args=proposed_args,
        )

        return turn_create
