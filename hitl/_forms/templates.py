"""The template of a form: which one it is among those of a server, by its content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from attrs import frozen

from hitl._json import Object, canonical, encode
from hitl.models import Template


@frozen
class FormTemplate:
    """A template that is the same for all who want it with this content.

    Its version is a digest of the content, so another content under the same name is another template.

    Attributes:
        name: What people call it.
        fields: The fields of the form.
        settings: How its reviews run.
    """

    name: str
    fields: Sequence[Object]
    settings: Object | None = None

    @property
    def version(self) -> str:
        """The digest."""
        content = {"name": self.name, "fields": list(self.fields), "settings": self.settings}
        return sha256(canonical(encode(content))).hexdigest()[:32]

    @property
    def body(self) -> Object:
        """The body of its creation."""
        body: Object = {"name": self.name, "fields": list(self.fields), "version": self.version}
        return body if self.settings is None else {**body, "settings": self.settings}

    def key(self, predecessor: str) -> str:
        """Return the idempotency key of its creation.

        Everybody derives the same, also after somebody has deleted or changed the one before (`predecessor`, its id),
        whose creation a server would otherwise only replay.
        """
        return f"hitl-form-{sha256(f'{self.version} {predecessor}'.encode()).hexdigest()[:32]}"

    def is_in(self, found: Template) -> bool:
        """Return whether a template of the server is this one; servers may add attributes."""
        return (
            found.name == self.name
            and found.version == self.version
            and len(found.fields) == len(self.fields)
            and all(map(_holds, found.fields, self.fields))
            and _holds(found.settings or {}, self.settings or {})
        )


def _holds(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(name in found and found[name] == value for name, value in wanted.items())
