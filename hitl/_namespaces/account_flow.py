"""What `client.account` does, as a flow: it reads what the server says of the API key and of its limits."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from hitl_api.api.authentication import test_api_key

from hitl._calls import Server
from hitl._flows import Flow
from hitl._json import Object, as_object, whole
from hitl._methods import Methods
from hitl._namespaces.namespace import fetched
from hitl._records import Account, record
from hitl.exceptions import APIStatusError, UnexpectedResponseError

_UNKNOWN: Final = (404, 405, 501)  # how servers answer a path that they do not have
_USED, _RESET = ("used", "usage_count"), ("resets_at", "reset_at")  # in a quota, and in the 429 that tells of one


def account(methods: Methods) -> Flow[Account]:
    """Return whose key it is; what is left of the month is remembered for batches and `wait_stats`."""
    server = methods.exchange.server
    try:
        found = yield from fetched(methods, lambda data: _account(as_object(data), server), test_api_key)
    except APIStatusError as error:
        if error.status_code not in _UNKNOWN:
            raise
        raise UnexpectedResponseError(
            "account: this server does not say whose API key it is and what is left of its limits (it answered "
            f"{error.status_code} to GET /v1/test); is base_url right? What needs no account works without it",
            status_code=error.status_code,
            sent="yes",
        ) from error
    if (month := found.month) is not None:
        server.month_limit, server.month_remaining = month.limit, month.remaining
        server.month_reset = None if month.resets_at is None else month.resets_at.timestamp()
    return found


def _account(data: Object, server: Server) -> Account:
    """Read the account; what no page of the vendor's shows, the month, by any name that has the word in it."""
    month = next((name for name in data if "month" in name.lower() and as_object(data[name])), "monthly_quota")
    known = {
        "key_id": data.pop("api_key_id", None),
        "status": data.pop("account_status", None),
        "hour": _quota(data.pop("rate_limit", None)) or _hour_of_headers(server),
        "month": _quota(data.pop(month, None)),
    }
    return record(Account, {**data, **known})


def _quota(given: object) -> Object | None:
    """Return a quota in the words of Quota; a number that is none, such as "unlimited", is not known."""
    told = dict(as_object(given))
    if not told:
        return None
    limit, remaining = _take(told, "limit", "usage_limit"), _take(told, "remaining")
    used = _take(told, *_USED)
    if limit is not None and used is not None and remaining is None:
        remaining = max(0, limit - used)
    elif limit is not None and remaining is not None and used is None:
        used = max(0, limit - remaining)
    resets_at = next((told.pop(name) for name in _RESET if isinstance(told.get(name), str)), None)
    return {**told, "limit": limit, "used": used, "remaining": remaining, "resets_at": resets_at}


def _take(told: Object, *names: str) -> int | None:
    name = next((each for each in names if whole(told.get(each)) is not None), None)
    return None if name is None else whole(told.pop(name))


def _hour_of_headers(server: Server) -> Object | None:
    if server.limit is None and server.remaining is None:
        return None
    resets_at = None
    if server.reset is not None:
        with suppress(ValueError, OverflowError, OSError):  # a number may be no moment that a datetime can say
            resets_at = datetime.fromtimestamp(server.reset, UTC).isoformat()
    return _quota({"limit": server.limit, "remaining": server.remaining, "resets_at": resets_at})
