"""The API key is shown nowhere; and what would show it is refused."""

from __future__ import annotations

import copy
import pickle

import attrs
import pytest
from exposure import attributes, locals_of, shows

from hitl import AsyncHITLClient, HITLClient
from hitl._config import resolve
from hitl._secret import Secret
from hitl.exceptions import ConfigurationError

KEY = "hitl_secret_0123456789"
LOCAL = "http://127.0.0.1:4010"


def is_shown_by(value: object) -> bool:
    return any(shows(each, KEY) for each in attributes(value))


class TestSecret:
    def test_only_reveal_shows_it(self):
        secret = Secret(KEY)
        assert secret.reveal() == KEY
        for shown in (repr(secret), str(secret), f"{secret}", f"{secret:>40}", f"{secret!r}", [secret]):
            assert KEY not in repr(shown)
        assert not is_shown_by(secret)
        with pytest.raises(TypeError):
            vars(secret)

    @pytest.mark.parametrize("attempt", [pickle.dumps, copy.copy, copy.deepcopy])
    def test_it_is_neither_pickled_nor_copied(self, attempt):
        with pytest.raises(TypeError, match="neither pickled nor copied") as caught:
            attempt(Secret(KEY))
        assert KEY not in str(caught.value)

    def test_it_compares_with_its_like(self):
        assert Secret(KEY) == Secret(KEY)
        assert Secret(KEY) != Secret("other")
        assert Secret(KEY) != KEY
        assert len({Secret(KEY), Secret(KEY)}) == 1
        assert Secret("é\ud800") == Secret("é\ud800")

    def test_it_is_masked_in_a_text(self):
        assert Secret(KEY).hide_in(f"got {KEY!r}") == "got '***'"
        assert Secret("key").hide_in("a key") == "a key"


class TestSettings:
    def test_they_do_not_show_it(self):
        settings = resolve({"api_key": KEY}, {})
        assert settings == resolve({"api_key": Secret(KEY)}, {})
        assert settings.api_key.reveal() == KEY
        assert not is_shown_by(settings)
        assert KEY not in repr(attrs.asdict(settings))
        with pytest.raises(TypeError, match="neither pickled nor copied"):
            pickle.dumps(settings)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"base_url": KEY},
            {"base_url": f"http://{KEY}@host"},
            {"base_url": f"http://host:{KEY}"},
            {"base_url": f"http://host/?key={KEY}"},
            {"base_url": f"http://[{KEY}"},
            {"user_agent": f"{KEY}\n"},
            {"timeout": KEY},
            {"max_retries": KEY},
            {"retry_delay": [KEY]},
            {"idempotency": KEY},
            {"request_timeout": KEY},
        ],
    )
    def test_a_key_in_the_wrong_place_is_not_shown(self, wrong):
        with pytest.raises(ConfigurationError) as caught:
            resolve({"api_key": KEY, **wrong}, {})
        assert KEY not in str(caught.value)
        assert caught.value.__context__ is None

    @pytest.mark.parametrize(
        "key", [f"{KEY}\n", f"\t{KEY}", f"{KEY}é", f"{KEY} x", f"{KEY}\x00", KEY.encode(), [KEY], {KEY: 1}]
    )
    @pytest.mark.parametrize("client", [HITLClient, AsyncHITLClient])
    def test_a_malformed_key_is_shown_neither_by_the_error_nor_by_its_traceback(self, client, key):
        with pytest.raises(ConfigurationError, match="api_key must be") as caught:
            client(key)
        assert KEY not in locals_of(caught.value)
        assert KEY.encode() not in pickle.dumps(caught.value)
        assert not is_shown_by(caught.value)

    @pytest.mark.parametrize(
        ("argument", "environment", "other"),
        [(None, f"{KEY} x", {}), (None, KEY, {"timeout": -1}), (KEY, KEY, {"timeout": -1})],
    )
    def test_nor_does_the_traceback_of_a_malformed_variable_or_of_another_wrong_setting(
        self, monkeypatch, argument, environment, other
    ):
        monkeypatch.setenv("HITL_API_KEY", environment)
        with pytest.raises(ConfigurationError) as caught:
            HITLClient(argument, **other)
        assert KEY not in locals_of(caught.value)

    @pytest.mark.parametrize("url", [KEY, f"https://user:{KEY}@review.test", f"https://review.test/?key={KEY}", [KEY]])
    @pytest.mark.parametrize("client", [HITLClient, AsyncHITLClient])
    def test_nor_does_the_traceback_of_a_key_in_the_place_of_the_url(self, client, url):
        with pytest.raises(ConfigurationError, match="base_url must look like") as caught:
            client("another-key", base_url=url)
        assert KEY not in str(caught.value)
        assert KEY not in locals_of(caught.value)
        assert not is_shown_by(caught.value)


class TestClient:
    @pytest.mark.parametrize("kind", [HITLClient, AsyncHITLClient])
    @pytest.mark.parametrize("attempt", [pickle.dumps, copy.copy, copy.deepcopy])
    def test_a_client_is_neither_pickled_nor_copied(self, kind, attempt):
        client = kind(KEY)
        with pytest.raises(TypeError, match=rf"{kind.__name__} objects .* make one in each process") as caught:
            attempt(client)
        assert KEY not in str(caught.value)

    def test_the_traceback_of_a_refused_argument_does_not_show_it(self):
        with HITLClient(KEY, base_url=LOCAL) as client, pytest.raises(ConfigurationError) as caught:
            client.get_review("a/b")
        assert KEY not in locals_of(caught.value)
        assert not is_shown_by(caught.value)
