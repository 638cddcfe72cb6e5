from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.review_priority import ReviewPriority
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.template_field import TemplateField
    from ..models.template_settings import TemplateSettings
    from ..models.template_styling import TemplateStyling
    from ..models.template_validation import TemplateValidation


T = TypeVar("T", bound="TemplateCreate")


@_attrs_define
class TemplateCreate:
    """A template to be made."""

    name: str
    """ What the template is called. """
    fields: list[TemplateField]
    """ The form from top to bottom. Names must differ. """
    description: str | Unset = UNSET
    """ What it is for. """
    settings: TemplateSettings | Unset = UNSET
    """ How reviews made from a template are handled. """
    styling: TemplateStyling | Unset = UNSET
    """ How the form looks. """
    validation: TemplateValidation | Unset = UNSET
    """ The rules of a form that concern several fields. """
    category: str | Unset = UNSET
    """ A word to sort templates by. """
    tags: list[str] | Unset = UNSET
    """ More words to find it by. """
    priority: ReviewPriority | Unset = UNSET
    """ How urgent a review is. `normal` appears once in the documentation, beside `medium`. """
    version: str | Unset = UNSET
    """ A version number of your choice. """
    changelog: list[str] | Unset = UNSET
    """ What changed, one sentence for each version. """
    deprecated: bool | Unset = UNSET
    """ Whether another template should be used instead. """
    migration_guide: str | Unset = UNSET
    """ Where it is told how to move to another. """

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        fields = []
        for fields_item_data in self.fields:
            fields_item = fields_item_data.to_dict()
            fields.append(fields_item)

        description = self.description

        settings: dict[str, Any] | Unset = UNSET
        if not isinstance(self.settings, Unset):
            settings = self.settings.to_dict()

        styling: dict[str, Any] | Unset = UNSET
        if not isinstance(self.styling, Unset):
            styling = self.styling.to_dict()

        validation: dict[str, Any] | Unset = UNSET
        if not isinstance(self.validation, Unset):
            validation = self.validation.to_dict()

        category = self.category

        tags: list[str] | Unset = UNSET
        if not isinstance(self.tags, Unset):
            tags = self.tags

        priority: str | Unset = UNSET
        if not isinstance(self.priority, Unset):
            priority = self.priority.value

        version = self.version

        changelog: list[str] | Unset = UNSET
        if not isinstance(self.changelog, Unset):
            changelog = self.changelog

        deprecated = self.deprecated

        migration_guide = self.migration_guide

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "name": name,
                "fields": fields,
            }
        )
        if description is not UNSET:
            field_dict["description"] = description
        if settings is not UNSET:
            field_dict["settings"] = settings
        if styling is not UNSET:
            field_dict["styling"] = styling
        if validation is not UNSET:
            field_dict["validation"] = validation
        if category is not UNSET:
            field_dict["category"] = category
        if tags is not UNSET:
            field_dict["tags"] = tags
        if priority is not UNSET:
            field_dict["priority"] = priority
        if version is not UNSET:
            field_dict["version"] = version
        if changelog is not UNSET:
            field_dict["changelog"] = changelog
        if deprecated is not UNSET:
            field_dict["deprecated"] = deprecated
        if migration_guide is not UNSET:
            field_dict["migration_guide"] = migration_guide

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.template_field import TemplateField  # noqa: PLC0415
        from ..models.template_settings import TemplateSettings  # noqa: PLC0415
        from ..models.template_styling import TemplateStyling  # noqa: PLC0415
        from ..models.template_validation import TemplateValidation  # noqa: PLC0415

        d = dict(src_dict)
        name = d.pop("name")

        fields = []
        _fields = d.pop("fields")
        for fields_item_data in _fields:
            fields_item = TemplateField.from_dict(fields_item_data)

            fields.append(fields_item)

        description = d.pop("description", UNSET)

        _settings = d.pop("settings", UNSET)
        settings: TemplateSettings | Unset
        if isinstance(_settings, Unset):
            settings = UNSET
        else:
            settings = TemplateSettings.from_dict(_settings)

        _styling = d.pop("styling", UNSET)
        styling: TemplateStyling | Unset
        if isinstance(_styling, Unset):
            styling = UNSET
        else:
            styling = TemplateStyling.from_dict(_styling)

        _validation = d.pop("validation", UNSET)
        validation: TemplateValidation | Unset
        if isinstance(_validation, Unset):
            validation = UNSET
        else:
            validation = TemplateValidation.from_dict(_validation)

        category = d.pop("category", UNSET)

        tags = cast(list[str], d.pop("tags", UNSET))

        _priority = d.pop("priority", UNSET)
        priority: ReviewPriority | Unset
        if isinstance(_priority, Unset):
            priority = UNSET
        else:
            priority = ReviewPriority(_priority)

        version = d.pop("version", UNSET)

        changelog = cast(list[str], d.pop("changelog", UNSET))

        deprecated = d.pop("deprecated", UNSET)

        migration_guide = d.pop("migration_guide", UNSET)

        template_create = cls(
            name=name,
            fields=fields,
            description=description,
            settings=settings,
            styling=styling,
            validation=validation,
            category=category,
            tags=tags,
            priority=priority,
            version=version,
            changelog=changelog,
            deprecated=deprecated,
            migration_guide=migration_guide,
        )

        return template_create
