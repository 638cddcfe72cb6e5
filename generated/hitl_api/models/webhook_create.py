from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..models.subscribable_event_type import SubscribableEventType
from ..types import UNSET, Unset

T = TypeVar("T", bound="WebhookCreate")


@_attrs_define
class WebhookCreate:
    """A subscription to be made."""

    url: str
    """ Where events are sent; HTTPS outside of development. """
    events: list[SubscribableEventType]
    """ The events that are sent. """
    secret: str | Unset = UNSET
    """ The key of the signatures. The server makes one up if it is not given. """
    enabled: bool | Unset = UNSET
    """ Whether events are sent; they are if it is not given. """

    def to_dict(self) -> dict[str, Any]:
        url = self.url

        events = []
        for events_item_data in self.events:
            events_item = events_item_data.value
            events.append(events_item)

        secret = self.secret

        enabled = self.enabled

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "url": url,
                "events": events,
            }
        )
        if secret is not UNSET:
            field_dict["secret"] = secret
        if enabled is not UNSET:
            field_dict["enabled"] = enabled

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        url = d.pop("url")

        events = []
        _events = d.pop("events")
        for events_item_data in _events:
            events_item = SubscribableEventType(events_item_data)

            events.append(events_item)

        secret = d.pop("secret", UNSET)

        enabled = d.pop("enabled", UNSET)

        webhook_create = cls(
            url=url,
            events=events,
            secret=secret,
            enabled=enabled,
        )

        return webhook_create
