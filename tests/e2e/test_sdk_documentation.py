"""The examples of the SDK's documentation, word for word, with the packages that they use, against a sandbox.

`tests/data/python-sdk.md` is the documentation as the vendor's site gives it, without fences around its code. The
examples are cut out of it by the prose before and after them, and each is run in a namespace of its own. What an
example takes from the ones before it, or leaves to its reader (`process_raw_data`, `logger`), the test gives.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any
from unittest.mock import patch

import pytest
from pytest_httpserver import HTTPServer

from hitl import AsyncHITLClient, HITLClient, Review
from hitl.exceptions import HITLError
from hitl.testing import Sandbox
from hitl.webhooks import signature_headers

DOCUMENT = (Path(__file__).parents[1] / "data" / "python-sdk.md").read_text()

# The lines of prose before and after each example.
EXAMPLES = {
    "Basic Setup": "Handle Review Results",
    "Handle Review Results": "Core Features",
    "Create reviews:": "Update reviews:",
    "Update reviews:": "Cancel reviews:",
    "Cancel reviews:": "Template Management",
    "Create templates:": "List and manage templates:",
    "List and manage templates:": "Webhook Handling",
    "Set up webhook endpoints:": "Advanced Features",
    "Async client usage:": "Batch Operations",
    "Process multiple reviews:": "Error Handling",
    "Robust error handling:": "Retry logic:",
    "Retry logic:": "Integration Examples",
    "Content moderation workflow:": "Data Processing Pipeline",
    "Quality assurance workflow:": "Workflow Orchestration",
    "Multi-step review process:": "Configuration",
    "Set configuration via environment:": "Use in code:",
    "Use in code:": "Client Configuration",
    "Advanced client options:": "Best Practices",
    "Efficient API usage:": "Error Handling",
    "Comprehensive error handling:": "Security",
    "Secure API usage:": "Next Steps",
}

# The examples make their clients once, for as long as the program runs, or in a function that leaves them to Python.
leaks_clients = pytest.mark.filterwarnings("ignore:unclosed HITLClient:ResourceWarning")
# What numpy says when pandas describes a column that has both infinities.
has_infinities = pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")


def example(before: str) -> str:
    _, _, rest = DOCUMENT.partition(f"\n{before}\n")
    code, _, _ = rest.partition(f"\n{EXAMPLES[before]}\n")
    return code.strip("\n") + "\n"


class Reader:
    """Runs the examples as somebody would who typed them into a file."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "example.py"
        self._clients: list[HITLClient] = []

    def run(self, before: str, **given: Any) -> dict[str, Any]:
        """Run the example after that line of prose, and return the names that it leaves."""
        self._file.write_text(example(before))
        namespace: dict[str, Any] = {"__name__": "example", **given}
        exec(compile(self._file.read_text(), self._file, "exec"), namespace)
        self._clients += [value for value in namespace.values() if isinstance(value, HITLClient)]
        return namespace

    def close(self) -> None:
        for client in self._clients:
            client.close()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(["your_api_key", "your_hitl_key"]) as sandbox, patch.dict(os.environ, HITL_BASE_URL=sandbox.base_url):
        yield sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> HITLClient:
    return sandbox.client()


@pytest.fixture
def review(client: HITLClient) -> Review:
    return client.create_review("template_123", {"text": "AI-generated content to review"})


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    reader = Reader(tmp_path)
    yield reader
    reader.close()


@contextmanager
def answering(sandbox: Sandbox, **answers: Mapping[str, Any]) -> Iterator[None]:
    """Let a reviewer answer whatever comes in, by the id of its template."""
    done = Event()

    def answer() -> None:
        while not done.wait(0.01):
            for review in sandbox.reviewer.pending():
                sandbox.reviewer.complete(review, answers[review.template_id])

    thread = Thread(target=answer)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def test_no_line_of_code_is_left_out() -> None:
    prose = DOCUMENT
    for before in EXAMPLES:
        assert prose.count(example(before)) == 1
        prose = prose.replace(example(before), "")
    code = re.compile(r"^(\s|[#@{}\])]|(async|await|class|def|export|for|from|if|import|try|with)\b|.*(?<!>)=|.*\()")
    assert [line for line in prose.splitlines() if code.match(line)] == []


