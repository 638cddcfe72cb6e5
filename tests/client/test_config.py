from __future__ import annotations

from datetime import timedelta

import pytest

from hitl._config import DEFAULT_BASE_URL, resolve
from hitl.exceptions import ConfigurationError

KEY = {"api_key": "key"}


def test_the_defaults_are_the_documented_ones():
    settings = resolve(KEY, {})
    assert (settings.base_url, settings.timeout, settings.request_timeout) == ("https://api.hitl.sh", 30.0, None)
    assert (settings.max_retries, settings.retry_delay) == (3, 1.0)
    assert (settings.idempotency, settings.user_agent) == ("auto", None)


ENVIRONMENT = {"HITL_API_KEY": "env-key", "HITL_BASE_URL": "http://b", "HITL_TIMEOUT": "5"}


@pytest.mark.parametrize(
    ("given", "environment", "expected"),
    [
        ({"api_key": None, "base_url": None, "timeout": None}, ENVIRONMENT, ("env-key", "http://b", 5.0)),
        ({"api_key": "key", "base_url": "http://a", "timeout": 7}, ENVIRONMENT, ("key", "http://a", 7.0)),
        (KEY, {"HITL_BASE_URL": " ", "HITL_TIMEOUT": ""}, ("key", DEFAULT_BASE_URL, 30.0)),
    ],
)
def test_the_environment_fills_in_what_is_not_given(given, environment, expected):
    settings = resolve(given, environment)
    assert (settings.api_key.reveal(), settings.base_url, settings.timeout) == expected


def test_a_variable_that_cannot_be_used_is_named():
    with pytest.raises(ConfigurationError, match="HITL_TIMEOUT must be a number of seconds"):
        resolve(KEY, {"HITL_TIMEOUT": "soon"})


@pytest.mark.parametrize("key", [None, "", "  "])
def test_a_missing_key_says_where_to_get_one(key):
    with pytest.raises(ConfigurationError, match="no API key: pass api_key=.* `hitl sandbox`"):
        resolve({"api_key": key}, {})


@pytest.mark.parametrize(
    "url",
    [
        *("api.hitl.sh", "ftp://api.hitl.sh", "http://", "http://u:p@host", "http://h?q=1", "http://h#f"),
        *("http://h:99999", "http://h:x", "http://[::1", "http://a b", "http://a\\b", "http://@host", "http://host?"),
        *("http://host#", "http://ho\x00st", b"http://host", 7),
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


def test_seconds_may_be_a_timedelta_and_a_retry_delay_nothing():
    settings = resolve({**KEY, "timeout": timedelta(minutes=2), "request_timeout": 5, "retry_delay": 0}, {})
    assert (settings.timeout, settings.request_timeout, settings.retry_delay) == (120.0, 5.0, 0.0)


@pytest.mark.parametrize(
    ("setting", "wrong", "says"),
    [
        ("timeout", [0, -1, "x", float("nan"), float("inf"), True, []], "timeout must be a number of seconds"),
        ("request_timeout", [0, False], "request_timeout must be"),
        ("max_retries", [-1, 1.5, "3", True], "max_retries must be a whole number"),
        ("retry_delay", [False, -1], "retry_delay must be"),
        ("user_agent", ["", "a\r\nX: y", "é", 7, " a"], "user_agent must be"),
        ("idempotency", ["always", "", 7, True], 'idempotency must be "auto", "trust" or "never"'),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused_by_its_name(setting, wrong, says):
    for each in wrong:
        with pytest.raises(ConfigurationError, match=says):
            resolve({**KEY, setting: each}, {})


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        *(("http://127.0.0.1:1", True), ("http://LOCALHOST.", True), ("http://[::]:4010", True)),
        *(("http://0x7f000001", True), ("http://[::ffff:127.0.0.1]", True)),
        *(("https://api.hitl.sh", False), ("http://10.0.0.1", False), ("http://127.evil.example", False)),
    ],
)
def test_this_machine_is_recognised(url, expected):
    assert resolve({**KEY, "base_url": url}, {}).is_loopback is expected
