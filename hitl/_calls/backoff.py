"""How long to pause before another attempt, as pure functions."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from datetime import UTC

from attrs import field, frozen

from hitl._interrupts import reraise_interrupt

# guard: retry-after-bound
LONGEST_RETRY_AFTER = 60.0  # seconds; asked to wait longer than this, the error is raised with `retry_after` set
LONGEST_PAUSE = 8.0


@frozen
class Backoff:
    """Exponential backoff with full jitter."""

    max_retries: int  # attempts after the first
    base: float  # seconds that the first pause is drawn from; doubles each time
    longest: float = LONGEST_PAUSE  # the upper bound of any pause, in seconds
    uniform: Callable[[float, float], float] = field(default=random.uniform, repr=False)  # draws the jitter

    def pause(self, attempts: int, asked: float | None) -> float | None:
        """Return the seconds to sleep after `attempts` attempts, or None to give up.

        The pause is never shorter than `asked`, the seconds that the server asked for with Retry-After; if that is more
        than 60, there is no further attempt.
        """
        if attempts > self.max_retries or (asked is not None and asked > LONGEST_RETRY_AFTER):
            return None
        # 2.0 ** 64 seconds are beyond any pause; without a bound the power overflows after 1024 attempts.
        ceiling = min(self.longest, self.base * 2.0 ** min(attempts - 1, 64))
        floor = 0.1 * ceiling  # a retry is never immediate, even if the server asks for no pause
        if asked is not None:
            return max(floor, asked + self.uniform(0.0, min(1.0, 0.1 * asked)))
        return self.uniform(floor, ceiling)  # full jitter spreads out clients that failed together


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds to wait that a response asks for; None if it does not, or not in a valid form.

    `Retry-After-Ms` (milliseconds, of some gateways) takes precedence over `Retry-After`, which is seconds or an HTTP
    date (RFC 9110, 10.2.3). A date is compared with the response's own Date header, so that a wrong clock on this
    machine does not matter. A number of any length counts: a very long time must not be read as none.
    """
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after", "")
    number = _number(value)
    if number is not None:
        return number
    asked, sent = http_date(value), http_date(headers.get("date", ""))
    return max(0.0, asked - sent) if asked is not None and sent is not None else None


def _number(value: str) -> float | None:  # guard: retry-after-digits
    """Return a number written as digits, with or without a fraction."""
    found = re.fullmatch(r"[ \t]*([0-9]+(\.[0-9]+)?)[ \t]*", value, re.ASCII)
    return min(float(found[1]), _FOR_EVER) if found else None


_FOR_EVER = 1e12  # seconds; stands for every larger number

# The three forms of an HTTP date (RFC 9110, 5.6.7); the parser alone accepts much more.
_HTTP_DATE = re.compile(
    r"[ \t]*(?:[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT"
    r"|[A-Z][a-z]{5,8}, [0-9]{2}-[A-Z][a-z]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT"
    r"|[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2} [0-9]{4})[ \t]*",
    re.ASCII,
)


def http_date(value: str) -> float | None:  # guard: http-date
    """Return an HTTP date (RFC 9110, 5.6.7) in seconds since the epoch; None if it is not one."""
    if not _HTTP_DATE.fullmatch(value):
        return None
    from email.utils import parsedate_to_datetime  # slow to import, and few servers send dates

    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        reraise_interrupt(error)
        return None
    # Without a zone it is UTC (RFC 9110, 5.6.7).
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
