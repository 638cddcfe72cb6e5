"""What the documentation says of the public API, held against the API: names, errors, and what is tried again."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from contextlib import suppress

import attrs
import pytest
from documents import ROOT, page, rows, words
from script import BROKEN, SILENT, UNREACHABLE, Response, Scripted, TransportFailure, answer, refused, reviewed
from scripted import scripted

import hitl
from hitl import AsyncHITLClient, HITLClient, Review, Template, WaitStats, exceptions, models, retry, testing, webhooks
from hitl.testing import hostile
from hitl.webhooks import ReplayGuard, WebhookEvent


def test_every_public_name_has_a_place_in_the_documentation() -> None:
    everything = "\n".join(file.read_text() for file in (ROOT / "docs").rglob("*.md"))
    for module in (hitl, exceptions, hostile, retry, testing, webhooks):
        missing = [name for name in module.__all__ if not re.search(rf"\b{name}\b", everything)]
        assert missing == [], f"no page names these of {module.__name__}"


PLAIN = ("api", "base_url")  # properties that are no namespaces


def test_the_methods_are_those_in_the_reference() -> None:
    named = [words(row[0])[0] for row in rows("reference/client.md", "Method")]
    assert sorted(named) == sorted(name for name in vars(HITLClient) if not name.startswith("_"))
    assert set(named) - {"close"} | {"aclose"} == {name for name in vars(AsyncHITLClient) if not name.startswith("_")}


NAMESPACES = [name for name, value in vars(HITLClient).items() if isinstance(value, property) and name not in PLAIN]


@pytest.mark.parametrize("name", NAMESPACES)
def test_the_methods_of_a_namespace_are_those_in_the_reference(name: str) -> None:
    section = page("reference/hitl-sh.md").partition(f"\n## client.{name}\n")[2].partition("\n## ")[0]
    named = [words(line)[0] for line in re.findall(r"^\| (`.+)", section, re.M)]
    for client in (HITLClient("key"), AsyncHITLClient("key")):
        assert sorted(named) == sorted(each for each in dir(getattr(client, name)) if not each.startswith("_"))


@pytest.mark.parametrize(
    ("model", "section"),
    [(Review, "Review"), (models.Outcome, "Outcome"), (Template, "Template"), (WaitStats, "WaitStats")],
)
def test_the_fields_of_a_review_are_those_in_the_reference(model: type, section: str) -> None:
    text = page("reference/client.md").partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    named = [name for line in re.findall(r"^\| (`.+)", text, re.M) for name in words(line.split(" | ")[0])]
    assert sorted(named) == sorted(field.name for field in attrs.fields(model))


# --- errors ---------------------------------------------------------------------------------------------------------


def test_every_error_is_explained_once() -> None:
    assert sorted(words(row[0])[0] for row in rows("reference/errors.md", "Error")) == sorted(exceptions.__all__)


def test_the_attributes_of_each_error_exist() -> None:
    for row in rows("reference/errors.md", "Error"):
        error = getattr(exceptions, words(row[0])[0])("message")
        for attribute in words(" ".join(row[1:])):
            if attribute.startswith("."):
                assert hasattr(error, attribute[1:]), (row[0], attribute)


def test_the_attributes_of_all_errors_are_explained() -> None:
    named = {words(row[0])[0] for row in rows("reference/errors.md", "Attribute")}
    assert named == set(vars(exceptions.HITLError()))


def test_the_tree_of_errors_is_the_real_one() -> None:
    parents: list[str] = []
    for line in re.findall(
        r"^([│├└─ ]*)(\w+)$", page("reference/errors.md").partition("```text")[2].partition("```")[0], re.M
    ):
        depth = len(line[0]) // 4
        parents[depth:] = [line[1]]
        if depth:
            assert getattr(exceptions, line[1]).__bases__[0].__name__ == parents[depth - 1]
    assert parents[0] == "HITLError"


TIME_LEFT = 20.0  # seconds, in the cases below
TABLE = rows("reference/errors.md", "What happened")
LISTED = {int(status) for what, *_ in TABLE for status in re.findall(r"\b\d{3}\b", what)}
CASES: dict[str, list[Scripted]] = {
    "no connection could be made": [UNREACHABLE],
    "nothing of the request had left yet": [
        TransportFailure("…", "no", "timeout"),
        TransportFailure("…", "no", "broken"),
    ],
    "a connection that had been used before was closed before the answer began": [
        TransportFailure("…", "maybe", "stale")
    ],
    "the connection broke": [BROKEN],
    "no answer in time": [SILENT],
    "nobody knows the server's name": [TransportFailure("…", "no", "unknown_host")],
    "the server could not prove who it is": [TransportFailure("…", "no", "tls")],
    "409 with the code `idempotency_in_progress`": [refused(409, "idempotency_in_progress")],
    "every other status": [answer(status) for status in sorted(set(range(300, 600)) - LISTED | {409})],
    "a success that is empty, garbled, cut off, or no JSON by its own account": [
        answer(200, b""),
        Response(200, {}, b"", fault="its encoding ends too early"),
        Response(200, {}, b'{"succ', is_framed=False),
        answer(200, b"<html>", content_type="text/html"),
    ],
    "a success whose JSON does not fit `openapi.yaml`": [answer(200, {"success": True, "data": {}})],
    "`Retry-After` of more than 60 seconds": [answer(429, retry_after="61")],
    "`Retry-After` of more than the time that is left": [answer(429, retry_after=f"{TIME_LEFT + 1:g}")],
    "a pause that would end after the call's `timeout`": [answer(429, retry_after=f"{TIME_LEFT:g}")],
}
ANOTHERS = "a success about another review or template"


def read(client: HITLClient) -> Review:
    return client.get_review("rev_1")


def create(client: HITLClient) -> Review:
    return client.create_review("template_123", {})


def what_follows(act: Callable[[HITLClient], Review], outcome: Scripted, *, honours_keys: bool = False) -> str:
    idempotency = "trust" if honours_keys else "auto"
    client = scripted(outcome, reviewed(), max_retries=1, timeout=TIME_LEFT, idempotency=idempotency)
    with suppress(exceptions.HITLError):
        act(client)
    return "no" if len(client.calls) == 1 else "yes" if client.sleeps else "at once"


def test_what_is_retried_is_what_the_table_says() -> None:
    for what, *verdicts in TABLE:
        if what == ANOTHERS:  # it takes a question about one review; see the next test
            continue
        for outcome in CASES.get(what) or [answer(int(status)) for status in what.split(", ")]:
            happens = [
                what_follows(read, outcome),
                what_follows(create, outcome),
                what_follows(create, outcome, honours_keys=True),
            ]
            assert happens == verdicts, (what, outcome)
    assert set(CASES) <= {what for what, *_ in TABLE}


def test_an_answer_about_another_review_is_asked_for_again() -> None:
    assert [ANOTHERS, "yes", "no", "yes"] in TABLE
    assert what_follows(read, reviewed(review_id="rev_2")) == "yes"


# --- the rest ----------------------------------------------------------------------------------------------------------


def test_the_properties_of_an_event_are_those_in_the_reference() -> None:
    listed = {name for row in rows("reference/webhooks.md", "Property") for name in words(row[0])}
    assert listed == {name for name, value in vars(WebhookEvent).items() if isinstance(value, property)}


def test_the_methods_of_a_replay_guard_are_those_in_the_reference() -> None:
    listed = {word.partition("(")[0] for row in rows("reference/webhooks.md", "method") for word in words(row[0])}
    assert listed == {name for name in vars(ReplayGuard) if not name.startswith("_")}


def test_the_layers_are_those_that_the_linter_enforces() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    assert "```text\n" + "\n".join(layers) + "\n```" in page("explanation/architecture.md")