def test_a_review_is_created(reader: Reader, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    review = reader.run("Basic Setup")["review"]
    assert capsys.readouterr().out == f"Review created: {review.id}\n"
    assert review.assignees == ["reviewer@company.com"]
    assert review.content["metadata"] == {"source": "gpt-4", "confidence": 0.95}


def test_results_are_handled(
    reader: Reader, sandbox: Sandbox, client: HITLClient, review: Review, capsys: pytest.CaptureFixture[str]
) -> None:
    with answering(sandbox, template_123={"approved": True}):
        names = reader.run("Handle Review Results", client=client, review=review)
    assert capsys.readouterr().out.splitlines()[1] == "Result: {'approved': True}"
    assert names["completed_review"].is_answered


def test_reviews_are_created_updated_and_cancelled(reader: Reader, client: HITLClient) -> None:
    review = reader.run("Create reviews:", client=client)["review"]
    assert (review.priority, review.due_date.isoformat()) == ("high", "2024-01-20T18:00:00+00:00")
    reader.run("Update reviews:", client=client, review=review)
    updated = client.get_review(review.id)
    assert updated.content == {**review.content, "additional_context": "More information..."}
    assert updated.assignees == ["new_reviewer@company.com"]
    reader.run("Cancel reviews:", client=client, review=review)
    assert client.get_review(review.id).status == "cancelled"


def test_templates_are_created_listed_and_updated(reader: Reader, client: HITLClient) -> None:
    made = reader.run("Create templates:", client=client)["template"]
    assert [field["name"] for field in made.fields] == ["content", "approval", "feedback"]
    names = reader.run("List and manage templates:", client=client)
    assert made in names["templates"]
    assert names["template"] == names["templates"][0]
    # `fields=[...]` is Python: a list of an Ellipsis, which stands for the fields that are there.
    assert client.get_template("template_123").fields == names["template"].fields


@pytest.mark.parametrize(("signed_with", "status"), [("your_webhook_secret", 200), ("another_secret", 401)])
def test_a_webhook_is_handled_if_it_is_genuine(reader: Reader, signed_with: str, status: int) -> None:
    processed: list[tuple[Any, ...]] = []
    app = reader.run("Set up webhook endpoints:", process_review_result=lambda *result: processed.append(result))["app"]
    event = {"event": "review.completed", "review": {"id": "rev_1", "result": {"approved": True}}}
    body = json.dumps(event).encode()
    with app.test_client() as browser:
        answer = browser.post(
            "/webhook", data=body, content_type="application/json", headers=signature_headers(body, signed_with)
        )
    assert answer.status_code == status
    assert processed == ([("rev_1", {"approved": True})] if status == 200 else [])


def test_reviews_are_created_concurrently(reader: Reader, sandbox: Sandbox) -> None:
    reviews = reader.run("Async client usage:")["reviews"]
    assert [review.content["item"] for review in reviews] == [f"Item {number}" for number in range(10)]
    assert len(sandbox.reviewer.pending()) == 10


def test_reviews_are_created_and_updated_as_a_batch(reader: Reader, client: HITLClient) -> None:
    reviews = reader.run("Process multiple reviews:", client=client)["reviews"]
    assert [review.content["text"] for review in reviews] == ["Content 1", "Content 2"]
    assert [client.get_review(review_id).priority for review_id in ("rev_1", "rev_2")] == ["high", "medium"]


@pytest.mark.parametrize(
    ("key", "told"), [("your_api_key", "Review not found\n"), ("wrong", "HITL error: get_review: .*401 unauthorized")]
)
def test_errors_are_told_apart(
    reader: Reader, sandbox: Sandbox, capsys: pytest.CaptureFixture[str], key: str, told: str
) -> None:
    reader.run("Robust error handling:", client=sandbox.client(api_key=key))
    assert re.match(told, capsys.readouterr().out)


def test_a_creation_is_retried(reader: Reader, client: HITLClient) -> None:
    create = reader.run("Retry logic:", client=client)["create_review_with_retry"]
    assert create({"text": "A draft"}).content == {"text": "A draft"}


@pytest.mark.parametrize(
    ("answer", "published"),
    [
        ({"approved": True}, "A haiku about review."),
        ({"approved": True, "text": "A better haiku."}, "A better haiku."),
        ({"approved": False, "reason": "inaccurate"}, None),
    ],
)
def test_generated_content_is_published_after_a_review(
    reader: Reader, sandbox: Sandbox, httpserver: HTTPServer, answer: dict[str, Any], published: str | None
) -> None:
    message = {"role": "assistant", "content": "A haiku about review."}
    completion = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "gpt-4",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
    }
    httpserver.expect_request("/v1/chat/completions", method="POST").respond_with_json(completion)
    with patch.dict(os.environ, OPENAI_BASE_URL=httpserver.url_for("/v1"), NO_PROXY="*"):
        names = reader.run("Content moderation workflow:")
        with names["openai_client"], answering(sandbox, content_moderation=answer):
            assert names["generate_and_review_content"]("Write a haiku.") == published
    [review] = sandbox.client().list_reviews()
    assert review.content == {"text": "A haiku about review.", "prompt": "Write a haiku."}


def processed(rows: list[dict[str, Any]]) -> Any:
    import pandas as pd

    frame = pd.DataFrame(rows)
    return frame.assign(ratio=frame.price / 0, seen=pd.to_datetime(frame.seen))


ROWS = [{"price": 9.5, "seen": "2024-01-20"}, {"price": None, "seen": None}, {"price": -1.0, "seen": "2024-02-29"}]


