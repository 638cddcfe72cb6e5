from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.field_type import FieldType
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.field_conditional import FieldConditional
    from ..models.field_option import FieldOption
    from ..models.field_validation import FieldValidation


T = TypeVar("T", bound="TemplateField")


@_attrs_define
class TemplateField:
    """One field of a form. Which of the optional attributes apply depends on `type`."""

    name: str
    """ The field's key in the content and in the result. """
    type_: FieldType
    """ What a field of a form is. Three kinds only show something, and two of those may let the reviewer edit it.
    The others ask for input. `number` and `integer` are additions of the sandbox, which other servers may refuse.
    """
    label: str | Unset = UNSET
    """ What the reviewer reads above the field. """
    required: bool | Unset = UNSET
    """ Whether the reviewer must fill it in. A field that does not say so is optional. """
    placeholder: str | Unset = UNSET
    """ The hint in an empty text field. """
    default_value: Any | Unset = UNSET
    """ The value at the start, any JSON value. """
    conditional: FieldConditional | Unset = UNSET
    """ A field is shown only if another field has a certain value. """
    validation: FieldValidation | Unset = UNSET
    """ A rule for what is entered into one field. """
    max_length: int | Unset = UNSET
    """ The greatest number of characters in a text. """
    toolbar: list[str] | Unset = UNSET
    """ The tools of a rich text field; known are bold, italic, bullet and number. """
    options: list[FieldOption] | Unset = UNSET
    """ The choices of a select, multi_select or checkbox_group field. """
    accept: list[str] | Unset = UNSET
    """ The file name endings that a file field takes. """
    max_size: str | Unset = UNSET
    """ The greatest size of a file. """
    multiple: bool | Unset = UNSET
    """ Whether a file field takes several files. """
    tools: list[str] | Unset = UNSET
    """ The tools of an image_review field; known are approve, reject and annotate. """
    scale: int | Unset = UNSET
    """ The number of steps of a rating. """
    labels: list[str] | Unset = UNSET
    """ A label for each step of a rating. """
    minimum: float | Unset = UNSET
    """ The least number that is taken. """
    exclusive_minimum: float | Unset = UNSET
    """ A number that the answer must exceed. """
    maximum: float | Unset = UNSET
    """ The greatest number that is taken. """
    exclusive_maximum: float | Unset = UNSET
    """ A number that the answer must not reach. """
    multiple_of: float | Unset = UNSET
    """ A number of which the answer must be a multiple. """
    min_date: str | Unset = UNSET
    """ The earliest date of a datetime field; a date or the word today. """
    editable: bool | Unset = UNSET
    """ Whether the reviewer may change what is displayed. """
    role: str | Unset = UNSET
    """ What the field is for. Known is `verdict`, of one boolean field: its answer says yes or no to the whole. """
    language: str | Unset = UNSET
    """ The language of the code that is displayed. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        type_ = self.type_.value

        label = self.label

        required = self.required

        placeholder = self.placeholder

        default_value = self.default_value

        conditional: dict[str, Any] | Unset = UNSET
        if not isinstance(self.conditional, Unset):
            conditional = self.conditional.to_dict()

        validation: dict[str, Any] | Unset = UNSET
        if not isinstance(self.validation, Unset):
            validation = self.validation.to_dict()

        max_length = self.max_length

        toolbar: list[str] | Unset = UNSET
        if not isinstance(self.toolbar, Unset):
            toolbar = self.toolbar

        options: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.options, Unset):
            options = []
            for options_item_data in self.options:
                options_item = options_item_data.to_dict()
                options.append(options_item)

        accept: list[str] | Unset = UNSET
        if not isinstance(self.accept, Unset):
            accept = self.accept

        max_size = self.max_size

        multiple = self.multiple

        tools: list[str] | Unset = UNSET
        if not isinstance(self.tools, Unset):
            tools = self.tools

        scale = self.scale

        labels: list[str] | Unset = UNSET
        if not isinstance(self.labels, Unset):
            labels = self.labels

        minimum = self.minimum

        exclusive_minimum = self.exclusive_minimum

        maximum = self.maximum

        exclusive_maximum = self.exclusive_maximum

        multiple_of = self.multiple_of

        min_date = self.min_date

        editable = self.editable

        role = self.role

        language = self.language

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "name": name,
                "type": type_,
            }
        )
        if label is not UNSET:
            field_dict["label"] = label
        if required is not UNSET:
            field_dict["required"] = required
        if placeholder is not UNSET:
            field_dict["placeholder"] = placeholder
        if default_value is not UNSET:
            field_dict["default_value"] = default_value
        if conditional is not UNSET:
            field_dict["conditional"] = conditional
        if validation is not UNSET:
            field_dict["validation"] = validation
        if max_length is not UNSET:
            field_dict["max_length"] = max_length
        if toolbar is not UNSET:
            field_dict["toolbar"] = toolbar
        if options is not UNSET:
            field_dict["options"] = options
        if accept is not UNSET:
            field_dict["accept"] = accept
        if max_size is not UNSET:
            field_dict["max_size"] = max_size
        if multiple is not UNSET:
            field_dict["multiple"] = multiple
        if tools is not UNSET:
            field_dict["tools"] = tools
        if scale is not UNSET:
            field_dict["scale"] = scale
        if labels is not UNSET:
            field_dict["labels"] = labels
        if minimum is not UNSET:
            field_dict["minimum"] = minimum
        if exclusive_minimum is not UNSET:
            field_dict["exclusive_minimum"] = exclusive_minimum
        if maximum is not UNSET:
            field_dict["maximum"] = maximum
        if exclusive_maximum is not UNSET:
            field_dict["exclusive_maximum"] = exclusive_maximum
        if multiple_of is not UNSET:
            field_dict["multiple_of"] = multiple_of
        if min_date is not UNSET:
            field_dict["min_date"] = min_date
        if editable is not UNSET:
            field_dict["editable"] = editable
        if role is not UNSET:
            field_dict["role"] = role
        if language is not UNSET:
            field_dict["language"] = language

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.field_conditional import FieldConditional  # noqa: PLC0415
        from ..models.field_option import FieldOption  # noqa: PLC0415
        from ..models.field_validation import FieldValidation  # noqa: PLC0415

        d = dict(src_dict)
        name = d.pop("name")

        type_ = FieldType(d.pop("type"))

        label = d.pop("label", UNSET)

        required = d.pop("required", UNSET)

        placeholder = d.pop("placeholder", UNSET)

        default_value = d.pop("default_value", UNSET)

        _conditional = d.pop("conditional", UNSET)
        conditional: FieldConditional | Unset
        if isinstance(_conditional, Unset):
            conditional = UNSET
        else:
            conditional = FieldConditional.from_dict(_conditional)

        _validation = d.pop("validation", UNSET)
        validation: FieldValidation | Unset
        if isinstance(_validation, Unset):
            validation = UNSET
        else:
            validation = FieldValidation.from_dict(_validation)

        max_length = d.pop("max_length", UNSET)

        toolbar = cast(list[str], d.pop("toolbar", UNSET))

        _options = d.pop("options", UNSET)
        options: list[FieldOption] | Unset = UNSET
        if _options is not UNSET:
            options = []
            for options_item_data in _options:
                options_item = FieldOption.from_dict(options_item_data)

                options.append(options_item)

        accept = cast(list[str], d.pop("accept", UNSET))

        max_size = d.pop("max_size", UNSET)

        multiple = d.pop("multiple", UNSET)

        tools = cast(list[str], d.pop("tools", UNSET))

        scale = d.pop("scale", UNSET)

        labels = cast(list[str], d.pop("labels", UNSET))

        minimum = d.pop("minimum", UNSET)

        exclusive_minimum = d.pop("exclusive_minimum", UNSET)

        maximum = d.pop("maximum", UNSET)

        exclusive_maximum = d.pop("exclusive_maximum", UNSET)

        multiple_of = d.pop("multiple_of", UNSET)

        min_date = d.pop("min_date", UNSET)

        editable = d.pop("editable", UNSET)

        role = d.pop("role", UNSET)

        language = d.pop("language", UNSET)

        template_field = cls(
            name=name,
            type_=type_,
            label=label,
            required=required,
            placeholder=placeholder,
            default_value=default_value,
            conditional=conditional,
            validation=validation,
            max_length=max_length,
            toolbar=toolbar,
            options=options,
            accept=accept,
            max_size=max_size,
            multiple=multiple,
            tools=tools,
            scale=scale,
            labels=labels,
            minimum=minimum,
            exclusive_minimum=exclusive_minimum,
            maximum=maximum,
            exclusive_maximum=exclusive_maximum,
            multiple_of=multiple_of,
            min_date=min_date,
            editable=editable,
            role=role,
            language=language,
        )

        template_field.additional_properties = d
        return template_field

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
