from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="BroadcastRecipient")


@_attrs_define
class BroadcastRecipient:
    """A member who was asked."""

    user_id: str
    """ The id of the person. """
    email: str
    """ The person's address. """
    role: str
    """ The person's role in the loop. """
    notification_sent: bool
    """ Whether the notification was sent. """
    notification_error: None | str | Unset = UNSET
    """ Why it was not, if it was not. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        user_id = self.user_id

        email = self.email

        role = self.role

        notification_sent = self.notification_sent

        notification_error: None | str | Unset
        if isinstance(self.notification_error, Unset):
            notification_error = UNSET
        else:
            notification_error = self.notification_error

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "user_id": user_id,
                "email": email,
                "role": role,
                "notification_sent": notification_sent,
            }
        )
        if notification_error is not UNSET:
            field_dict["notification_error"] = notification_error

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        user_id = d.pop("user_id")

        email = d.pop("email")

        role = d.pop("role")

        notification_sent = d.pop("notification_sent")

        def _parse_notification_error(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        notification_error = _parse_notification_error(d.pop("notification_error", UNSET))

        broadcast_recipient = cls(
            user_id=user_id,
            email=email,
            role=role,
            notification_sent=notification_sent,
            notification_error=notification_error,
        )

        broadcast_recipient.additional_properties = d
        return broadcast_recipient

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
