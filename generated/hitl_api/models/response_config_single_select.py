from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.select_option import SelectOption


T = TypeVar("T", bound="ResponseConfigSingleSelect")


@_attrs_define
class ResponseConfigSingleSelect:
    """For `single_select`."""

    options: list[SelectOption | str]
    """ The choices. """
    required: bool | Unset = UNSET
    """ Whether a choice must be made. """
    allow_other: bool | Unset = UNSET
    """ Whether another answer may be typed in. """
    randomize_order: bool | Unset = UNSET
    """ Whether the choices are shuffled. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.select_option import SelectOption  # noqa: PLC0415

        options = []
        for options_item_data in self.options:
            options_item: dict[str, Any] | str
            if isinstance(options_item_data, SelectOption):
                options_item = options_item_data.to_dict()
            else:
                options_item = options_item_data
            options.append(options_item)

        required = self.required

        allow_other = self.allow_other

        randomize_order = self.randomize_order

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "options": options,
            }
        )
        if required is not UNSET:
            field_dict["required"] = required
        if allow_other is not UNSET:
            field_dict["allow_other"] = allow_other
        if randomize_order is not UNSET:
            field_dict["randomize_order"] = randomize_order

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.select_option import SelectOption  # noqa: PLC0415

        d = dict(src_dict)
        options = []
        _options = d.pop("options")
        for options_item_data in _options:

            def _parse_options_item(data: object) -> SelectOption | str:
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    options_item_type_1 = SelectOption.from_dict(data)

                    return options_item_type_1
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                return cast(SelectOption | str, data)

            options_item = _parse_options_item(options_item_data)

            options.append(options_item)

        required = d.pop("required", UNSET)

        allow_other = d.pop("allow_other", UNSET)

        randomize_order = d.pop("randomize_order", UNSET)

        response_config_single_select = cls(
            options=options,
            required=required,
            allow_other=allow_other,
            randomize_order=randomize_order,
        )

        response_config_single_select.additional_properties = d
        return response_config_single_select

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
