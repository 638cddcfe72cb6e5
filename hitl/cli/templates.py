"""`hitl templates`: the forms that reviewers fill in."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import click

from hitl.cli.connection import Connection, api_command, json_option
from hitl.cli.documents import document_of
from hitl.cli.text import json_text, moment_text, print_facts, print_json, print_line, print_table, shortened
from hitl.cli.values import JSON_SOURCE, json_object

if TYPE_CHECKING:
    from hitl import Template

_GIVEN: Final = (
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
_TOLD: Final = ("id", "created_at", "updated_at", "changelog", "deprecated", "migration_guide")
"""What the server tells about a template and nobody gives; left out, so that what `show --json` prints can be given."""


@click.group()
def templates() -> None:
    """The forms that reviewers fill in."""


@templates.command("list")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="The greatest number of them.")
@json_option
@api_command
def list_templates(connection: Connection, limit: int, as_json: bool) -> None:
    """List the templates."""
    with connection.client() as client:
        found = iter(client.list_templates(page_size=min(limit + 1, 100)))
        shown = list(islice(found, limit))
        has_more = next(found, None) is not None
    if as_json:
        print_json([document_of(template) for template in shown])
    else:
        print_table(("ID", "NAME", "ASKS FOR", "DESCRIPTION"), [_row(template) for template in shown])
        if has_more:
            click.echo(f"There are more than {limit}; --limit shows them.", err=True)


def _row(template: Template) -> tuple[str, ...]:
    names = ", ".join(str(field.get("name")) for field in template.fields)
    return template.id, shortened(template.name, 30), shortened(names, 40), shortened(template.description or "")


@templates.command()
@click.argument("template_id", metavar="ID")
@json_option
@api_command
def show(connection: Connection, template_id: str, as_json: bool) -> None:
    """Show everything about one template."""
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
        ("changed", moment_text(template.updated_at)),
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
    """Make a template of a JSON object with `name`, `fields` and whatever else it has, and print its id.

    Example: hitl templates create @refund.json
    """
    given = _checked(document)
    if missing := [name for name in ("name", "fields") if name not in given]:
        raise click.UsageError(f"a template needs {' and '.join(missing)}")
    with connection.client() as client:
        created = client.create_template(**given)
    if as_json:
        print_json(document_of(created))
    else:
        print_line(created.id)


@templates.command()
@click.argument("template_id", metavar="ID")
@_DOCUMENT
@json_option
@api_command
def update(connection: Connection, template_id: str, document: dict[str, Any], as_json: bool) -> None:
    """Change a template; what the JSON object does not name stays, and `fields` replaces all fields."""
    with connection.client() as client:
        changed = client.update_template(template_id, **_checked(document))
    if as_json:
        print_json(document_of(changed))
    else:
        print_line(f"{changed.id} changed")


@templates.command()
@click.argument("template_id", metavar="ID")
@api_command
def delete(connection: Connection, template_id: str) -> None:
    """Delete a template."""
    with connection.client() as client:
        client.delete_template(template_id)
    print_line(f"{template_id} deleted")


def _checked(document: dict[str, Any]) -> dict[str, Any]:
    if unknown := sorted(document.keys() - {*_GIVEN, *_TOLD}):
        raise click.UsageError(f"a template has no {', '.join(unknown)}; it has: {', '.join(_GIVEN)}")
    return {name: document[name] for name in _GIVEN if document.get(name) is not None}
