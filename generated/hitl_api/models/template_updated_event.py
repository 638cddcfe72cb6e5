from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.webhook_event_type import WebhookEventType
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.template_summary import TemplateSummary


T = TypeVar("T", bound="TemplateUpdatedEvent")


@_attrs_define
class TemplateUpdatedEvent:
    """The body of a webhook that tells of a changed template."""

    event: WebhookEventType
    """ What can happen. A reviewer's "no" arrives as `review.completed`, too; there are no events for rejection and
    expiry. """
    template: TemplateSummary
    """ As much of a template as an event carries. """
    timestamp: datetime.datetime | Unset = UNSET
    """ When it happened. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        event = self.event.value

        template = self.template.to_dict()

        timestamp: str | Unset = UNSET
        if not isinstance(self.timestamp, Unset):
            timestamp = self.timestamp.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "event": event,
                "template": template,
            }
        )
        if timestamp is not UNSET:
            field_dict["timestamp"] = timestamp

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.template_summary import TemplateSummary  # noqa: PLC0415

        d = dict(src_dict)
        event = WebhookEventType(d.pop("event"))

        template = TemplateSummary.from_dict(d.pop("template"))

        from ..types import read_datetime

        _timestamp = d.pop("timestamp", UNSET)
        timestamp: datetime.datetime | Unset
        if isinstance(_timestamp, Unset):
            timestamp = UNSET
        else:
            timestamp = read_datetime(_timestamp)

        template_updated_event = cls(
            event=event,
            template=template,
            timestamp=timestamp,
        )

        template_updated_event.additional_properties = d
        return template_updated_event

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
