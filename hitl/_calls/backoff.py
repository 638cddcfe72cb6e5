"""How long to pause before another attempt, as pure functions."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from datetime import UTC

from attrs import field, frozen

# guard: retry-after-bound
LONGEST_RETRY_AFTER = 60.0  # seconds; asked to wait longer than this, the error is raised with `retry_after` set
LONGEST_PAUSE = 8.0


@frozen
class Backoff:
    """The schedule of further attempts.

    Attributes:
        max_retries: Further attempts after the first.
        base: Seconds that the first pause is drawn from; doubles each time.
        longest: Seconds that no pause is drawn beyond.
        uniform: Draws the jitter; a parameter so that tests can choose it.
    """

    max_retries: int
    base: float
    longest: float = LONGEST_PAUSE
    uniform: Callable[[float, float], float] = field(default=random.uniform, repr=False)

    def pause(self, attempts: int, asked: float | None) -> float | None:
        """Return the seconds to sleep after that many attempts, or None to give up.

        Args:
            attempts: How many were made so far, at least 1.
            asked: Seconds the server asked for (Retry-After); never undercut, and given up on if longer than 60.
        """
        if attempts > self.max_retries or (asked is not None and asked > LONGEST_RETRY_AFTER):
            return None
        # 2.0 ** 64 seconds are beyond any pause; without a bound the power overflows after 1024 attempts.
        ceiling = min(self.longest, self.base * 2.0 ** min(attempts - 1, 64))
        floor = 0.1 * ceiling  # keeps a retry from being a hammer, also where the server asks for no pause at all
        if asked is not None:
            return max(floor, asked + self.uniform(0.0, min(1.0, 0.1 * asked)))
        return self.uniform(floor, ceiling)  # full jitter spreads clients that failed together


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that an answer asks to be left alone; None if it does not, or in no way that makes sense.

    `Retry-After-Ms` (milliseconds, of some gateways) goes before `Retry-After`, which is seconds or an HTTP date (RFC
    9110, 10.2.3); a date is read against the answer's own Date header, so that a wrong clock on this machine does not
    matter. A number of any length counts: a very long time must not be taken for no time at all.
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
    """Return a number of plain digits, with a fraction or without one."""
    found = re.fullmatch(r"[ \t]*([0-9]+(\.[0-9]+)?)[ \t]*", value, re.ASCII)
    return min(float(found[1]), _FOR_EVER) if found else None


_FOR_EVER = 1e12  # seconds; stands for every larger number

# The three forms of an HTTP date (RFC 9110, 5.6.7); the parser alone would take much that is none.
_HTTP_DATE = re.compile(
    r"[ \t]*(?:[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT"
    r"|[A-Z][a-z]{5,8}, [0-9]{2}-[A-Z][a-z]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT"
    r"|[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2} [0-9]{4})[ \t]*",
    re.ASCII,
)


def http_date(value: str) -> float | None:  # guard: http-date
    """Return the seconds since the epoch that an HTTP date names (RFC 9110, 5.6.7); None if it is none."""
    if not _HTTP_DATE.fullmatch(value):
        return None
    from email.utils import parsedate_to_datetime  # loads much, and few servers send dates here

    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    # Without a zone it is UTC (RFC 9110, 5.6.7).
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
