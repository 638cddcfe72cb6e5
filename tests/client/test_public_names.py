"""Where public names are found, and that pickles find them in every version."""

from __future__ import annotations

import base64
import inspect
import pickle

import attrs
import pytest

import hitl
from hitl import exceptions
from hitl.models import Outcome, Review, Template

# Review, Template, Outcome and four errors, pickled by the version that had them in modules without rooms.
PICKLED = (
    "gASVlAQAAAAAAABdlCiMC2hpdGwubW9kZWxzlIwGUmV2aWV3lJOUKYGUfZQojAJpZJSMBXJldl8xlIwGc3RhdHVzlIwJY29tcGxldGVklIwLdGVt"
    "cGxhdGVfaWSUjAF0lIwHY29udGVudJR9lIwEdGV4dJSMAWGUc4wKY3JlYXRlZF9hdJSMCGRhdGV0aW1llIwIZGF0ZXRpbWWUk5RDCgfrAQEAAAAA"
    "AACUaBGMCHRpbWV6b25llJOUaBGMCXRpbWVkZWx0YZSTlEsASwBLAIeUUpSFlFKUhpRSlIwGcmVzdWx0lH2UjAhhcHByb3ZlZJSIc4wJYXNzaWdu"
    "ZWVzlF2UjAhwcmlvcml0eZROjAhkdWVfZGF0ZZROjBNhc3NpZ25tZW50X3N0cmF0ZWd5lE6MCHJldmlld2VylE6MCnVwZGF0ZWRfYXSUTowMY29t"
    "cGxldGVkX2F0lE6MB3ZlcnNpb26USwOMBWV4dHJhlH2UjANuZXeUSwFzdWJoAYwIVGVtcGxhdGWUk5QpgZR9lChoBowFdHBsXzGUjARuYW1llIwB"
    "VJSMBmZpZWxkc5RdlH2UKGgzaA+MBHR5cGWUaA51YYwLZGVzY3JpcHRpb26UTowIc2V0dGluZ3OUTowHc3R5bGluZ5ROjAp2YWxpZGF0aW9ulE6M"
    "CGNhdGVnb3J5lE6MBHRhZ3OUXZRoJE5oKk6MCWNoYW5nZWxvZ5RdlIwKZGVwcmVjYXRlZJROjA9taWdyYXRpb25fZ3VpZGWUTmgQTmgoTmgrfZR1"
    "YmgBjAdPdXRjb21llJOUKYGUfZQojAVpbmRleJRLAIwEaXRlbZR9lGgPSwFzjAZyZXZpZXeUaASMBWVycm9ylE6MD2lkZW1wb3RlbmN5X2tleZSM"
    "A2tleZR1YowPaGl0bC5leGNlcHRpb25zlIwTUmV2aWV3Tm90Rm91bmRFcnJvcpSTlIwSY3JlYXRlX3Jldmlldzogbm8ulIWUUpR9lCiMB21lc3Nh"
    "Z2WUaFOMCGF0dGVtcHRzlEsCjApyZXF1ZXN0X2lklIwFcmVxXzGUjAtyZXRyeV9hZnRlcpROjAlyZXRyeWFibGWUiYwEc2VudJSMA3llc5SMD291"
    "dGNvbWVfdW5rbm93bpSJaE5OjAtzdGF0dXNfY29kZZRNlAGMBGNvZGWUjBByZXZpZXdfbm90X2ZvdW5klIwHZGV0YWlsc5ROjARib2R5lE51YmhQ"
    "jBBXYWl0VGltZW91dEVycm9ylJOUjAVMYXRlLpSFlFKUfZQoaFdoZ2hYSwBoWU5oW05oXIloXYwCbm+UaF+JaE5OaExoBIwKbGFzdF9lcnJvcpRO"
    "jAdwZW5kaW5nlF2UaAdhjAdyZXZpZXdzlF2UaARhdWJoUIwKQmF0Y2hFcnJvcpSTlIwMU29tZSBmYWlsZWQulIWUUpR9lChoV2hzaFhLAGhZTmhb"
    "TmhciWhdaGtoX4loTk6MCG91dGNvbWVzlF2UKGgEaFVldWJoUIwQQmF0Y2hJbnRlcnJ1cHRlZJSTlIwIU3RvcHBlZC6UhZRSlH2UKGhXaHtod12U"
    "aARhdWJlLg=="
)


def test_public_classes_say_where_users_import_them_from() -> None:
    for name in hitl.__all__:
        value = getattr(hitl, name)
        kind = value if inspect.isclass(value) else type(value)
        assert kind.__module__ in ("hitl", "hitl.models", "hitl.exceptions", "builtins"), name
    assert {getattr(exceptions, name).__module__ for name in exceptions.__all__} == {"hitl.exceptions"}


def test_pickles_of_an_earlier_version_are_read() -> None:
    review, template, outcome, not_found, late, failed, interrupted = pickle.loads(base64.b64decode(PICKLED))
    assert (type(review), review.id, review.version, review.extra) == (Review, "rev_1", 3, {"new": 1})
    assert (type(template), template.fields) == (Template, [{"name": "a", "type": "text"}])
    assert (type(outcome), outcome.review, outcome.idempotency_key) == (Outcome, review, "key")
    assert type(not_found) is exceptions.ReviewNotFoundError
    assert (not_found.status_code, not_found.attempts, not_found.sent) == (404, 2, "yes")
    assert (type(late), late.review, late.pending) == (exceptions.WaitTimeoutError, review, ["rev_1"])
    assert (type(failed), failed.outcomes[0]) == (exceptions.BatchError, review)
    assert (type(interrupted), interrupted.outcomes) == (exceptions.BatchInterrupted, [review])


@pytest.mark.parametrize("value", [hitl.ALL, hitl.PagedList, hitl.Completions, hitl.HITLClient, hitl.WaitBudgetWarning])
def test_public_names_are_pickled_by_their_public_path(value: object) -> None:
    assert pickle.loads(pickle.dumps(value)) is value


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_models_survive_pickling(protocol: int) -> None:
    values = pickle.loads(base64.b64decode(PICKLED))[:3]
    assert pickle.loads(pickle.dumps(values, protocol)) == values


def test_a_pickle_of_a_version_that_had_fewer_attributes_is_read() -> None:
    [review, *_] = pickle.loads(base64.b64decode(PICKLED))
    state = {name: value for name, value in vars(review).items() if name not in ("version", "due_date")}
    earlier = Review.__new__(Review)
    earlier.__setstate__(state)
    assert earlier == attrs.evolve(review, version=None, due_date=None)
