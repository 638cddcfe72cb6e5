"""What people pass in to be sent through: checked when it is passed, not when it is first used."""

from __future__ import annotations

from typing import Any

from hitl.exceptions import ConfigurationError


def require_blocking(transport: Any, http_client: Any) -> None:
    """Refuse what HITLClient cannot send through.

    Raises:
        ConfigurationError: the message names what it takes.
    """
    _refuse_both(transport, http_client)
    if transport is not None and not callable(getattr(transport, "handle_request", None)):
        raise _wrong("transport", transport, "an httpx.BaseTransport, such as httpx.HTTPTransport()", "AsyncHITLClient")
    if http_client is not None and not isinstance(http_client, _class_of_httpx("Client")):
        raise _wrong("http_client", http_client, "an httpx.Client", "AsyncHITLClient")


def require_awaiting(transport: Any, http_client: Any) -> None:
    """Refuse what AsyncHITLClient cannot send through; see `require_blocking`."""
    _refuse_both(transport, http_client)
    if transport is not None and not callable(getattr(transport, "handle_async_request", None)):
        what = "an httpx.AsyncBaseTransport, such as httpx.AsyncHTTPTransport()"
        raise _wrong("transport", transport, what, "HITLClient")
    if http_client is not None and not isinstance(http_client, _class_of_httpx("AsyncClient")):
        raise _wrong("http_client", http_client, "an httpx.AsyncClient", "HITLClient")


def _class_of_httpx(name: str) -> type[Any]:
    import httpx  # loaded by those who bring something of it

    found: type[Any] = getattr(httpx, name)
    return found


def _refuse_both(transport: Any, http_client: Any) -> None:
    if transport is not None and http_client is not None:
        raise ConfigurationError(
            "give transport or http_client, not both: an httpx client has a transport already, "
            "as in httpx.Client(transport=...)"
        )


def _wrong(name: str, value: object, wanted: str, other: str) -> ConfigurationError:
    # The class itself instead of an object of it is the likeliest slip.
    got = f"the class {value.__name__}" if isinstance(value, type) else type(value).__name__
    return ConfigurationError(f"{name} must be {wanted}; got {got}. The other kind is for {other}")
