"""Settings of a client: argument > environment > default, in one table. Only this module reads them."""

from __future__ import annotations

import math
import os
import re
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, TypedDict
from urllib.parse import urlsplit

from attrs import frozen

from hitl._engine import Origin, is_loopback, is_unspecified
from hitl._interrupts import reraise_interrupt
from hitl._json import is_encodable, number, plain, whole
from hitl._secret import Secret
from hitl.exceptions import ConfigurationError

if TYPE_CHECKING:
    import ssl  # loaded by the first exchange

DEFAULT_BASE_URL = "https://api.hitl.sh"

MOST_AT_ONCE = 100
"""Concurrent exchanges of one asynchronous client on one event loop; further ones wait."""

Idempotency: TypeAlias = Literal["auto", "trust", "never"]

Verify: TypeAlias = "bool | str | os.PathLike[str] | ssl.SSLContext"


@frozen
class Settings:
    """The checked settings of a client; `SETTINGS` says what each means."""

    api_key: Secret
    base_url: str  # without `/v1` and without a slash at the end
    timeout: float
    request_timeout: float | None
    max_retries: int
    retry_delay: float
    idempotency: Idempotency
    user_agent: str | None
    verify: ssl.SSLContext | Literal[True] | None

    @property
    def is_loopback(self) -> bool:
        """True if the server is this machine, however its address is written."""
        return _is_this_machine(self.origin.host)

    @property
    def origin(self) -> Origin:
        """The server's address, taken apart; ConfigurationError if it is unusable."""
        return Origin.parse(self.base_url)

    @property
    def proxy(self) -> Secret | None:
        """The proxy that the environment names for this server; see `proxy_for`."""
        proxy = proxy_for(self.origin)
        return None if proxy is None else Secret(proxy)

    @property
    def authorities(self) -> tuple[str | None, str | None]:
        """The file or the folder of certificate authorities that the environment names, as httpx reads it."""
        return os.environ.get("SSL_CERT_FILE") or None, os.environ.get("SSL_CERT_DIR") or None


class ClientArguments(TypedDict, total=False):
    """What a client may be given; None counts as not given."""

    api_key: str | Secret | None
    base_url: str | Secret | None
    timeout: float | timedelta | None
    request_timeout: float | timedelta | None
    max_retries: int | None
    retry_delay: float | timedelta | None
    idempotency: Idempotency | None
    user_agent: str | None
    verify: Verify | None


class Setting(NamedTuple):
    """One row of the table: an argument, its environment variable, its default, what it means, how it is checked."""

    name: str
    environment: str | None
    default: Any
    meaning: str
    check: Callable[[str, Any], Any]


def _key(_name: str, value: Any) -> Secret:
    secret = value if isinstance(value, Secret) else Secret(plain(value))
    del value  # a traceback that shows local variables would show it
    if fault := _fault_of_key(secret.reveal()):
        raise ConfigurationError(fault)  # here, and not where the key is a local variable
    return secret


def _fault_of_key(key: object) -> str | None:
    """Return what is wrong with a key; it is not quoted, since a key with a stray newline is still a key."""
    if key is None or (isinstance(key, str) and not key.strip()):
        return (
            "no API key: pass api_key=... or set HITL_API_KEY. To try without an account, run `hitl sandbox` and use "
            "the key that it prints"
        )
    if not isinstance(key, str):
        return f"api_key must be a str, not {type(key).__name__}"
    if not re.fullmatch(r"[\x21-\x7e]+", key):
        return "api_key must be visible ASCII characters without spaces or line breaks; check it"
    return None


def _url(name: str, value: Any) -> str:
    value = plain(value.reveal() if isinstance(value, Secret) else value)
    url = value.strip() if isinstance(value, str) else ""
    if not _has_host(url, "http", "https") or "@" in urlsplit(url).netloc or re.search(r"[?#\\\s\x00-\x20\x7f]", url):
        # The URL is not quoted: it may hold a password, or be the key in the wrong place.
        raise ConfigurationError(
            f"{name} must look like {DEFAULT_BASE_URL} or http://127.0.0.1:4010, without credentials, query or fragment"
        )
    if not is_encodable(url):  # as bytes of the environment are that are no UTF-8
        raise ConfigurationError(f"{name} holds half of a surrogate pair, which UTF-8 cannot carry; check it")
    Origin.parse(url, name)
    # The vendor prints its address with and without /v1; the paths of openapi.yaml begin with it.
    return url.rstrip("/").removesuffix("/v1")


