from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.action_type import ActionType
from ..models.human_decision import HumanDecision
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.turn_action import TurnAction


T = TypeVar("T", bound="Turn")


@_attrs_define
class Turn:
    """An action that an agent proposed in a session, and the decision on it. What is not known yet is missing or null."""

    id: str
    """ The id of the turn. """
    session_id: str | Unset = UNSET
    """ The session that it belongs to. """
    turn_number: int | Unset = UNSET
    """ Which one it is in its session, from 1. """
    request_id: None | str | Unset = UNSET
    """ The request that the members of the loop see. """
    action_type: ActionType | Unset = UNSET
    """ What kind of action is proposed. """
    agent_prompt: None | str | Unset = UNSET
    """ The action in words. """
    proposed_tool: None | str | Unset = UNSET
    """ The tool that the agent wants to call. """
    proposed_args: Any | Unset = UNSET
    """ The arguments of the call, as an object or null. """
    human_decision: HumanDecision | None | Unset = UNSET
    """ What the person decided; null or missing until then. One of `HumanDecision`, or a word that the server adds
    later. """
    human_comment: None | str | Unset = UNSET
    """ The person's remark. """
    action_taken: None | TurnAction | Unset = UNSET
    """ What happened when the action was run. """
    files_modified: list[str] | None | Unset = UNSET
    """ The paths of the files that it changed. """
    created_at: datetime.datetime | Unset = UNSET
    """ When the action was proposed. """
    erased: bool | Unset = UNSET
    """ True once the server has erased what was proposed, said and done; the decision stays. Missing before. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.turn_action import TurnAction  # noqa: PLC0415

        id = self.id

        session_id = self.session_id

        turn_number = self.turn_number

        request_id: None | str | Unset
        if isinstance(self.request_id, Unset):
            request_id = UNSET
        else:
            request_id = self.request_id

        action_type: str | Unset = UNSET
        if not isinstance(self.action_type, Unset):
            action_type = self.action_type.value

        agent_prompt: None | str | Unset
        if isinstance(self.agent_prompt, Unset):
            agent_prompt = UNSET
        else:
            agent_prompt = self.agent_prompt

        proposed_tool: None | str | Unset
        if isinstance(self.proposed_tool, Unset):
            proposed_tool = UNSET
        else:
            proposed_tool = self.proposed_tool

        proposed_args = self.proposed_args

        human_decision: None | str | Unset
        if isinstance(self.human_decision, Unset):
            human_decision = UNSET
        elif isinstance(self.human_decision, HumanDecision):
            human_decision = self.human_decision.value
        else:
            human_decision = self.human_decision

        human_comment: None | str | Unset
        if isinstance(self.human_comment, Unset):
            human_comment = UNSET
        else:
            human_comment = self.human_comment

        action_taken: dict[str, Any] | None | Unset
        if isinstance(self.action_taken, Unset):
            action_taken = UNSET
        elif isinstance(self.action_taken, TurnAction):
            action_taken = self.action_taken.to_dict()
        else:
            action_taken = self.action_taken

        files_modified: list[str] | None | Unset
        if isinstance(self.files_modified, Unset):
            files_modified = UNSET
        elif isinstance(self.files_modified, list):
            files_modified = self.files_modified

        else:
            files_modified = self.files_modified

        created_at: str | Unset = UNSET
        if not isinstance(self.created_at, Unset):
            created_at = self.created_at.isoformat()

        erased = self.erased

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
            }
        )
        if session_id is not UNSET:
            field_dict["session_id"] = session_id
        if turn_number is not UNSET:
            field_dict["turn_number"] = turn_number
        if request_id is not UNSET:
            field_dict["request_id"] = request_id
        if action_type is not UNSET:
            field_dict["action_type"] = action_type
        if agent_prompt is not UNSET:
            field_dict["agent_prompt"] = agent_prompt
        if proposed_tool is not UNSET:
            field_dict["proposed_tool"] = proposed_tool
        if proposed_args is not UNSET:
            field_dict["proposed_args"] = proposed_args
        if human_decision is not UNSET:
            field_dict["human_decision"] = human_decision
        if human_comment is not UNSET:
            field_dict["human_comment"] = human_comment
        if action_taken is not UNSET:
            field_dict["action_taken"] = action_taken
        if files_modified is not UNSET:
            field_dict["files_modified"] = files_modified
        if created_at is not UNSET:
            field_dict["created_at"] = created_at
        if erased is not UNSET:
            field_dict["erased"] = erased

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.turn_action import TurnAction  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        session_id = d.pop("session_id", UNSET)

        turn_number = d.pop("turn_number", UNSET)

        def _parse_request_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        request_id = _parse_request_id(d.pop("request_id", UNSET))

        _action_type = d.pop("action_type", UNSET)
        action_type: ActionType | Unset
        if isinstance(_action_type, Unset):
            action_type = UNSET
        else:
            action_type = ActionType(_action_type)

        def _parse_agent_prompt(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        agent_prompt = _parse_agent_prompt(d.pop("agent_prompt", UNSET))

        def _parse_proposed_tool(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        proposed_tool = _parse_proposed_tool(d.pop("proposed_tool", UNSET))

        proposed_args = d.pop("proposed_args", UNSET)

        def _parse_human_decision(data: object) -> HumanDecision | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                human_decision_type_0 = HumanDecision(data)

                return human_decision_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(HumanDecision | None | Unset, data)

        human_decision = _parse_human_decision(d.pop("human_decision", UNSET))

        def _parse_human_comment(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        human_comment = _parse_human_comment(d.pop("human_comment", UNSET))

        def _parse_action_taken(data: object) -> None | TurnAction | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                action_taken_type_0 = TurnAction.from_dict(data)

                return action_taken_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | TurnAction | Unset, data)

        action_taken = _parse_action_taken(d.pop("action_taken", UNSET))

        def _parse_files_modified(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                files_modified_type_0 = cast(list[str], data)

                return files_modified_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        files_modified = _parse_files_modified(d.pop("files_modified", UNSET))

        from ..types import read_datetime

        _created_at = d.pop("created_at", UNSET)
        created_at: datetime.datetime | Unset
        if isinstance(_created_at, Unset):
            created_at = UNSET
        else:
            created_at = read_datetime(_created_at)

        erased = d.pop("erased", UNSET)

        turn = cls(
            id=id,
            session_id=session_id,
            turn_number=turn_number,
            request_id=request_id,
            action_type=action_type,
            agent_prompt=agent_prompt,
            proposed_tool=proposed_tool,
            proposed_args=proposed_args,
            human_decision=human_decision,
            human_comment=human_comment,
            action_taken=action_taken,
            files_modified=files_modified,
            created_at=created_at,
            erased=erased,
        )

        turn.additional_properties = d
        return turn

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
