from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.webhook_delivery_status import WebhookDeliveryStatus

if TYPE_CHECKING:
    from ..models.webhook_attempt import WebhookAttempt


T = TypeVar("T", bound="WebhookDelivery")


@_attrs_define
class WebhookDelivery:
    """One event on its way to one address."""

    id: str
    """ The server's name for the delivery, the `webhook-id` of all its attempts. """
    webhook_id: None | str
    """ The subscription that asked for it; null for a callback address. """
    url: str
    """ Where it is sent. """
    event: str
    """ What happened. """
    subject_id: str
    """ What it happened to, such as the id of a review. """
    payload: Any
    """ The body, as an object. """
    status: WebhookDeliveryStatus
    """ `pending` until an attempt succeeds (`delivered`), is refused for good, or was the last (both `failed`). """
    created_at: datetime.datetime
    """ When the event happened. """
    due_at: datetime.datetime | None
    """ When the next attempt is due; null if there will be none. """
    attempts: list[WebhookAttempt]
    """ The attempts so far, the first first. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        webhook_id: None | str
        webhook_id = self.webhook_id

        url = self.url

        event = self.event

        subject_id = self.subject_id

        payload = self.payload

        status = self.status.value

        created_at = self.created_at.isoformat()

        due_at: None | str
        if isinstance(self.due_at, datetime.datetime):
            due_at = self.due_at.isoformat()
        else:
            due_at = self.due_at

        attempts = []
        for attempts_item_data in self.attempts:
            attempts_item = attempts_item_data.to_dict()
            attempts.append(attempts_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "webhook_id": webhook_id,
                "url": url,
                "event": event,
                "subject_id": subject_id,
                "payload": payload,
                "status": status,
                "created_at": created_at,
                "due_at": due_at,
                "attempts": attempts,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.webhook_attempt import WebhookAttempt  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        def _parse_webhook_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        webhook_id = _parse_webhook_id(d.pop("webhook_id"))

        url = d.pop("url")

        event = d.pop("event")

        subject_id = d.pop("subject_id")

        payload = d.pop("payload")

        status = WebhookDeliveryStatus(d.pop("status"))

        from ..types import read_datetime

        created_at = read_datetime(d.pop("created_at"))

        def _parse_due_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                from ..types import read_datetime

                due_at_type_0 = read_datetime(data)

                return due_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        due_at = _parse_due_at(d.pop("due_at"))

        attempts = []
        _attempts = d.pop("attempts")
        for attempts_item_data in _attempts:
            attempts_item = WebhookAttempt.from_dict(attempts_item_data)

            attempts.append(attempts_item)

        webhook_delivery = cls(
            id=id,
            webhook_id=webhook_id,
            url=url,
            event=event,
            subject_id=subject_id,
            payload=payload,
            status=status,
            created_at=created_at,
            due_at=due_at,
            attempts=attempts,
        )

        webhook_delivery.additional_properties = d
        return webhook_delivery

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
