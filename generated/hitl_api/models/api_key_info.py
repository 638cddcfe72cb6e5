from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.account_status import AccountStatus
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.monthly_quota import MonthlyQuota
    from ..models.rate_limit_info import RateLimitInfo


T = TypeVar("T", bound="ApiKeyInfo")


@_attrs_define
class ApiKeyInfo:
    """Whose API key it is and what it may do."""

    api_key_id: str
    """ The id of the API key. """
    user_id: str
    """ The id of its owner. """
    email: str
    """ The address of its owner. """
    account_status: AccountStatus
    """ Whether an account may use the API. One page says suspended where a later one says inactive. """
    rate_limit: RateLimitInfo | Unset = UNSET
    """ The rate limit of an API key. """
    permissions: list[str] | Unset = UNSET
    """ What the key may do; known are `loops:read`, `loops:write`, `requests:read` and `requests:write`. """
    monthly_quota: MonthlyQuota | Unset = UNSET
    """ The responses of people that the account's plan allows in a calendar month. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        api_key_id = self.api_key_id

        user_id = self.user_id

        email = self.email

        account_status = self.account_status.value

        rate_limit: dict[str, Any] | Unset = UNSET
        if not isinstance(self.rate_limit, Unset):
            rate_limit = self.rate_limit.to_dict()

        permissions: list[str] | Unset = UNSET
        if not isinstance(self.permissions, Unset):
            permissions = self.permissions

        monthly_quota: dict[str, Any] | Unset = UNSET
        if not isinstance(self.monthly_quota, Unset):
            monthly_quota = self.monthly_quota.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "api_key_id": api_key_id,
                "user_id": user_id,
                "email": email,
                "account_status": account_status,
            }
        )
        if rate_limit is not UNSET:
            field_dict["rate_limit"] = rate_limit
        if permissions is not UNSET:
            field_dict["permissions"] = permissions
        if monthly_quota is not UNSET:
            field_dict["monthly_quota"] = monthly_quota

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.monthly_quota import MonthlyQuota  # noqa: PLC0415
        from ..models.rate_limit_info import RateLimitInfo  # noqa: PLC0415

        d = dict(src_dict)
        api_key_id = d.pop("api_key_id")

        user_id = d.pop("user_id")

        email = d.pop("email")

        account_status = AccountStatus(d.pop("account_status"))

        _rate_limit = d.pop("rate_limit", UNSET)
        rate_limit: RateLimitInfo | Unset
        if isinstance(_rate_limit, Unset):
            rate_limit = UNSET
        else:
            rate_limit = RateLimitInfo.from_dict(_rate_limit)

        permissions = cast(list[str], d.pop("permissions", UNSET))

        _monthly_quota = d.pop("monthly_quota", UNSET)
        monthly_quota: MonthlyQuota | Unset
        if isinstance(_monthly_quota, Unset):
            monthly_quota = UNSET
        else:
            monthly_quota = MonthlyQuota.from_dict(_monthly_quota)

        api_key_info = cls(
            api_key_id=api_key_id,
            user_id=user_id,
            email=email,
            account_status=account_status,
            rate_limit=rate_limit,
            permissions=permissions,
            monthly_quota=monthly_quota,
        )

        api_key_info.additional_properties = d
        return api_key_info

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
