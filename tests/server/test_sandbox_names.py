"""Names of people: one person is one person however the name is spelled, and a stored name shows what it is."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hitl.server.migrations import MIGRATIONS
from hitl.server.primitives.names import clean_name, name_key, person, unique_names
from hitl.testing import Sandbox

YES = [{"name": "approved", "type": "boolean", "required": True}]

# Pairs of spellings of one person.
SPELLINGS = [
    ("ann@example.com", "ANN@Example.com"),
    ("José", "Jose\u0301"),
    ("kim", "k\u200bim"),
    ("kim", "kim\ufeff"),
    ("kim", " kim "),
    ("Kim Lee", "Kim\u00a0Lee"),
    ("Kim Lee", "Kim \t Lee"),
    ("Strauß", "STRAUSS"),
    ("İlker", "ilker"),
    ("ışık", "ISIK".replace("S", "Ş")),
    ("ı\u0301", "Í"),
    ("kim", "ｋｉｍ"),
    ("kim", "𝐤𝐢𝐦"),
    ("ofﬁce", "office"),
    ("kim", "ki\ufe0fm"),
    ("kim", "ki\u034fm"),
    ("kim", "kim\U000e0041"),
    ("kim", "k\u3164im"),
    ("kim", "kim\u2800"),
    ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
    ("한국", "\u1112\u1161\u11ab\u1100\u116e\u11a8"),
    ("kim", "kim\u200e"),
    ("kim", "k\u00adim"),
]
# What no name may hold, and what leaves no name.
REFUSED = ["kim\u202e", "\u2066kim", "k\x00im", "kim\x1b[2J", "kim\x7f", "\ue000kim", "k\ud800im"]
EMPTY = ["", " ", "\u200b", "\u3164", "\u2800", "\ufe0f", "\u0301", "\u00a0\u2003"]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def asked(sandbox: Sandbox, **more: Any) -> str:
    client = sandbox.client()
    template = client.create_template(name="T", fields=YES, settings={"approval_threshold": 2})
    return client.create_review(template.id, {"text": "A"}, **more).id


@pytest.mark.parametrize(("one", "other"), SPELLINGS)
def test_two_spellings_of_a_name_have_one_key_and_stay_clean(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)
    assert name_key(name_key(other)) == name_key(other)
    assert clean_name(clean_name(other)) == clean_name(other)
    assert name_key(clean_name(other)) == name_key(other)
    assert not list(person("name", other))


@pytest.mark.parametrize(("one", "other"), [("Ann", "Anna"), ("kim", "кim"), ("José", "Jose"), ("a b", "ab")])
def test_other_names_are_other_people(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


@pytest.mark.parametrize("name", [*REFUSED, *EMPTY, "é" * 1001])
def test_what_is_no_name_is_refused(name: str) -> None:
    assert len(list(person("name", name))) == 1


def test_a_name_is_stored_as_it_is_shown() -> None:
    assert clean_name(" Jose\u0301\u200b  Díaz\n") == "José Díaz"
    assert unique_names(["Kim", "ann", "KIM\u200b", "Ann"]) == ["Kim", "ann"]


@pytest.mark.parametrize(("one", "other"), SPELLINGS)
def test_one_person_approves_once(sandbox: Sandbox, one: str, other: str) -> None:
    review_id = asked(sandbox)
    sandbox.reviewer.complete(review_id, {"approved": True}, one)
    with pytest.raises(Exception, match="already"):
        sandbox.reviewer.complete(review_id, {"approved": True}, other)
    assert sandbox.client().get_review(review_id).status == "in_progress"


@pytest.mark.parametrize("name", [name for name in REFUSED if name.isascii() or "\ud800" not in name])
def test_a_name_that_misleads_is_stored_nowhere(sandbox: Sandbox, name: str) -> None:
    review_id = asked(sandbox)
    with pytest.raises(Exception, match=r"U\+"):
        sandbox.reviewer.complete(review_id, {"approved": True}, name)
    with pytest.raises(Exception, match=r"U\+"):
        sandbox.client().update_review(review_id, assignees=[name])


def test_assignees_are_kept_once_and_found_by_every_spelling(sandbox: Sandbox) -> None:
    client = sandbox.client()
    review_id = asked(sandbox, assignees=["José", "Jose\u0301", "JOSÉ\u200b"])
    assert client.get_review(review_id).assignees == ["José"]
    assert [review.id for review in client.list_reviews(assignee="jose\u0301")] == [review_id]


def test_the_same_assignees_in_another_spelling_take_the_review_from_nobody(sandbox: Sandbox) -> None:
    review_id = asked(sandbox, assignees=["Kim"])
    sandbox.reviewer.start(review_id, "kim")
    after = sandbox.client().update_review(review_id, assignees=["KIM\u200b"])
    assert (after.status, after.assignees) == ("in_progress", ["Kim"])


def test_a_reviewer_is_stored_in_the_normal_form(sandbox: Sandbox) -> None:
    client = sandbox.client()
    review_id = client.create_review(client.create_template(name="T", fields=YES).id, {"text": "A"}).id
    assert sandbox.reviewer.complete(review_id, {"approved": True}, " Jose\u0301 \u200b").reviewer == "José"


BEFORE_NAMES = 8  # migrations that an older file has had


def test_an_older_file_opens_and_keeps_each_person_once(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with sqlite3.connect(path) as old:
        for step in MIGRATIONS[:BEFORE_NAMES]:
            for statement in step:
                old.execute(statement)
        old.execute("INSERT INTO reviewers (name) VALUES ('kim'), ('Kim'), ('k\u200bim'), ('ann')")
        old.execute(
            "INSERT INTO reviews (id, template_id, status, created_at, updated_at, document) "
            """VALUES ('rev_0', 't', 'assigned', '', '', '{"assignees": ["kim", "KIM"]}')"""
        )
        for name in ("kim", "k\u200bim", "ann"):
            old.execute(
                "INSERT INTO approvals (review_id, reviewer, result, at) VALUES ('rev_0', ?, '{}', '')", (name,)
            )
        old.execute("INSERT INTO teams (id, name, created_at, updated_at) VALUES ('team_1', 'T', '', '')")
        for email in ("kim@example.com", "kim\u200b@example.com"):
            sql = "INSERT INTO team_members (team_id, user_id, email, joined_at) VALUES ('team_1', 'usr_1', ?, '')"
            old.execute(sql, (email,))
        old.execute(f"PRAGMA user_version = {BEFORE_NAMES}")
    old.close()
    with Sandbox(data=path):
        pass
    new = sqlite3.connect(path)
    counts = [
        new.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        for table in ("reviewers", "assignments", "approvals", "team_members")
    ]
    new.close()
    assert counts == [2, 1, 2, 1]
