from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from team import Team, running_team, token_in


@pytest.fixture
def team() -> Iterator[Team]:
    with running_team() as team:
        yield team


def sent(page: str, **fields: str) -> dict[str, str]:
    return {"form_token": token_in(page), **fields}


def test_an_admin_makes_a_key_which_is_shown_once(team: Team) -> None:
    admin, ann = team.signed_in("admin@example.com", "admin"), team.person("ann@example.com")
    page = admin.get("/inbox/api-keys").text
    assert "No program has a key yet" in page
    fields = sent(page, name="billing agent", owner=ann.id, scope="read", expires="30d")
    made = admin.post("/inbox/api-keys/create", data=fields).text
    (text,) = re.findall(r"hitl_live_[0-9a-f]{48}", made)
    again = admin.get("/inbox/api-keys").text
    assert text not in again
    assert text[:14] in again
    assert "ann@example.com" in again
    caller = team.server.keys.caller(f"Bearer {text}")
    assert caller is not None
    assert caller.scopes == {"read"}
    assert team.server.audit.entries()[-1].actor_id == team.person("admin@example.com").id


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": "", "owner": "nobody"}, "A key needs a name"),
        ({"name": "agent", "owner": ""}, "Choose who answers for the key"),
        ({"name": "agent", "owner": "usr_1"}, "There is no reviewer"),
        ({"name": "agent", "owner": "nobody", "scope": "answer"}, "is no scope"),
        ({"name": "agent", "owner": "nobody", "expires": "soon"}, "is no length of time"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(team: Team, fields: dict[str, str], message: str) -> None:
    admin = team.signed_in("admin@example.com", "admin")
    answer = admin.post("/inbox/api-keys/create", data=sent(admin.get("/inbox/api-keys").text, **fields))
    assert answer.status_code in (400, 404)
    assert message in answer.text
    assert f'value="{fields["name"]}"' in answer.text
    assert team.server.keys.all() == []


def test_an_admin_revokes_a_key(team: Team) -> None:
    key, text = team.server.keys.create("agent", owner=None)
    admin = team.signed_in("admin@example.com", "admin")
    page = admin.get("/inbox/api-keys").text
    assert admin.post(f"/inbox/api-keys/{key.id}/revoke", data=sent(page)).status_code == 303
    assert team.server.keys.caller(f"Bearer {text}") is None
    assert "revoked" in admin.get("/inbox/api-keys").text


@pytest.mark.parametrize("role", ["reviewer", "lead"])
def test_nobody_else_has_the_page(team: Team, role: str) -> None:
    key, _ = team.server.keys.create("agent", owner=None)
    browser = team.signed_in("ann@example.com", role)  # type: ignore[arg-type]
    inbox = browser.get("/inbox/")
    assert "api-keys" not in inbox.text
    assert browser.get("/inbox/api-keys").status_code == 404
    fields = sent(inbox.text, name="mine", owner="nobody")
    assert browser.post("/inbox/api-keys/create", data=fields).status_code == 404
    assert browser.post(f"/inbox/api-keys/{key.id}/revoke", data=fields).status_code == 404
    assert [each.revoked_at for each in team.server.keys.all()] == [None]


def test_the_owner_of_a_key_cannot_answer_what_it_asks(team: Team) -> None:
    ann = team.signed_in("ann@example.com")
    _, text = team.server.keys.create("agent", owner="ann@example.com")
    caller = team.server.keys.caller(f"Bearer {text}")
    assert caller is not None
    body = {"template_id": "template_123", "content": {"text": "A draft"}}
    review = team.server.reviews.create_review(body, actor=caller.actor).document
    page = ann.get(f"/inbox/reviews/{review['id']}").text
    assert "You asked for this yourself" in page
    answer = ann.post(
        f"/inbox/reviews/{review['id']}/answer",
        data=sent(page, version="1", decision="approve", reviewer="bob@example.com"),
    )
    assert answer.status_code == 403
    assert team.server.reviews.get_review(review["id"])["status"] == "created"
