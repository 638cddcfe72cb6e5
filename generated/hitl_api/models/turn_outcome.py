from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.turn_action import TurnAction


T = TypeVar("T", bound="TurnOutcome")


@_attrs_define
class TurnOutcome:
    """What came of a turn."""

    action: TurnAction
    """ What happened when an approved action was run. """
    files_modified: list[str] | Unset = UNSET
    """ The paths of the files that it changed. """

    def to_dict(self) -> dict[str, Any]:
        action = self.action.to_dict()

        files_modified: list[str] | Unset = UNSET
        if not isinstance(self.files_modified, Unset):
            files_modified = self.files_modified

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "action": action,
            }
        )
        if files_modified is not UNSET:
            field_dict["files_modified"] = files_modified

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.turn_action import TurnAction  # noqa: PLC0415

        d = dict(src_dict)
        action = TurnAction.from_dict(d.pop("action"))

        files_modified = cast(list[str], d.pop("files_modified", UNSET))

        turn_outcome = cls(
            action=action,
            files_modified=files_modified,
        )

        return turn_outcome
