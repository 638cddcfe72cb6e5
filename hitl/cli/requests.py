"""`hitl requests`: put questions to a loop, list, await, cancel and rate them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from hitl.cli.connection import Connection, api_command, json_option
from hitl.cli.documents import document_of, print_document, print_documents
from hitl.cli.failures import INTERRUPTED, CommandError, done
from hitl.cli.text import json_text, print_facts, print_json, print_json_line, print_line, shortened, timestamp_text
from hitl.cli.values import JSON_SOURCE, json_object, seconds
from hitl.cli.waiting import run_wait, wait_options

if TYPE_CHECKING:
    from hitl import Request
    from hitl._response_types import ResponseType

_YES_OR_NO: Final = {"true": True, "yes": True, "false": False, "no": False}


@click.group()
def requests() -> None:
    """Questions to the members of a loop, and their answers."""


def _words(text: str) -> list[str]:
    """Return the options of A,B,C."""
    words = [word.strip() for word in text.split(",")]
    if not all(words):
        raise click.BadParameter(f"{text!r} is not of the form A,B,C")
    return words


def _scale(text: str) -> tuple[float, float]:
    """Return the ends of a scale, such as 1-5."""
    lowest, _, highest = text.partition("-")
    try:
        return float(lowest), float(highest)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not of the form LOWEST-HIGHEST, such as 1-5") from None


@requests.command()
@click.argument("loop_id", metavar="LOOP")
@click.argument("text")
@click.option("--single-select", type=_words, metavar="A,B,C", help="Ask for one of these.")
@click.option("--multi-select", type=_words, metavar="A,B,C", help="Ask for some of these.")
@click.option("--rating", type=_scale, metavar="LOWEST-HIGHEST", help="Ask for a step on a scale, such as 1-5.")
@click.option("--number", is_flag=True, help="Ask for a number.")
@click.option("--free-text", is_flag=True, help="Ask for a text.  [default: ask for yes or no]")
@click.option("--default", metavar="ANSWER", help="The answer that counts if nobody gives one in time.")
@click.option("--timeout", type=seconds, metavar="DURATION", help="Until then, 60s to 24h.  [default: 30 days]")
@click.option("--priority", help="low, medium, high or critical.")
@click.option("--context", type=json_object, metavar=JSON_SOURCE, help="What else people need to see.")
@click.option("--image-url", metavar="URL", help="An image to show.")
@click.option("--callback-url", metavar="URL", help="Where the end is reported.")
@click.option("--idempotency-key", metavar="KEY", help="Makes retries safe: one request per key.")
@json_option
@api_command
def create(connection: Connection, loop_id: str, text: str, default: str | None, as_json: bool, **options: Any) -> None:
    """Put a question to a loop and print the request's id.

    Example: hitl requests create LOOP "May this be shown?" --single-select yes,no --timeout 3600 --default no
    """
    kinds = {name: options.pop(name) for name in ("single_select", "multi_select", "rating", "number", "free_text")}
    asked = [name for name, value in kinds.items() if value]
    if len(asked) > 1:
        raise click.UsageError(f"{_option(asked[0])} and {_option(asked[1])} exclude each other")
    kind = asked[0] if asked else "boolean"
    response, fallback = _response(kind, kinds.get(kind)), None if default is None else _default(kind, default)
    with connection.client() as client:
        try:
            created = client.requests.create(loop_id, text, response=response, default=fallback, **options)
        except KeyboardInterrupt:
            raise CommandError("interrupted; whether the request was created is unknown", INTERRUPTED) from None
    print_document(created, created.id, as_json=as_json)


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _response(kind: str, value: Any) -> ResponseType:
    from hitl import Boolean, MultiSelect, Number, Rating, SingleSelect, Text

    match kind:
        case "single_select":
            return SingleSelect(value)
        case "multi_select":
            return MultiSelect(value)
        case "rating":
            return Rating(*value)
        case "number":
            return Number()
        case "free_text":
            return Text()
        case _:
            return Boolean()


def _default(kind: str, text: str) -> Any:
    """Return a default as a value of the kind."""
    try:
        match kind:
            case "multi_select":
                return _words(text) if text else []
            case "rating" | "number":
                return float(text)
            case "boolean":
                return _YES_OR_NO[text.lower()]
            case _:
                return text
    except (KeyError, ValueError):
        wanted = "yes or no" if kind == "boolean" else "a number"
        raise click.BadParameter(f"{text!r} is not {wanted}", param_hint="'--default'") from None


@requests.command("list")
@click.option("--status", help="Only requests with this status: pending, claimed, completed, timeout or cancelled.")
@click.option("--priority", help="Only requests of this priority.")
@click.option("--loop", "loop_id", metavar="LOOP", help="Only requests to this loop.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="Maximum number of results.")
@json_option
@api_command
def list_requests(connection: Connection, limit: int, as_json: bool, **filters: Any) -> None:
    """List the requests of this API key, the newest first."""
    with connection.client() as client:
        found = client.requests.list(page_size=min(limit + 1, 100), **filters)
        print_documents(found, limit, _TITLES, _row, as_json=as_json)


_TITLES: Final = ("ID", "STATUS", "LOOP", "PRIORITY", "ASKS FOR", "CREATED", "ANSWER", "TEXT")


def _row(request: Request) -> tuple[str, ...]:
    return (
        request.id,
        request.status,
        request.loop_id,
        request.priority or "",
        request.response_type,
        timestamp_text(request.created_at),
        _answer(request, 30),
        shortened(request.text),
    )


def _answer(request: Request, longest: int = 60) -> str:
    return "" if request.answer is None else shortened(json_text(request.answer), longest)


@requests.command()
@click.argument("request_id", metavar="ID")
@json_option
@api_command
def show(connection: Connection, request_id: str, as_json: bool) -> None:
    """Show a request."""
    with connection.client() as client:
        request = client.requests.get(request_id)
    if as_json:
        print_json(document_of(request))
    else:
        print_facts(_facts(request))


def _facts(request: Request) -> list[tuple[str, str]]:
    return [
        ("id", request.id),
        ("status", request.status),
        ("loop", request.loop_id),
        ("priority", request.priority or ""),
        ("created", timestamp_text(request.created_at)),
        ("until", timestamp_text(request.timeout_at)),
        ("text", request.text),
        ("image", request.image_url or ""),
        ("context", json_text(request.context, indent=2) if request.context else ""),
        ("asks for", request.response_type),
        ("default", json_text(request.default_response)),
        ("answer", "" if request.answer is None else json_text(request.answer, indent=2)),
        ("label", request.label or ""),
        ("answered", timestamp_text(request.at)),
        ("by", request.by or ""),
        ("verdict", request.verdict or ""),
    ]


@requests.command()
@click.argument("request_ids", nargs=-1, required=True, metavar="ID...")
@json_option
@api_command
def cancel(connection: Connection, request_ids: tuple[str, ...], as_json: bool) -> None:
    """Cancel requests that nobody has answered yet; stops at the first failure."""
    with connection.client() as client:
        for request_id in request_ids:
            cancelled = client.requests.cancel(request_id)
            line = f"{cancelled.id} {cancelled.status}"
            with done(line):
                print_json_line(document_of(cancelled)) if as_json else print_line(line)


@requests.command()
@click.argument("request_id", metavar="ID")
@click.option("--rating", type=float, metavar="NUMBER", help="How good the answer was, 1 to 5.")
@click.option("--comment", metavar="TEXT", help="Up to 1000 characters.")
@click.option("--tag", "tags", multiple=True, metavar="WORD", help="A word for it; repeatable.")
@click.option("--category", metavar="WORD", help="positive, constructive or issue.")
@api_command
def feedback(connection: Connection, request_id: str, tags: tuple[str, ...], **given: Any) -> None:
    """Tell who answered how good the answer was; once for each request."""
    with connection.client() as client:
        client.requests.add_feedback(request_id, tags=tags or None, **given)
    with done(line := f"{request_id} rated"):
        print_line(line)


@wait_options
def wait(connection: Connection, review_ids: tuple[str, ...], timeout: float | None, as_json: bool) -> None:
    """Wait for requests, and print a line for each as it ends.

    Exits with 0 if people answered all of them, and none with no; 4 if one timed out, whatever its default.
    """
    run_wait(connection, "request", review_ids, timeout, as_json=as_json)


requests.add_command(wait)
