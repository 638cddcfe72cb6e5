from __future__ import annotations

from datetime import timedelta

import pytest

from hitl._config import DEFAULT_BASE_URL, SETTINGS, resolve
from hitl.exceptions import ConfigurationError

KEY = {"api_key": "key"}


def test_the_defaults_are_the_documented_ones():
    settings = resolve(KEY, {})
    assert (settings.base_url, settings.timeout, settings.max_retries, settings.retry_delay, settings.user_agent) == (
        "https://api.hitl.sh",
        30.0,
        3,
        1.0,
        None,
    )


def test_the_environment_fills_in_what_is_not_given():
    environment = {"HITL_API_KEY": "env-key", "HITL_BASE_URL": "http://127.0.0.1:4010", "HITL_TIMEOUT": "5"}
    settings = resolve({"api_key": None, "base_url": None, "timeout": None}, environment)
    assert (settings.api_key.reveal(), settings.base_url, settings.timeout) == ("env-key", "http://127.0.0.1:4010", 5.0)


def test_an_argument_wins_over_the_environment():
    settings = resolve(
        {**KEY, "timeout": 7, "base_url": "http://a"}, {"HITL_TIMEOUT": "5", "HITL_BASE_URL": "http://b"}
    )
    assert (settings.timeout, settings.base_url) == (7.0, "http://a")


def test_an_empty_variable_counts_as_not_given():
    assert resolve(KEY, {"HITL_BASE_URL": " ", "HITL_TIMEOUT": ""}).base_url == DEFAULT_BASE_URL


def test_a_variable_that_cannot_be_used_is_named():
    with pytest.raises(ConfigurationError, match="HITL_TIMEOUT must be a number of seconds"):
        resolve(KEY, {"HITL_TIMEOUT": "soon"})


@pytest.mark.parametrize("key", [None, "", "  "])
def test_a_missing_key_says_where_to_get_one(key):
    with pytest.raises(ConfigurationError, match="no API key: pass api_key=.* `hitl sandbox`"):
        resolve({"api_key": key}, {})


@pytest.mark.parametrize("key", ["secret\n", "se cret", "sécret", b"secret", 7])
def test_a_malformed_key_is_refused_without_showing_it(key):
    with pytest.raises(ConfigurationError) as caught:
        resolve({"api_key": key}, {})
    assert "cret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "api.hitl.sh",
        "ftp://api.hitl.sh",
        "http://",
        "http://u:p@host",
        "http://h?q=1",
        "http://h#f",
        "http://h:99999",
        "http://h:x",
        7,
        "http://[::1",
        "http://a b",
        "http://a\\b",
        "http://@host",
        "http://host?",
        "http://host#",
        "http://ho\x00st",
        b"http://host",
    ],
)
def test_a_base_url_that_is_none_is_refused(url):
    with pytest.raises(ConfigurationError, match="base_url must look like"):
        resolve({**KEY, "base_url": url}, {})


@pytest.mark.parametrize(
    "url", ["https://api.hitl.sh/v1", "https://api.hitl.sh/", "https://api.hitl.sh/v1/", " https://api.hitl.sh"]
)
def test_the_forms_in_which_the_vendor_prints_its_address_are_one(url):
    assert resolve({**KEY, "base_url": url}, {}).base_url == "https://api.hitl.sh"


@pytest.mark.parametrize("timeout", [0, -1, "x", float("nan"), float("inf"), True, []])
def test_a_timeout_that_is_none_is_refused(timeout):
    with pytest.raises(ConfigurationError, match="timeout must be"):
        resolve({**KEY, "timeout": timeout}, {})


def test_seconds_may_be_a_timedelta():
    assert resolve({**KEY, "timeout": timedelta(minutes=2)}, {}).timeout == 120.0


@pytest.mark.parametrize("count", [-1, 1.5, "3", True])
def test_retries_are_a_whole_number(count):
    with pytest.raises(ConfigurationError, match="max_retries"):
        resolve({**KEY, "max_retries": count}, {})


def test_a_retry_delay_may_be_nothing():
    assert resolve({**KEY, "retry_delay": 0}, {}).retry_delay == 0.0
    with pytest.raises(ConfigurationError, match="retry_delay"):
        resolve({**KEY, "retry_delay": False}, {})


@pytest.mark.parametrize("agent", ["", "a\r\nX: y", "é", 7, " a"])
def test_a_user_agent_that_would_break_the_header_is_refused(agent):
    with pytest.raises(ConfigurationError, match="user_agent"):
        resolve({**KEY, "user_agent": agent}, {})


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:1", True),
        ("http://localhost", True),
        ("http://[::1]:80", True),
        ("http://LOCALHOST", True),
        ("http://localhost.localdomain", True),
        ("http://localhost.:4010", True),
        ("http://sandbox.localhost", True),
        ("http://127.1", True),
        ("http://127.255.0.9:1", True),
        ("http://0x7f000001", True),
        ("http://2130706433", True),
        ("http://017700000001", True),
        ("http://0.0.0.0:4010", True),
        ("http://[::]:4010", True),
        ("http://[::ffff:127.0.0.1]", True),
        ("http://[0:0:0:0:0:0:0:1]", True),
        ("https://api.hitl.sh", False),
        ("http://127.evil.example", False),
        ("http://localhost.example", False),
        ("http://notlocalhost", False),
        ("http://10.0.0.1", False),
        ("http://[::ffff:10.0.0.1]", False),
        ("http://[fe80::1]", False),
    ],
)
def test_this_machine_is_recognised(url, expected):
    assert resolve({**KEY, "base_url": url}, {}).is_loopback is expected


@pytest.mark.parametrize("word", ["always", "", 7, True, None])
def test_whether_keys_are_recognised_is_one_of_three_words(word):
    if word is None:
        assert resolve({**KEY, "idempotency": word}, {}).idempotency == "auto"
        return
    with pytest.raises(ConfigurationError, match='idempotency must be "auto", "trust" or "never"'):
        resolve({**KEY, "idempotency": word}, {})


def test_one_exchange_may_be_given_less_time_than_a_call():
    assert resolve(KEY, {}).request_timeout is None
    assert resolve({**KEY, "request_timeout": 5}, {}).request_timeout == 5.0
    with pytest.raises(ConfigurationError, match="request_timeout must be"):
        resolve({**KEY, "request_timeout": 0}, {})


def test_the_table_names_every_setting():
    assert [setting.name for setting in SETTINGS] == [
        "api_key",
        "base_url",
        "timeout",
        "request_timeout",
        "max_retries",
        "retry_delay",
        "idempotency",
        "user_agent",
    ]
