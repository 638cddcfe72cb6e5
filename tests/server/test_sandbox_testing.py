from __future__ import annotations

import importlib
import sys

import httpx
import pytest

from hitl.exceptions import (
    AuthenticationError,
    ConfigurationError,
    ConflictError,
    ContentError,
    InvalidRequestError,
    ReviewNotFoundError,
)
from hitl.models import Review
from hitl.testing import Sandbox

REVIEW = {"template_id": "template_123", "content": {"text": "A draft"}}


def ask(sandbox: Sandbox) -> Review:
    return sandbox.client().create_review(template_id="template_123", content={"text": "A draft"})


def test_a_client_asks_and_the_reviewer_answers(sandbox: Sandbox) -> None:
    client = sandbox.client()
    review = client.create_review(template_id="template_123", content={"text": "A draft"})
    assert [pending.id for pending in sandbox.reviewer.pending()] == [review.id]
    assert sandbox.reviewer.start(review).state == "in_progress"
    answered = sandbox.reviewer.complete(review, {"approved": True}, "ann@example.com")
    assert (answered.status, answered.reviewer) == ("completed", "ann@example.com")
    assert client.get_review(review.id).result == {"approved": True}
    assert sandbox.reviewer.pending() == []


def test_a_review_is_named_by_itself_or_by_its_id(sandbox: Sandbox) -> None:
    first, second = ask(sandbox), ask(sandbox)
    assert sandbox.reviewer.reject(first).status == "rejected"
    assert sandbox.reviewer.reject(second.id, {"feedback": "Too long"}).result == {"feedback": "Too long"}


def test_pending_reviews_come_oldest_first_however_many_there_are(sandbox: Sandbox) -> None:
    for _ in range(60):
        ask(sandbox)
    assert [review.id for review in sandbox.reviewer.pending()] == [f"rev_{number}" for number in range(1, 61)]


def test_what_the_server_would_refuse_raises_what_the_client_would_raise(sandbox: Sandbox) -> None:
    with pytest.raises(ReviewNotFoundError, match="no review 'rev_9'"):
        sandbox.reviewer.start("rev_9")
    review = ask(sandbox)
    with pytest.raises(InvalidRequestError, match="approved: must be true or false") as caught:
        sandbox.reviewer.complete(review, {"approved": "yes"})
    assert (caught.value.status_code, caught.value.details["field"]) == (400, "approved")
    sandbox.reviewer.reject(review)
    with pytest.raises(ConflictError, match="already rejected"):
        sandbox.reviewer.complete(review, {"approved": True})


@pytest.mark.parametrize("value", [float("nan"), object(), {1, 2}])
def test_an_answer_that_no_reviewer_could_send_is_refused(sandbox: Sandbox, value: object) -> None:
    with pytest.raises(ContentError, match="no JSON form"):
        sandbox.reviewer.complete(ask(sandbox), {"approved": True, "mood": value})


@pytest.mark.anyio
async def test_it_serves_asynchronous_clients_on_the_same_event_loop() -> None:
    async with Sandbox() as sandbox:
        client = sandbox.async_client()
        review = await client.create_review(template_id="template_123", content={"text": "A draft"})
        sandbox.reviewer.complete(review, {"approved": True})
        assert (await client.wait_for_review(review.id)).result == {"approved": True}


def test_clients_take_further_settings_and_close_with_the_sandbox() -> None:
    with Sandbox(["right"]) as sandbox:
        client = sandbox.client(api_key="wrong", max_retries=0)
        with pytest.raises(AuthenticationError):
            client.get_review("rev_1")


def test_every_given_key_is_let_in_and_the_first_is_the_sandboxs_own() -> None:
    with Sandbox(["one", "two"]) as sandbox:
        assert sandbox.api_key == "one"
        for key in ("one", "two"):
            sandbox.client(api_key=key).list_templates()


@pytest.mark.parametrize(
    "settings",
    [
        {"host": "0.0.0.0"},
        {"api_keys": ["two words"]},
        {"templates": [{"id": "mine"}]},
        {"data": "/no/such/folder/file"},
    ],
)
def test_settings_that_cannot_work_are_configuration_errors(settings: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError):
        Sandbox(**settings)  # type: ignore[arg-type]


def test_it_tells_where_it_is(sandbox: Sandbox) -> None:
    assert repr(sandbox) == f"<Sandbox at {sandbox.base_url}>"
    assert sandbox.inbox_url.startswith(f"{sandbox.base_url}/inbox/")
    assert httpx.get(sandbox.inbox_url, follow_redirects=True).status_code == 200
    assert sandbox.api_key not in repr(sandbox)


def test_closing_twice_or_without_having_started_is_fine() -> None:
    with Sandbox() as sandbox:
        pass
    sandbox.close()
    Sandbox().close()


def test_a_sandbox_is_entered_only_once(sandbox: Sandbox) -> None:
    with pytest.raises(RuntimeError, match="create a new one"):
        sandbox.start()


def test_without_the_extra_the_import_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("hitl.testing") or name == "hitl.server.http.server"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(ImportError, match=r"hitl\.testing needs the sandbox .*with its 'sandbox' extra"):
        importlib.import_module("hitl.testing").Sandbox  # noqa: B018