def _has_host(url: str, *schemes: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError as error:  # as the port does, if it is no number below 65,536
        reraise_interrupt(error)
        return False


def seconds(name: str, value: Any) -> float:
    """Return a positive, finite number of seconds from a number, a numeric string or a timedelta."""
    found = number(value)
    if found is not None and 0 < found < math.inf:
        return found
    raise ConfigurationError(f"{name} must be a number of seconds greater than 0, or a timedelta; got {value!r:.80}")


def _optional_seconds(name: str, value: Any) -> float | None:
    return None if value is None else seconds(name, value)


def _seconds_or_zero(name: str, value: Any) -> float:
    return 0.0 if number(value) == 0 else seconds(name, value)


def _count(name: str, value: Any) -> int:
    found = whole(value)
    if found is None or found < 0:
        raise ConfigurationError(f"{name} must be a whole number, 0 or more; got {value!r:.80}")
    return found


def _header(name: str, value: Any) -> str | None:
    value = plain(value)
    if value is not None and not (
        isinstance(value, str) and re.fullmatch(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?", value)
    ):
        raise ConfigurationError(f"{name} must be printable ASCII on one line, without spaces at its ends")
    return value


def _idempotency(name: str, value: Any) -> str:
    value = plain(value)
    if not (isinstance(value, str) and value in ("auto", "trust", "never")):
        raise ConfigurationError(f'{name} must be "auto", "trust" or "never"; got {value!r:.80}')
    return value


def _verify(_name: str, value: Any) -> object:
    if value is None or value is True:
        return value
    from hitl._engine import client_context  # loads ssl

    return client_context(plain(value))


SETTINGS: tuple[Setting, ...] = (
    Setting("api_key", "HITL_API_KEY", None, "The API key that authorises every request.", _key),
    Setting("base_url", "HITL_BASE_URL", DEFAULT_BASE_URL, "Where the server is; a trailing `/v1` is ignored.", _url),
    Setting("timeout", "HITL_TIMEOUT", 30, "Total seconds for a call, including its retries and pauses.", seconds),
    Setting(
        "request_timeout",
        None,
        None,
        "Seconds for one attempt of a call; by default a share of what is left of `timeout`.",
        _optional_seconds,
    ),
    Setting("max_retries", None, 3, "Further attempts after a transient error.", _count),
    Setting("retry_delay", None, 1, "Seconds before the first retry; doubles, up to 8.", _seconds_or_zero),
    Setting(
        "idempotency",
        None,
        "auto",
        "Whether the server is assumed to recognise a repeated `Idempotency-Key`: once it has shown it (`auto`), "
        "always (`trust`), never (`never`).",
        _idempotency,
    ),
    Setting("user_agent", None, None, "The `User-Agent` header; names this package by default.", _header),
    Setting(
        "verify",
        None,
        None,
        "Whom to trust: a file or folder of certificate authorities, or an `ssl.SSLContext`, which may hold a client "
        "certificate; by default, as `True`, the authorities of certifi.",
        _verify,
    ),
)


def resolve(arguments: Mapping[str, object], environment: Mapping[str, str] | None = None) -> Settings:
    """Return checked settings; an argument of None, like an empty variable, counts as not given.

    Raises:
        ConfigurationError: if a value is missing or cannot be used; the message names it.
    """
    key: Secret = _value(SETTINGS[0], arguments, environment)
    try:
        return Settings(key, **{each.name: _value(each, arguments, environment) for each in SETTINGS[1:]})
    except ConfigurationError as error:
        fault = ConfigurationError(key.hide_in(error.message))
    raise fault  # outside of the handler, so that what it was made from does not hang on to it


def _value(setting: Setting, arguments: Mapping[str, object], environment: Mapping[str, str] | None) -> Any:
    # Values stay within expressions: a traceback that shows local variables would show the key among them.
    if arguments.get(setting.name) is not None:
        return setting.check(setting.name, arguments[setting.name])
    if setting.environment and _variable(setting.environment, environment):
        return setting.check(setting.environment, _variable(setting.environment, environment))
    return setting.check(setting.name, setting.default)


def _variable(name: str, environment: Mapping[str, str] | None) -> str:
    return (os.environ if environment is None else environment).get(name, "").strip()


def _is_this_machine(host: str) -> bool:
    return is_loopback(host) or is_unspecified(host)


def proxy_for(origin: Origin) -> str | None:
    """Return the URL of the proxy for a server, with its credentials if it has some; None to connect directly.

    Read from HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY in either case, or from the system's settings, by the
    rules of curl and urllib; NO_PROXY by those of curl and Go. A server on this machine is never reached through a
    proxy.

    Raises:
        ConfigurationError: if its scheme is neither http nor https; its URL is not shown.
    """
    has_system_settings = sys.platform in ("darwin", "win32")
    may_name_one = has_system_settings or any(name.lower().endswith("_proxy") for name in os.environ)
    if not may_name_one or _is_this_machine(origin.host):
        return None
    from urllib.request import getproxies, proxy_bypass  # slow to import, and few need it

    from hitl._no_proxy import is_exempt

    proxies = getproxies()
    scheme = "https" if origin.is_secure else "http"
    proxy = proxies.get(scheme) or proxies.get("all") or ""
    exceptions = proxies.get("no")  # of the environment; without any, the system's settings have their own
    if not proxy.strip() or is_exempt(exceptions or "", origin.host, origin.port):
        return None
    if has_system_settings and exceptions is None and proxy_bypass(f"{origin.host}:{origin.port}"):
        return None
    found = proxy.strip() if "://" in proxy else f"http://{proxy.strip()}"
    if not (_has_host(found, "http", "https") and found.isascii() and found.isprintable() and " " not in found):
        del proxies, proxy, found  # a traceback that shows local variables would show the password
        raise ConfigurationError(
            f"the proxy that the environment names for {scheme}:// (HTTP_PROXY, HTTPS_PROXY or ALL_PROXY) "
            "cannot be used: it must look like http://host:port or https://host:port. For another kind, pass "
            "transport=httpx.HTTPTransport(proxy=...)"
        )
    return found
