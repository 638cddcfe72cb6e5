from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.review_priority import ReviewPriority
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.template_field import TemplateField
    from ..models.template_settings import TemplateSettings
    from ..models.template_styling import TemplateStyling
    from ..models.template_validation import TemplateValidation


T = TypeVar("T", bound="Template")


@_attrs_define
class Template:
    """A form that reviewers fill in."""

    id: str
    """ The server's name for the template. """
    name: str
    """ What the template is called. """
    fields: list[TemplateField]
    """ The form from top to bottom. """
    description: None | str | Unset = UNSET
    """ What it is for. """
    settings: TemplateSettings | Unset = UNSET
    """ How reviews made from a template are handled. """
    styling: TemplateStyling | Unset = UNSET
    """ How the form looks. """
    validation: TemplateValidation | Unset = UNSET
    """ The rules of a form that concern several fields. """
    category: None | str | Unset = UNSET
    """ A word to sort templates by. """
    tags: list[str] | None | Unset = UNSET
    """ More words to find it by. """
    priority: None | ReviewPriority | Unset = UNSET
    """ The urgency of the reviews made from it. One of `ReviewPriority`, or a word that the server adds later. """
    version: None | str | Unset = UNSET
    """ A version number of the author's choice. """
    changelog: list[str] | None | Unset = UNSET
    """ What changed, one sentence for each version. """
    deprecated: bool | Unset = UNSET
    """ Whether another template should be used instead. """
    migration_guide: None | str | Unset = UNSET
    """ Where it is told how to move to another. """
    created_at: datetime.datetime | Unset = UNSET
    """ When the template was created. """
    updated_at: datetime.datetime | Unset = UNSET
    """ When the template last changed. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        name = self.name

        fields = []
        for fields_item_data in self.fields:
            fields_item = fields_item_data.to_dict()
            fields.append(fields_item)

        description: None | str | Unset
        if isinstance(self.description, Unset):
            description = UNSET
        else:
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

        category: None | str | Unset
        if isinstance(self.category, Unset):
            category = UNSET
        else:
            category = self.category

        tags: list[str] | None | Unset
        if isinstance(self.tags, Unset):
            tags = UNSET
        elif isinstance(self.tags, list):
            tags = self.tags

        else:
            tags = self.tags

        priority: None | str | Unset
        if isinstance(self.priority, Unset):
            priority = UNSET
        elif isinstance(self.priority, ReviewPriority):
            priority = self.priority.value
        else:
            priority = self.priority

        version: None | str | Unset
        if isinstance(self.version, Unset):
            version = UNSET
        else:
            version = self.version

        changelog: list[str] | None | Unset
        if isinstance(self.changelog, Unset):
            changelog = UNSET
        elif isinstance(self.changelog, list):
            changelog = self.changelog

        else:
            changelog = self.changelog

        deprecated = self.deprecated

        migration_guide: None | str | Unset
        if isinstance(self.migration_guide, Unset):
            migration_guide = UNSET
        else:
            migration_guide = self.migration_guide

        created_at: str | Unset = UNSET
        if not isinstance(self.created_at, Unset):
            created_at = self.created_at.isoformat()

        updated_at: str | Unset = UNSET
        if not isinstance(self.updated_at, Unset):
            updated_at = self.updated_at.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
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
        if created_at is not UNSET:
            field_dict["created_at"] = created_at
        if updated_at is not UNSET:
            field_dict["updated_at"] = updated_at

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.template_field import TemplateField  # noqa: PLC0415
        from ..models.template_settings import TemplateSettings  # noqa: PLC0415
        from ..models.template_styling import TemplateStyling  # noqa: PLC0415
        from ..models.template_validation import TemplateValidation  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        name = d.pop("name")

        fields = []
        _fields = d.pop("fields")
        for fields_item_data in _fields:
            fields_item = TemplateField.from_dict(fields_item_data)

            fields.append(fields_item)

        def _parse_description(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        description = _parse_description(d.pop("description", UNSET))

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

        def _parse_category(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        category = _parse_category(d.pop("category", UNSET))

        def _parse_tags(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                tags_type_0 = cast(list[str], data)

                return tags_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        tags = _parse_tags(d.pop("tags", UNSET))

        def _parse_priority(data: object) -> None | ReviewPriority | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                priority_type_0 = ReviewPriority(data)

                return priority_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | ReviewPriority | Unset, data)

        priority = _parse_priority(d.pop("priority", UNSET))

        def _parse_version(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        version = _parse_version(d.pop("version", UNSET))

        def _parse_changelog(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                changelog_type_0 = cast(list[str], data)

                return changelog_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        changelog = _parse_changelog(d.pop("changelog", UNSET))

        deprecated = d.pop("deprecated", UNSET)

        def _parse_migration_guide(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        migration_guide = _parse_migration_guide(d.pop("migration_guide", UNSET))

        from ..types import read_datetime

        _created_at = d.pop("created_at", UNSET)
        created_at: datetime.datetime | Unset
        if isinstance(_created_at, Unset):
            created_at = UNSET
        else:
            created_at = read_datetime(_created_at)

        from ..types import read_datetime

        _updated_at = d.pop("updated_at", UNSET)
        updated_at: datetime.datetime | Unset
        if isinstance(_updated_at, Unset):
            updated_at = UNSET
        else:
            updated_at = read_datetime(_updated_at)

        template = cls(
            id=id,
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
            created_at=created_at,
            updated_at=updated_at,
        )

        template.additional_properties = d
        return template

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
