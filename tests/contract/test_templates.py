"""Templates, through both clients."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from both_clients import Clock
from requests_fit import Recorder

from hitl import HITLClient
from hitl.exceptions import ConfigurationError, ConflictError, InvalidRequestError, TemplateNotFoundError
from hitl.testing import Sandbox

APPROVAL = {"name": "approval", "type": "boolean", "label": "Approve content", "required": True}
FEEDBACK = {"name": "feedback", "type": "text", "label": "Feedback or comments", "required": False}

EVERYTHING: dict[str, Any] = {
    "name": "Content Review",
    "fields": [APPROVAL, FEEDBACK],
    "description": "Judge an article.",
    "settings": {"auto_assign": True, "assignment_strategy": "round_robin", "timeout_hours": 24},
    "styling": {"primary_color": "#0066cc"},
    "validation": {
        "rules": [{"condition": "approval == false", "required_fields": ["feedback"], "message": "Say why"}]
    },
    "category": "content",
    "tags": ["articles", "blog"],
    "priority": "high",
    "version": "1.2.0",
}


def test_a_template_is_created_with_everything_that_was_given(client: HITLClient) -> None:
    template = client.create_template(**EVERYTHING)
    told = {name: getattr(template, name) for name in EVERYTHING}
    assert told == EVERYTHING
    assert client.get_template(template.id) == template


def test_the_templates_of_the_documentation_are_there(client: HITLClient) -> None:
    names = [field["name"] for field in client.get_template("content_moderation").fields]
    assert {"text", "approved"} <= set(names)


def test_an_update_replaces_what_it_names_and_leaves_the_rest(client: HITLClient, clock: Clock) -> None:
    template = client.create_template(**EVERYTHING)
    clock.advance(minutes=1)
    updated = client.update_template(template.id, name="Article review", fields=[FEEDBACK, APPROVAL], tags=["news"])
    assert (updated.name, updated.fields, updated.tags) == ("Article review", [FEEDBACK, APPROVAL], ["news"])
    assert (updated.description, updated.settings) == (template.description, template.settings)
    assert updated.created_at == template.created_at
    assert updated.updated_at is not None
    assert template.updated_at is not None
    assert updated.updated_at - template.updated_at == timedelta(minutes=1)


def test_three_dots_stand_for_the_fields_that_are_there(client: HITLClient) -> None:
    template = client.create_template("Content Review", [APPROVAL])
    assert client.update_template(template.id, fields=[...]).fields == [APPROVAL]
    assert client.update_template(template.id, fields=[..., FEEDBACK]).fields == [APPROVAL, FEEDBACK]


def test_a_changed_form_holds_for_open_reviews(client: HITLClient, sandbox: Sandbox) -> None:
    template = client.create_template("Content Review", [APPROVAL])
    review = client.create_review(template.id, {"text": "A draft"})
    client.update_template(template.id, fields=[{**APPROVAL, "name": "fit_to_print"}])
    with pytest.raises(InvalidRequestError, match="fit_to_print"):
        sandbox.reviewer.complete(review, {"approval": True})
    sandbox.reviewer.complete(review, {"fit_to_print": True})


def test_reviews_expire_after_the_hours_that_their_template_gives_them(client: HITLClient, clock: Clock) -> None:
    template = client.create_template("Content Review", [APPROVAL], settings={"timeout_hours": 24})
    review = client.create_review(template.id, {"text": "A draft"})
    clock.advance(hours=24)
    assert client.get_review(review.id).status == "expired"


def test_a_deleted_template_is_gone(client: HITLClient) -> None:
    template = client.create_template("Content Review", [APPROVAL])
    client.delete_template(template.id)
    for ask in (client.get_template, client.delete_template):
        with pytest.raises(TemplateNotFoundError, match=template.id) as caught:
            ask(template.id)
        assert (caught.value.status_code, caught.value.code) == (404, "template_not_found")


def test_a_template_that_an_open_review_needs_stays(client: HITLClient) -> None:
    template = client.create_template("Content Review", [APPROVAL])
    review = client.create_review(template.id, {"text": "A draft"})
    with pytest.raises(ConflictError, match="open review"):
        client.delete_template(template.id)
    client.cancel_review(review.id)
    client.delete_template(template.id)


def test_the_same_idempotency_key_makes_one_template(client: HITLClient, recorder: Recorder) -> None:
    first, again = (client.create_template("Form", [APPROVAL], idempotency_key="form-1") for _ in range(2))
    assert first == again
    assert recorder.exchanges[1].response.headers["Idempotent-Replayed"] == "true"


def test_an_option_may_be_its_text_alone(client: HITLClient) -> None:
    choice = {
        "name": "kind",
        "type": "select",
        "options": ["keep", {"value": "delete", "label": "Delete it"}, {"value": "x"}],
    }
    [made] = client.create_template("Choice", [choice]).fields
    assert made["options"] == [
        {"value": "keep", "label": "keep"},
        {"value": "delete", "label": "Delete it"},
        {"value": "x", "label": "x"},
    ]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"settings": "x"}, "settings must be a dict"),
        ({"styling": [1]}, "styling must be a dict"),
        ({"validation": {"rules": {"condition": "x"}}}, "validation['rules'] must be a list"),
        ({"validation": {"rules": ["x"]}}, "validation['rules'][0] must be a dict"),
        ({"validation": {"rules": [{"message": "x"}]}}, "validation['rules'][0]['condition'] must be a text"),
        ({"tags": "news"}, "tags must be a list of texts"),
        ({"description": 1}, "description must be a text"),
        ({"priority": "urgent"}, "priority must be one of"),
        ({"fields": [{**APPROVAL, "conditional": True}]}, "fields[0]['conditional'] must be a dict"),
        ({"fields": [{**APPROVAL, "validation": "x"}]}, "fields[0]['validation'] must be a dict"),
        ({"fields": [{**APPROVAL, "options": "ab"}]}, "fields[0]['options'] must be a list"),
        ({"fields": [{**APPROVAL, "options": [1]}]}, "fields[0]['options'][0] must be a dict"),
        ({"fields": [{**APPROVAL, "options": [{"label": "x"}]}]}, "fields[0]['options'][0]['value'] must be a text"),
    ],
)
def test_a_part_of_another_kind_is_refused_before_it_is_sent(
    client: HITLClient, wrong: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(said)):
        client.create_template(**{"name": "Wrong", "fields": [APPROVAL], **wrong})
    with pytest.raises(ConfigurationError, match=re.escape(said)):
        client.update_template("content_review", **wrong)
