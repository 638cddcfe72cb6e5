from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..models.subscribable_event_type import SubscribableEventType
from ..types import UNSET, Unset

T = TypeVar("T", bound="WebhookUpdate")


@_attrs_define
class WebhookUpdate:
    """What is to be changed in a subscription; at least one field."""

    url: str | Unset = UNSET
    """ Where events are sent. """
    events: list[SubscribableEventType] | Unset = UNSET
    """ The events that are sent. """
    secret: str | Unset = UNSET
    """ The new key of the signatures. """
    enabled: bool | Unset = UNSET
    """ Whether events are sent. """

    def to_dict(self) -> dict[str, Any]:
        url = self.url

        events: list[str] | Unset = UNSET
        if not isinstance(self.events, Unset):
            events = []
            for events_item_data in self.events:
                events_item = events_item_data.value
                events.append(events_item)

        secret = self.secret

        enabled = self.enabled

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if url is not UNSET:
            field_dict["url"] = url
        if events is not UNSET:
            field_dict["events"] = events
        if secret is not UNSET:
            field_dict["secret"] = secret
        if enabled is not UNSET:
            field_dict["enabled"] = enabled

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        url = d.pop("url", UNSET)

        _events = d.pop("events", UNSET)
        events: list[SubscribableEventType] | Unset = UNSET
        if _events is not UNSET:
            events = []
            for events_item_data in _events:
                events_item = SubscribableEventType(events_item_data)

                events.append(events_item)

        secret = d.pop("secret", UNSET)

        enabled = d.pop("enabled", UNSET)

        webhook_update = cls(
            url=url,
            events=events,
            secret=secret,
            enabled=enabled,
        )

        return webhook_update
