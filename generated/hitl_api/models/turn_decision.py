from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..models.human_decision import HumanDecision
from ..types import UNSET, Unset

T = TypeVar("T", bound="TurnDecision")


@_attrs_define
class TurnDecision:
    """A decision to be recorded."""

    decision: HumanDecision
    """ What a person decided on an action. Only `approve` allows it as it was proposed. """
    comment: str | Unset = UNSET
    """ The person's remark. """

    def to_dict(self) -> dict[str, Any]:
        decision = self.decision.value

        comment = self.comment

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "decision": decision,
            }
        )
        if comment is not UNSET:
            field_dict["comment"] = comment

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        decision = HumanDecision(d.pop("decision"))

        comment = d.pop("comment", UNSET)

        turn_decision = cls(
            decision=decision,
            comment=comment,
        )

        return turn_decision
