from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="ReviewConsumption")


@_attrs_define
class ReviewConsumption:
    """Who uses an approval, and for what."""

    claim: str
    """ The name of one run, which nobody else has. """
    call: str
    """ A digest of what will run. """

    def to_dict(self) -> dict[str, Any]:
        claim = self.claim

        call = self.call

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "claim": claim,
                "call": call,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        claim = d.pop("claim")

        call = d.pop("call")

        review_consumption = cls(
            claim=claim,
            call=call,
        )

        return review_consumption
