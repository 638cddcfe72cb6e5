from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.assignment_strategy import AssignmentStrategy
from ..models.self_approval import SelfApproval
from ..types import UNSET, Unset

T = TypeVar("T", bound="TemplateSettings")


@_attrs_define
class TemplateSettings:
    """How reviews made from a template are handled."""

    auto_assign: bool | Unset = UNSET
    """ Whether the server chooses reviewers. """
    assignment_strategy: AssignmentStrategy | Unset = UNSET
    """ How reviewers are chosen. """
    timeout_hours: float | Unset = UNSET
    """ After how many hours an unanswered review expires. """
    allow_reassignment: bool | Unset = UNSET
    """ Whether a review may be given to others. """
    require_comments: bool | Unset = UNSET
    """ Whether a reviewer must explain the answer. """
    approval_threshold: int | Unset = UNSET
    """ How many approvals are needed. """
    approve_effect: str | Unset = UNSET
    """ What an approval will do, to be read beside the button; `{name}` and `{name.inner}` stand for what the
    content has there. """
    reject_effect: str | Unset = UNSET
    """ What a rejection will do, as `approve_effect`. """
    timeout_effect: str | Unset = UNSET
    """ What happens if nobody answers in time, as `approve_effect`. """
    reject_reasons: list[str] | Unset = UNSET
    """ Common reasons of a rejection, which a reviewer ticks; they begin the comment. """
    key_field: str | Unset = UNSET
    """ The `name` or `name.inner` of the content that a decision is about, which is shown larger. """
    undo_seconds: float | Unset = UNSET
    """ For how long a reviewer can take back an answer to these reviews, in place of the server's own setting. """
    self_approval: SelfApproval | Unset = UNSET
    """ What becomes of the answer of a person who asked for the review. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        auto_assign = self.auto_assign

        assignment_strategy: str | Unset = UNSET
        if not isinstance(self.assignment_strategy, Unset):
            assignment_strategy = self.assignment_strategy.value

        timeout_hours = self.timeout_hours

        allow_reassignment = self.allow_reassignment

        require_comments = self.require_comments

        approval_threshold = self.approval_threshold

        approve_effect = self.approve_effect

        reject_effect = self.reject_effect

        timeout_effect = self.timeout_effect

        reject_reasons: list[str] | Unset = UNSET
        if not isinstance(self.reject_reasons, Unset):
            reject_reasons = self.reject_reasons

        key_field = self.key_field

        undo_seconds = self.undo_seconds

        self_approval: str | Unset = UNSET
        if not isinstance(self.self_approval, Unset):
            self_approval = self.self_approval.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if auto_assign is not UNSET:
            field_dict["auto_assign"] = auto_assign
        if assignment_strategy is not UNSET:
            field_dict["assignment_strategy"] = assignment_strategy
        if timeout_hours is not UNSET:
            field_dict["timeout_hours"] = timeout_hours
        if allow_reassignment is not UNSET:
            field_dict["allow_reassignment"] = allow_reassignment
        if require_comments is not UNSET:
            field_dict["require_comments"] = require_comments
        if approval_threshold is not UNSET:
            field_dict["approval_threshold"] = approval_threshold
        if approve_effect is not UNSET:
            field_dict["approve_effect"] = approve_effect
        if reject_effect is not UNSET:
            field_dict["reject_effect"] = reject_effect
        if timeout_effect is not UNSET:
            field_dict["timeout_effect"] = timeout_effect
        if reject_reasons is not UNSET:
            field_dict["reject_reasons"] = reject_reasons
        if key_field is not UNSET:
            field_dict["key_field"] = key_field
        if undo_seconds is not UNSET:
            field_dict["undo_seconds"] = undo_seconds
        if self_approval is not UNSET:
            field_dict["self_approval"] = self_approval

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        auto_assign = d.pop("auto_assign", UNSET)

        _assignment_strategy = d.pop("assignment_strategy", UNSET)
        assignment_strategy: AssignmentStrategy | Unset
        if isinstance(_assignment_strategy, Unset):
            assignment_strategy = UNSET
        else:
            assignment_strategy = AssignmentStrategy(_assignment_strategy)

        timeout_hours = d.pop("timeout_hours", UNSET)

        allow_reassignment = d.pop("allow_reassignment", UNSET)

        require_comments = d.pop("require_comments", UNSET)

        approval_threshold = d.pop("approval_threshold", UNSET)

        approve_effect = d.pop("approve_effect", UNSET)

        reject_effect = d.pop("reject_effect", UNSET)

        timeout_effect = d.pop("timeout_effect", UNSET)

        reject_reasons = cast(list[str], d.pop("reject_reasons", UNSET))

        key_field = d.pop("key_field", UNSET)

        undo_seconds = d.pop("undo_seconds", UNSET)

        _self_approval = d.pop("self_approval", UNSET)
        self_approval: SelfApproval | Unset
        if isinstance(_self_approval, Unset):
            self_approval = UNSET
        else:
            self_approval = SelfApproval(_self_approval)

        template_settings = cls(
            auto_assign=auto_assign,
            assignment_strategy=assignment_strategy,
            timeout_hours=timeout_hours,
            allow_reassignment=allow_reassignment,
            require_comments=require_comments,
            approval_threshold=approval_threshold,
            approve_effect=approve_effect,
            reject_effect=reject_effect,
            timeout_effect=timeout_effect,
            reject_reasons=reject_reasons,
            key_field=key_field,
            undo_seconds=undo_seconds,
            self_approval=self_approval,
        )

        template_settings.additional_properties = d
        return template_settings

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
