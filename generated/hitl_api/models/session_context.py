from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="SessionContext")


@_attrs_define
class SessionContext:
    """What a session is about, for its reviewers."""

    repo: str | Unset = UNSET
    """ The repository, as an address or a path. """
    branch: str | Unset = UNSET
    """ Its branch. """
    commit: str | Unset = UNSET
    """ Its commit, as a short hash. """
    task: str | Unset = UNSET
    """ What the agent is to do. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        repo = self.repo

        branch = self.branch

        commit = self.commit

        task = self.task

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if repo is not UNSET:
            field_dict["repo"] = repo
        if branch is not UNSET:
            field_dict["branch"] = branch
        if commit is not UNSET:
            field_dict["commit"] = commit
        if task is not UNSET:
            field_dict["task"] = task

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        repo = d.pop("repo", UNSET)

        branch = d.pop("branch", UNSET)

        commit = d.pop("commit", UNSET)

        task = d.pop("task", UNSET)

        session_context = cls(
            repo=repo,
            branch=branch,
            commit=commit,
            task=task,
        )

        session_context.additional_properties = d
        return session_context

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
