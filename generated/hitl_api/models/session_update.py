from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.session_context import SessionContext


T = TypeVar("T", bound="SessionUpdate")


@_attrs_define
class SessionUpdate:
    """What is to be changed in a session; at least one field."""

    context: SessionContext | Unset = UNSET
    """ What a session is about, for its reviewers. """
    reviewer_id: str | Unset = UNSET
    """ The id of the person who is to answer; empty for nobody in particular. """

    def to_dict(self) -> dict[str, Any]:
        context: dict[str, Any] | Unset = UNSET
        if not isinstance(self.context, Unset):
            context = self.context.to_dict()

        reviewer_id = self.reviewer_id

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if context is not UNSET:
            field_dict["context"] = context
        if reviewer_id is not UNSET:
            field_dict["reviewer_id"] = reviewer_id

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.session_context import SessionContext  # noqa: PLC0415

        d = dict(src_dict)
        _context = d.pop("context", UNSET)
        context: SessionContext | Unset
        if isinstance(_context, Unset):
            context = UNSET
        else:
            context = SessionContext.from_dict(_context)

        reviewer_id = d.pop("reviewer_id", UNSET)

        session_update = cls(
            context=context,
            reviewer_id=reviewer_id,
        )

        return session_update