@leaks_clients
@has_infinities
def test_processed_data_goes_on_after_a_review(reader: Reader, sandbox: Sandbox) -> None:
    frames: list[Any] = []

    def process_raw_data(rows: list[dict[str, Any]]) -> Any:
        frames.append(processed(rows))
        return frames[0]

    names = reader.run("Quality assurance workflow:", process_raw_data=process_raw_data)
    with answering(sandbox, data_qa={"approved": True}):
        assert names["process_data_with_qa"](ROWS) is frames[0]
    [review] = sandbox.client().list_reviews()
    sample = review.content["data_sample"]
    assert sample["ratio"] == {"0": "Infinity", "1": None, "2": "-Infinity"}
    assert sample["seen"] == {"0": "2024-01-20T00:00:00", "1": None, "2": "2024-02-29T00:00:00"}
    assert review.content["summary_stats"]["price"]["count"] == 2.0


@leaks_clients
@has_infinities
def test_processed_data_that_a_reviewer_refuses_stops_the_pipeline(reader: Reader, sandbox: Sandbox) -> None:
    names = reader.run("Quality assurance workflow:", process_raw_data=processed)
    with (
        answering(sandbox, data_qa={"approved": False, "feedback": "Negative prices"}),
        pytest.raises(ValueError, match="Data QA failed: Negative prices"),
    ):
        names["process_data_with_qa"](ROWS)


@leaks_clients
@pytest.mark.parametrize(
    ("initial", "technical", "outcome", "steps"),
    [
        ({"approved": True, "content": "Draft, edited"}, {"approved": True, "content": "Final"}, "Final", 2),
        ({"approved": True, "content": "Draft, edited"}, {"approved": False}, None, 2),
        ({"approved": False}, {}, None, 1),
    ],
)
def test_reviews_follow_one_another(
    reader: Reader, sandbox: Sandbox, initial: Any, technical: Any, outcome: str | None, steps: int
) -> None:
    workflow = reader.run("Multi-step review process:")["multi_step_review_workflow"]
    with answering(sandbox, initial_review=initial, technical_review=technical):
        assert workflow() == outcome
    reviews = sandbox.client().list_reviews()
    assert len(reviews) == steps
    if steps == 2:
        assert reviews[0].content["content"] == "Draft, edited"


def test_a_client_is_configured_by_the_environment(reader: Reader) -> None:
    exports = dict(
        word.split("=", 1) for word in shlex.split(example("Set configuration via environment:")) if "=" in word
    )
    assert exports == {"HITL_API_KEY": "your_api_key", "HITL_BASE_URL": "https://api.hitl.sh", "HITL_TIMEOUT": "30"}
    with patch.dict(os.environ, exports):
        assert repr(reader.run("Use in code:")["client"]) == "HITLClient(base_url='https://api.hitl.sh')"


def test_a_client_is_configured_by_arguments(reader: Reader) -> None:
    assert repr(reader.run("Advanced client options:")["client"]) == "HITLClient(base_url='https://api.hitl.sh')"


def test_the_api_is_used_efficiently(reader: Reader, sandbox: Sandbox) -> None:
    batch = [{"template_id": "template_123", "content": {"text": f"Content {number}"}} for number in range(3)]
    names = reader.run("Efficient API usage:", HITLClient=HITLClient, AsyncHITLClient=AsyncHITLClient, batch_data=batch)
    assert len(names["reviews"]) == len(sandbox.reviewer.pending()) == 3
    assert asyncio.run(names["process_many_reviews"]()) is None


def test_a_failed_creation_falls_back(reader: Reader, client: HITLClient, caplog: pytest.LogCaptureFixture) -> None:
    import logging

    def told() -> list[str]:
        return [record.getMessage() for record in caplog.records if record.name == "example"]

    given = {"client": client, "HITLError": HITLError, "logger": logging.getLogger("example")}
    create = reader.run("Comprehensive error handling:", **given)["safe_review_creation"]
    assert create({"text": "A draft"}).template_id == "template_123"
    assert create({"picture": b"PNG"}) is None
    assert told()[0].startswith("Failed to create review: ")
    create = reader.run("Comprehensive error handling:", **{**given, "client": None})["safe_review_creation"]
    with pytest.raises(AttributeError):
        create({"text": "A draft"})
    assert told()[1].startswith("Unexpected error: ")


@pytest.mark.parametrize(("environment", "key"), [("production", "prod_key"), ("development", "dev_key")])
def test_the_key_comes_from_a_file(
    reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: str, key: str
) -> None:
    (tmp_path / ".env").write_text("HITL_API_KEY=any\nHITL_PROD_API_KEY=prod_key\nHITL_DEV_API_KEY=dev_key\n")
    # python-dotenv looks beside the program, but under a tracer, such as coverage, in the working directory.
    monkeypatch.chdir(tmp_path)
    with Sandbox([key]) as sandbox, patch.dict(os.environ, HITL_BASE_URL=sandbox.base_url, ENVIRONMENT=environment):
        names = reader.run("Secure API usage:", HITLClient=HITLClient)
        assert names["client"].get_template("template_123").id == "template_123"
