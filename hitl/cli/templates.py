"""`hitl templates`: the forms that reviewers fill in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from hitl.cli.connection import Connection, api_command, json_option
from hitl.cli.documents import document_of, print_document, print_documents
from hitl.cli.failures import done
from hitl.cli.text import json_text, print_facts, print_json, print_line, shortened, timestamp_text
from hitl.cli.values import JSON_SOURCE, json_object

if TYPE_CHECKING:
    from hitl import Template

_WRITABLE: Final = (
    "name",
    "fields",
    "description",
    "settings",
    "styling",
    "validation",
    "category",
    "tags",
    "priority",
    "version",
)
_READ_ONLY: Final = ("id", "created_at", "updated_at", "changelog", "deprecated", "migration_guide")
"""Set by the server; ignored on input, so that the output of `show --json` is accepted."""


@click.group()
def templates() -> None:
    """The forms that reviewers fill in."""


@templates.command("list")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="Maximum number of results.")
@json_option
@api_command
def list_templates(connection: Connection, limit: int, as_json: bool) -> None:
    """List templates."""
    with connection.client() as client:
        found = client.list_templates(page_size=min(limit + 1, 100))
        print_documents(found, limit, ("ID", "NAME", "FIELDS", "DESCRIPTION"), _row, as_json=as_json)


def _row(template: Template) -> tuple[str, ...]:
    names = ", ".join(str(field.get("name")) for field in template.fields)
    return template.id, shortened(template.name, 30), shortened(names, 40), shortened(template.description or "")


@templates.command()
@click.argument("template_id", metavar="ID")
@json_option
@api_command
def show(connection: Connection, template_id: str, as_json: bool) -> None:
    """Show a template."""
    with connection.client() as client:
        template = client.get_template(template_id)
    if as_json:
        print_json(document_of(template))
    else:
        print_facts(_facts(template))


def _facts(template: Template) -> list[tuple[str, str]]:
    return [
        ("id", template.id),
        ("name", template.name),
        ("description", template.description or ""),
        ("version", template.version or ""),
        ("updated", timestamp_text(template.updated_at)),
        ("settings", json_text(template.settings, indent=2) if template.settings else ""),
        ("validation", json_text(template.validation, indent=2) if template.validation else ""),
        *((f"field {number}", json_text(field)) for number, field in enumerate(template.fields, 1)),
    ]


_DOCUMENT = click.argument("document", type=json_object, metavar=JSON_SOURCE)


@templates.command()
@_DOCUMENT
@json_option
@api_command
def create(connection: Connection, document: dict[str, Any], as_json: bool) -> None:
    """Create a template from a JSON object with `name` and `fields`, and print its id.

    Example: hitl templates create @refund.json
    """
    fields = _checked(document)
    if missing := [name for name in ("name", "fields") if name not in fields]:
        raise click.UsageError(f"a template needs {' and '.join(missing)}")
    with connection.client() as client:
        created = client.create_template(**fields)
    print_document(created, created.id, as_json=as_json)


@templates.command()
@click.argument("template_id", metavar="ID")
@_DOCUMENT
@json_option
@api_command
def update(connection: Connection, template_id: str, document: dict[str, Any], as_json: bool) -> None:
    """Update a template; members that are not given stay as they are, and `fields` replaces all fields."""
    with connection.client() as client:
        updated = client.update_template(template_id, **_checked(document))
    print_document(updated, f"{updated.id} updated", as_json=as_json)


@templates.command()
@click.argument("template_id", metavar="ID")
@api_command
def delete(connection: Connection, template_id: str) -> None:
    """Delete a template."""
    with connection.client() as client:
        client.delete_template(template_id)
    with done(line := f"{template_id} deleted"):
        print_line(line)


def _checked(document: dict[str, Any]) -> dict[str, Any]:
    if unknown := sorted(document.keys() - {*_WRITABLE, *_READ_ONLY}):
        raise click.UsageError(f"unknown: {', '.join(unknown)}; a template has {', '.join(_WRITABLE)}")
    return {name: document[name] for name in _WRITABLE if document.get(name) is not None}
