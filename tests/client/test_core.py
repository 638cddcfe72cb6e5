"""What the clients' methods do, played by script: arguments, batches, pages, templates."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import numpy
import pandas
import pytest
from script import BROKEN, Script, answer, refused, review, reviewed

from hitl._api import Page, PagedList, check_review
from hitl._methods import Methods
from hitl._own_transport import MOST_AT_ONCE
from hitl.exceptions import BatchError, ConfigurationError, ContentError, TemplateNotFoundError, UnexpectedResponseError
from hitl.models import Review, Template

ITEM = {"template_id": "template_123", "content": {"text": "x"}}
FIELD = {"name": "approved", "type": "boolean"}
TEMPLATE = Template("template_123", "T", [FIELD])


@pytest.fixture
def core() -> Methods:
    return Methods({"api_key": "key", "retry_delay": 0})


def body(script: Script, index: int = -1) -> Any:
    return json.loads(script.calls[index].request.body)


def template(*fields: dict[str, Any]) -> Any:
    return answer(200, {"success": True, "data": {"id": "tpl_1", "name": "T", "fields": list(fields)}})


class TestArguments:
    def test_what_is_not_given_is_not_sent(self, core):
        script = Script([reviewed(code=201)])
        script.play(core.create_review({**ITEM, "assignees": None, "priority": None}))
        assert body(script) == ITEM

    @pytest.mark.parametrize("nothing", [float("nan"), numpy.float64("nan"), pandas.NaT, pandas.NA], ids=repr)
    @pytest.mark.parametrize("name", ["assignees", "priority", "due_date", "assignment_strategy", "idempotency_key"])
    def test_what_is_missing_in_a_data_frame_is_not_sent(self, core, name, nothing):
        script = Script([reviewed(code=201)])
        script.play(core.create_review({**ITEM, name: nothing}))
        assert body(script) == ITEM
        check_review({**ITEM, name: nothing})
        with pytest.raises(ConfigurationError, match="template_id must be given"):
            core.create_review({**ITEM, "template_id": nothing})

    def test_everything_that_is_given_is_sent(self, core):
        script = Script([reviewed(code=201)])
        given = {
            **ITEM,
            "assignees": ("a@company.com",),
            "priority": "high",
            "due_date": datetime(2027, 1, 20, 18, tzinfo=UTC),
            "assignment_strategy": "round_robin",
        }
        script.play(core.create_review(given))
        assert body(script) == {
            **ITEM,
            "assignees": ["a@company.com"],
            "priority": "high",
            "due_date": "2027-01-20T18:00:00+00:00",
            "assignment_strategy": "round_robin",
        }

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
            ({"priority": numpy.array(["low", "high"])}, "priority must be one of"),
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
    def test_a_wrong_argument_is_told_before_anything_is_sent(self, core, wrong, says):
        with pytest.raises(ConfigurationError, match=says) as caught:
            Script([]).play(core.create_review({**ITEM, **wrong}))
        assert isinstance(caught.value, ValueError)

    def test_content_without_a_json_form_names_its_place(self, core):
        with pytest.raises(ContentError) as caught:
            core.create_review({**ITEM, "content": {"rows": [{"price": object()}]}})
        assert caught.value.path == "content['rows'][0]['price']"

    @pytest.mark.parametrize("review_id", ["", ".", "..", "a/b", "%2e%2e", "a b", "a\n", "é", "x" * 200, None, 7])
    def test_an_id_that_would_reach_another_url_is_refused(self, core, review_id):
        for flow in (core.get_review, core.cancel_review, core.delete_template):
            with pytest.raises(ConfigurationError, match="must be an id"):
                Script([]).play(flow(review_id))

    def test_an_update_of_nothing_is_refused(self, core):
        with pytest.raises(ConfigurationError, match="nothing to change"):
            core.update_review({"id": "rev_1", "content": None})
        with pytest.raises(ConfigurationError, match="nothing to change"):
            Script([]).play(core.update_template("tpl_1", None, None))

    @pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf"), "soon", True])
    def test_a_wait_needs_a_sensible_timeout(self, core, timeout):
        with pytest.raises(ConfigurationError, match="timeout must be a number of seconds"):
            core.wait_for_review("rev_1", timeout=timeout, poll_interval=1.0)


class TestCancelling:
    def test_the_cancelled_review_is_returned(self, core):
        assert Script([reviewed("cancelled")]).play(core.cancel_review("rev_1")).status == "cancelled"

    @pytest.mark.parametrize("silence", [answer(204, b""), answer(200, {"success": True, "data": None})])
    def test_where_the_server_does_not_say_what_became_of_it_it_is_read(self, core, silence):
        script = Script([silence, reviewed("cancelled")])
        assert script.play(core.cancel_review("rev_1")).status == "cancelled"
        assert [call.request.method for call in script.calls] == ["DELETE", "GET"]


class TestBatches:
    def test_outcomes_come_in_the_order_of_the_items(self, core):
        script = Script(
            [
                lambda call: answer(
                    201, {"success": True, "data": review(content=json.loads(call.request.body)["content"])}
                )
            ]
        )
        made = script.play(core.create_reviews([{**ITEM, "content": {"n": n}} for n in range(5)], 2))
        assert [each.content["n"] for each in made] == [0, 1, 2, 3, 4]

    def test_one_bad_item_never_hides_the_others(self, core):
        script = Script([reviewed(code=201), refused(400, message="Too odd."), reviewed(code=201)])
        with pytest.raises(BatchError, match=r"1 of 3 items failed, .* item 1: .*Too odd") as caught:
            script.play(core.create_reviews([ITEM] * 3, 2))
        assert [type(each).__name__ for each in caught.value.outcomes] == ["Review", "InvalidRequestError", "Review"]
        assert list(caught.value.failures) == [1]

    def test_an_unknown_outcome_of_one_is_an_unknown_outcome_of_the_batch(self, core):
        with pytest.raises(BatchError) as caught:
            Script([BROKEN]).play(core.create_reviews([ITEM], 1))
        assert caught.value.outcome_unknown

    def test_all_items_are_checked_before_the_first_is_sent(self, core):
        with pytest.raises(ConfigurationError, match="create_reviews: item 1: priority must be"):
            core.create_reviews([ITEM, {**ITEM, "priority": "x"}], 2)
        with pytest.raises(ContentError, match=r"item 0: .*content\['x'\]"):
            core.create_reviews([{**ITEM, "content": {"x": object()}}], 2)
        with pytest.raises(ConfigurationError, match="item 0: must be a dict"):
            core.update_reviews(["rev_1"], 2)
        with pytest.raises(ConfigurationError, match="id must be an id"):
            core.update_reviews([{"priority": "high"}], 2)

    def test_an_empty_batch_is_an_empty_list(self, core):
        assert Script([]).play(core.create_reviews([], 2)) == []

    @pytest.mark.parametrize("concurrency", [0, -1, 1001, 2.5, True])
    def test_the_concurrency_is_checked(self, core, concurrency):
        with pytest.raises(ConfigurationError, match="concurrency must be a whole number"):
            core.create_reviews([ITEM], concurrency)

    def test_no_more_are_begun_than_a_client_sends_at_once(self, core):
        assert next(core.create_reviews([ITEM], concurrency=1000)).limit == MOST_AT_ONCE

    def test_many_are_updated_by_their_ids(self, core):
        script = Script([reviewed(review_id="rev_1"), reviewed(review_id="rev_2")])
        script.play(core.update_reviews([{"id": "rev_1", "priority": "high"}, {"id": "rev_2", "priority": "low"}], 2))
        assert [(call.request.method, call.request.path) for call in script.calls] == [
            ("PATCH", "/v1/reviews/rev_1"),
            ("PATCH", "/v1/reviews/rev_2"),
        ]


class TestTemplates:
    def test_an_ellipsis_stands_for_the_fields_that_are_there(self, core):
        script = Script([template(FIELD)])
        new = {"name": "reason", "type": "text"}
        script.play(core.update_template("tpl_1", None, [..., new]))
        assert [call.request.method for call in script.calls] == ["GET", "PATCH"]
        assert body(script) == {"fields": [FIELD, new]}

    def test_fields_without_it_replace_the_list(self, core):
        script = Script([template(FIELD)])
        script.play(core.update_template("tpl_1", None, [FIELD]))
        assert len(script.calls) == 1

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
    def test_a_form_is_checked(self, core, fields, says):
        with pytest.raises(ConfigurationError, match=says):
            core.create_template("T", fields, None)

    def test_attributes_that_are_newer_than_this_package_reach_the_server(self, core):
        script = Script([template(FIELD)])
        script.play(core.create_template("T", [{**FIELD, "sparkle": 3}], None))
        assert body(script)["fields"] == [{**FIELD, "sparkle": 3}]

    def test_deleting_says_nothing_whatever_the_server_says(self, core):
        for said in (answer(204, b""), answer(200, {"success": True, "data": {"id": "tpl_1", "deleted": True}})):
            assert Script([said]).play(core.delete_template("tpl_1")) is None
        with pytest.raises(TemplateNotFoundError):
            Script([answer(404, b"")]).play(core.delete_template("tpl_1"))


def listed(ids: list[str], **meta: Any) -> Any:
    document = {"success": True, "data": [review(review_id=each) for each in ids]}
    if meta:
        document["meta"] = {"request_id": "r", "timestamp": "2026-01-15T10:30:00Z", **meta}
    return answer(200, document)


def pages(core: Methods, script: Script) -> PagedList[Review]:
    page = core.list_reviews({"status": "completed"}, 2)
    return PagedList(lambda offset: script.play(page(offset)))


def paged(offset: int, next_offset: int | None, total: int = 5) -> dict[str, Any]:
    return {
        "pagination": {
            "limit": 2,
            "offset": offset,
            "total": total,
            "has_more": next_offset is not None,
            "next_offset": next_offset,
        }
    }


class TestLists:
    def test_pages_are_fetched_as_they_are_walked(self, core):
        script = Script(
            [listed(["a", "b"], **paged(0, 2)), listed(["c", "d"], **paged(2, 4)), listed(["e"], **paged(4, None))]
        )
        walk = pages(core, script)
        assert len(script.calls) == 1
        assert walk[0].id == "a"
        assert walk
        assert len(script.calls) == 1
        assert walk[2].id == "c"
        assert len(script.calls) == 2
        assert [each.id for each in walk] == ["a", "b", "c", "d", "e"]
        assert [each.id for each in walk] == ["a", "b", "c", "d", "e"]
        assert len(script.calls) == 3
        assert [call.request.query.get("offset") for call in script.calls] == [None, 2, 4]

    def test_it_reads_as_a_list(self, core):
        walk = pages(core, Script([listed(["a", "b"], **paged(0, 2, 3)), listed(["c"], **paged(2, None, 3))]))
        assert repr(walk).endswith(", …]")
        assert len(walk) == 3
        assert walk[-1].id == "c"
        assert [each.id for each in walk[1:]] == ["b", "c"]
        assert walk == list(walk)
        assert walk != "abc"
        assert repr(walk).endswith("')]") or repr(walk).endswith(")]")
        with pytest.raises(IndexError):
            walk[3]

    def test_nothing_is_an_empty_list(self, core):
        walk = pages(core, Script([listed([])]))
        assert not walk
        assert len(walk) == 0

    @pytest.mark.parametrize(
        "document",
        [
            {"success": True, "data": [review()]},
            {"success": True, "data": {"reviews": [review()], "count": 1}},
            {"success": True, "data": {"items": [review()], "total": 1}, "meta": {}},
        ],
    )
    def test_each_likely_form_of_a_list_is_understood(self, core, document):
        assert [each.id for each in pages(core, Script([answer(200, document)]))] == ["rev_1"]

    @pytest.mark.parametrize("data", [[], {"reviews": []}, {"items": [], "total": 0}, {"filters": [], "reviews": []}])
    def test_each_likely_form_of_a_list_may_be_empty(self, core, data):
        assert pages(core, Script([answer(200, {"success": True, "data": data})])) == []

    def test_a_list_in_the_form_of_generation_b_is_walked_by_its_total(self, core):
        def page(ids):
            return answer(
                200, {"success": True, "data": {"reviews": [review(review_id=each) for each in ids], "total": 3}}
            )

        assert [each.id for each in pages(core, Script([page("ab"), page("c")]))] == ["a", "b", "c"]

    def test_a_review_that_moved_to_a_later_page_is_not_given_twice(self, core):
        script = Script(
            [listed(["a", "b"], **paged(0, 2)), listed(["b", "c"], **paged(2, 4)), listed(["d"], **paged(4, None))]
        )
        assert [each.id for each in pages(core, script)] == ["a", "b", "c", "d"]

    def test_a_server_that_ignores_the_offset_is_found_out(self, core):
        with pytest.raises(UnexpectedResponseError, match="repeats the same page"):
            list(pages(core, Script([listed(["a", "b"], pagination={"has_more": True})])))

    def test_a_page_with_a_body_that_is_no_list_is_an_error(self, core):
        with pytest.raises(UnexpectedResponseError):
            pages(core, Script([answer(200, {"success": True, "data": {"count": 0}})]))

    @pytest.mark.parametrize("page_size", [0, 101, "10"])
    def test_the_page_size_is_checked(self, core, page_size):
        with pytest.raises(ConfigurationError, match="page_size"):
            core.list_templates(page_size)

    def test_a_page_is_plain_data(self):
        assert Page([1], None) == Page([1], None)
