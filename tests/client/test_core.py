"""What the clients' methods do before a scripted server: arguments, batches, pages, templates."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from script import answer, review, reviewed
from scripted import ScriptedClient, scripted

from hitl.exceptions import ConfigurationError, ContentError, TemplateNotFoundError, UnexpectedResponseError
from hitl.models import Template

ITEM = {"template_id": "template_123", "content": {"text": "x"}}
FIELD = {"name": "approved", "type": "boolean"}
TEMPLATE = Template("template_123", "T", [FIELD])


def template(*fields: dict[str, Any]) -> Any:
    return answer(200, {"success": True, "data": {"id": "tpl_1", "name": "T", "fields": list(fields)}})


class TestArguments:
    def test_what_is_not_given_is_not_sent(self):
        client = scripted(reviewed(code=201))
        client.create_review(**ITEM, assignees=None, priority=None)
        assert client.bodies == [ITEM]

    def test_everything_that_is_given_is_sent(self):
        client = scripted(reviewed(code=201))
        due = datetime(2027, 1, 20, 18, tzinfo=UTC)
        given = {"priority": "high", "assignment_strategy": "round_robin"}
        client.create_review(**ITEM, **given, assignees=("a@company.com",), due_date=due)
        assert client.bodies == [{**ITEM, **given, "assignees": ["a@company.com"], "due_date": due.isoformat()}]

    @pytest.mark.parametrize(
        ("wrong", "says"),
        [
            ({"template_id": ""}, "template_id must be an id"),
            ({"template_id": None}, "template_id must be given"),
            ({"template_id": None, "template": "content_review"}, "unknown: template; known are template_id"),
            ({"template_id": TEMPLATE}, "template_id must be an id .*; give its id$"),
            ({"content": None}, "content must be given"),
            ({"content": "text"}, "content must be a dict"),
            ({"content": ["text"]}, "content must be a dict"),
            ({"assignees": "a@company.com"}, "assignees must be a list"),
            ({"assignees": [""]}, r"assignees\[0\]"),
            ({"assignees": 3}, "assignees must be a list"),
            ({"priority": "hgih"}, "priority must be one of high, low, medium, normal; got 'hgih'"),
            ({"due_date": "tomorrow"}, "due_date must be a datetime"),
            ({"due_date": date(2027, 1, 1)}, "due_date must be a datetime"),
            ({"due_date": "2027-01-01T00:00:00"}, "due_date needs a time zone"),
            ({"due_date": datetime(2027, 1, 1)}, "due_date needs a time zone"),
            ({"assignment_strategy": "whoever"}, "assignment_strategy must be one of"),
            ({"idempotency_key": "two words"}, "idempotency_key must be"),
            ({"idempotency_key": ""}, "idempotency_key must be"),
            ({"prioriti": "high"}, "unknown: prioriti; known are template_id, content"),
        ],
    )
    def test_a_wrong_argument_is_reported_before_anything_is_sent(self, wrong, says):
        client = scripted()
        with pytest.raises(ConfigurationError, match=says) as caught:
            client.create_reviews([{**ITEM, **wrong}])
        assert isinstance(caught.value, ValueError)
        assert not client.calls

    def test_an_update_of_nothing_is_refused(self):
        with pytest.raises(ConfigurationError, match="nothing to change"):
            scripted().update_review("rev_1")
        with pytest.raises(ConfigurationError, match="nothing to change"):
            scripted().update_template("tpl_1")

    @pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf"), "soon", True])
    def test_a_wait_needs_a_sensible_timeout(self, timeout):
        with pytest.raises(ConfigurationError, match="timeout must be a number of seconds"):
            scripted().wait_for_review("rev_1", timeout)


class TestCancelling:
    def test_the_cancelled_review_is_returned(self):
        assert scripted(reviewed("cancelled")).cancel_review("rev_1").status == "cancelled"

    @pytest.mark.parametrize(
        "silence",
        [
            answer(204, b""),
            answer(200, {"success": True, "data": None}),
            answer(204, b"", content_type="text/html; charset=latin-1"),
        ],
    )
    def test_a_response_without_the_review_is_followed_by_a_read(self, silence):
        client = scripted(silence, reviewed("cancelled"))
        assert client.cancel_review("rev_1").status == "cancelled"
        assert [request.method for request in client.sent] == ["DELETE", "GET"]


class TestBatches:
    def test_outcomes_come_in_the_order_of_the_items(self):
        def created(call):
            return answer(201, {"success": True, "data": review(content=json.loads(call.request.body)["content"])})

        made = scripted(created).create_reviews([{**ITEM, "content": {"n": n}} for n in range(5)], concurrency=2)
        assert [each.content["n"] for each in made] == [0, 1, 2, 3, 4]

    def test_all_items_are_checked_before_the_first_is_sent(self):
        client = scripted()
        with pytest.raises(ConfigurationError, match="create_reviews: item 1: priority must be"):
            client.create_reviews([ITEM, {**ITEM, "priority": "x"}])
        with pytest.raises(ContentError, match=r"item 0: .*content\['x'\]"):
            client.create_reviews([{**ITEM, "content": {"x": object()}}])
        with pytest.raises(ConfigurationError, match="item 0: must be a dict"):
            client.update_reviews(["rev_1"])
        with pytest.raises(ConfigurationError, match="id must be an id"):
            client.update_reviews([{"priority": "high"}])
        assert not client.calls

    def test_an_empty_batch_is_an_empty_list(self):
        assert scripted().create_reviews([]) == []

    @pytest.mark.parametrize("concurrency", [0, -1, 1001, 2.5, True])
    def test_the_concurrency_is_checked(self, concurrency):
        with pytest.raises(ConfigurationError, match="concurrency must be a whole number"):
            scripted().create_reviews([ITEM], concurrency=concurrency)

    def test_no_more_are_begun_than_a_client_sends_at_once(self):
        flow = scripted()._methods.create_reviews([ITEM], concurrency=1000)
        assert next(flow).limit == 100

    def test_many_are_updated_by_their_ids(self):
        client = scripted(reviewed(review_id="rev_1"), reviewed(review_id="rev_2"))
        client.update_reviews([{"id": "rev_1", "priority": "high"}, {"id": "rev_2", "priority": "low"}])
        assert [(request.method, request.path) for request in client.sent] == [
            ("PATCH", "/v1/reviews/rev_1"),
            ("PATCH", "/v1/reviews/rev_2"),
        ]


class TestTemplates:
    def test_an_ellipsis_stands_for_the_fields_that_are_there(self):
        client = scripted(template(FIELD))
        new = {"name": "reason", "type": "text"}
        client.update_template("tpl_1", fields=[..., new])
        assert [request.method for request in client.sent] == ["GET", "PATCH"]
        assert json.loads(client.sent[-1].body) == {"fields": [FIELD, new]}

    def test_fields_without_it_replace_the_list(self):
        client = scripted(template(FIELD))
        client.update_template("tpl_1", fields=[FIELD])
        assert len(client.calls) == 1

    @pytest.mark.parametrize(
        ("fields", "says"),
        [
            ("text", "fields must be a list"),
            ({"name": "a"}, "fields must be a list"),
            (None, "fields must be a list"),
            ([{"type": "text"}], r"fields\[0\]\['name'\] must be"),
            ([{"name": "a"}], r"fields\[0\]\['type'\] must be"),
            (["text"], r"fields\[0\] must be a dict"),
        ],
    )
    def test_a_form_is_checked(self, fields, says):
        with pytest.raises(ConfigurationError, match=says):
            scripted().create_template("T", fields)

    def test_attributes_that_are_newer_than_this_package_reach_the_server(self):
        client = scripted(template(FIELD))
        client.create_template("T", [{**FIELD, "sparkle": 3}])
        assert client.bodies == [{"name": "T", "fields": [{**FIELD, "sparkle": 3}]}]

    def test_deleting_returns_none_whatever_the_server_says(self):
        for said in (answer(204, b""), answer(200, {"success": True, "data": {"id": "tpl_1", "deleted": True}})):
            assert scripted(said).delete_template("tpl_1") is None
        with pytest.raises(TemplateNotFoundError):
            scripted(answer(404, b"")).delete_template("tpl_1")


def listed(ids: list[str], **meta: Any) -> Any:
    document = {"success": True, "data": [review(review_id=each) for each in ids]}
    if meta:
        document["meta"] = {"request_id": "r", "timestamp": "2026-01-15T10:30:00Z", **meta}
    return answer(200, document)


def ids_of(client: ScriptedClient) -> list[str]:
    return [each.id for each in client.list_reviews(page_size=2)]


def paged(offset: int, next_offset: int | None, total: int = 5) -> dict[str, Any]:
    has_more = next_offset is not None
    return {
        "pagination": {"limit": 2, "offset": offset, "total": total, "has_more": has_more, "next_offset": next_offset}
    }


class TestLists:
    def test_pages_are_fetched_as_they_are_walked(self):
        client = scripted(
            listed(["a", "b"], **paged(0, 2)), listed(["c", "d"], **paged(2, 4)), listed(["e"], **paged(4, None))
        )
        walk = client.list_reviews(page_size=2)
        assert len(client.calls) == 1
        assert walk[0].id == "a"
        assert walk
        assert len(client.calls) == 1
        assert walk[2].id == "c"
        assert len(client.calls) == 2
        assert [each.id for each in walk] == ["a", "b", "c", "d", "e"]
        assert [each.id for each in walk] == ["a", "b", "c", "d", "e"]
        assert len(client.calls) == 3
        assert [call.request.query.get("offset") for call in client.calls] == [None, 1, 3]  # from what is known

    def test_it_reads_as_a_list(self):
        walk = scripted(listed(["a", "b"], **paged(0, 2, 3)), listed(["c"], **paged(2, None, 3))).list_reviews()
        assert repr(walk).endswith(", …]")
        assert len(walk) == 3
        assert walk[-1].id == "c"
        assert [each.id for each in walk[1:]] == ["b", "c"]
        assert walk == list(walk)
        assert walk != "abc"
        assert repr(walk).endswith(")]")
        with pytest.raises(IndexError):
            walk[3]

    def test_nothing_is_an_empty_list(self):
        walk = scripted(listed([])).list_reviews()
        assert not walk
        assert len(walk) == 0

    @pytest.mark.parametrize(
        ("data", "ids"),
        [
            ([review()], ["rev_1"]),
            ({"reviews": [review()], "count": 1}, ["rev_1"]),
            ({"items": [review()], "total": 1}, ["rev_1"]),
            *((none, []) for none in ([], {"reviews": []}, {"items": [], "total": 0}, {"filters": [], "reviews": []})),
        ],
    )
    def test_each_likely_form_of_a_list_is_understood(self, data, ids):
        assert ids_of(scripted(answer(200, {"success": True, "data": data, "meta": {}}))) == ids

    def test_a_list_in_the_form_of_generation_b_is_walked_by_its_total(self):
        def page(ids):
            return answer(
                200, {"success": True, "data": {"reviews": [review(review_id=each) for each in ids], "total": 3}}
            )

        assert ids_of(scripted(page("ab"), page("c"))) == ["a", "b", "c"]

    def test_a_review_that_moved_to_a_later_page_is_not_given_twice(self):
        client = scripted(
            listed(["a", "b"], **paged(0, 2)), listed(["b", "c"], **paged(2, 4)), listed(["d"], **paged(4, None))
        )
        assert ids_of(client) == ["a", "b", "c", "d"]

    def test_a_server_that_ignores_the_offset_is_found_out(self):
        with pytest.raises(UnexpectedResponseError, match="repeats the same page"):
            ids_of(scripted(listed(["a", "b"], pagination={"has_more": True})))

    def test_a_page_with_a_body_that_is_no_list_is_an_error(self):
        with pytest.raises(UnexpectedResponseError):
            ids_of(scripted(answer(200, {"success": True, "data": {"count": 0}})))

    @pytest.mark.parametrize("page_size", [0, 101, "10"])
    def test_the_page_size_is_checked(self, page_size):
        with pytest.raises(ConfigurationError, match="page_size"):
            scripted().list_templates(page_size=page_size)
