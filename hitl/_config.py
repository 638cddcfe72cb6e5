"""Settings of a client: argument > environment > default, in one table. The only module that reads the environment."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from attrs import field, frozen

from hitl.exceptions import ConfigurationError

DEFAULT_BASE_URL = "https://api.hitl.sh"


@frozen
class Settings:
    """What a client was told, checked. The key is left out of the repr."""

    api_key: str = field(repr=False)
    base_url: str
    timeout: float
    max_retries: int
    retry_delay: float
    user_agent: str | None

    @property
    def is_loopback(self) -> bool:
        """True if the server is this machine; no proxy of the environment is used for it."""
        host = urlsplit(self.base_url).hostname or ""
        return host == "localhost" or host == "::1" or host.startswith("127.")


@frozen
class Setting:
    """One row of the table: an argument, its environment variable, its default, what it means, how it is checked."""

    name: str
    environment: str | None
    default: Any
    meaning: str
    check: Callable[[str, Any], Any] = field(repr=False)


def _key(_name: str, value: Any) -> str:
    if value is None or (isinstance(value, str) and not value.strip()):
        raise ConfigurationError(
            "no API key: pass api_key=... or set HITL_API_KEY. To try without an account, run `hitl sandbox` and use "
            "the key that it prints"
        )
    if not isinstance(value, str) or not re.fullmatch(r"[\x21-\x7e]+", value):
        # The value is not shown: a key with a stray newline is still a key.
        raise ConfigurationError("api_key must be visible ASCII characters without spaces or line breaks; check it")
    return value


def _url(name: str, value: Any) -> str:
    example = f"{name} must look like {DEFAULT_BASE_URL} or http://127.0.0.1:4010"
    try:
        url = str.strip(value)
        parts = urlsplit(url)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except (ValueError, TypeError):
        raise ConfigurationError(example) from None
    if not is_good or parts.username is not None or parts.query or parts.fragment or re.search(r"\s", url):
        raise ConfigurationError(f"{example}, without credentials, query or fragment")
    # The vendor prints its address with and without /v1; the paths of openapi.yaml begin with it.
    return url.rstrip("/").removesuffix("/v1")


def seconds(name: str, value: Any) -> float:
    """Return a positive, finite number of seconds from a number, a numeric text or a timedelta."""
    if isinstance(value, timedelta):
        value = value.total_seconds()
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not (math.isfinite(number) and number > 0):
        raise ConfigurationError(f"{name} must be a number of seconds greater than 0, or a timedelta; got {value!r}")
    return number


def _seconds_or_none_at_all(name: str, value: Any) -> float:
    return 0.0 if value is not False and value in (0, "0") else seconds(name, value)


def _count(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ConfigurationError(f"{name} must be a whole number, 0 or more; got {value!r}")
    return value


def _header(name: str, value: Any) -> str | None:
    if value is not None and not (
        isinstance(value, str) and re.fullmatch(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?", value)
    ):
        raise ConfigurationError(f"{name} must be printable ASCII on one line; got {value!r}")
    return value


SETTINGS: tuple[Setting, ...] = (
    Setting("api_key", "HITL_API_KEY", None, "The key that every request is authorised with.", _key),
    Setting("base_url", "HITL_BASE_URL", DEFAULT_BASE_URL, "Where the server is; a trailing `/v1` is ignored.", _url),
    Setting("timeout", "HITL_TIMEOUT", 30, "Seconds that one HTTP exchange may be silent.", seconds),
    Setting("max_retries", None, 3, "Further attempts after a first one that failed in a passing way.", _count),
    Setting(
        "retry_delay", None, 1, "Seconds before the first further attempt; doubles, up to 8.", _seconds_or_none_at_all
    ),
    Setting("user_agent", None, None, "The `User-Agent` header; by default it names this package.", _header),
)


def resolve(arguments: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> Settings:
    """Return checked settings; an argument of None, like an empty variable, counts as not given.

    Raises:
        ConfigurationError: if a value is missing or cannot be used; the message names it.
    """
    environment = os.environ if environment is None else environment
    return Settings(**{setting.name: _value(setting, arguments, environment) for setting in SETTINGS})


def _value(setting: Setting, arguments: Mapping[str, Any], environment: Mapping[str, str]) -> Any:
    given = arguments.get(setting.name)
    if given is not None:
        return setting.check(setting.name, given)
    text = environment.get(setting.environment, "") if setting.environment else ""
    if text.strip():
        return setting.check(setting.environment or setting.name, text.strip())
    return setting.check(setting.name, setting.default)
