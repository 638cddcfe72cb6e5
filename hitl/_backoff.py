"""How long to pause before another attempt, as pure functions."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

from attrs import field, frozen

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
    """Return the seconds that a Retry-After header asks for; None if there is none, or none that makes sense.

    It is seconds or an HTTP date (RFC 9110, 10.2.3); a date is read against the answer's own Date header, so that
    a wrong clock on this machine does not matter.
    """
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value, re.ASCII):
        return float(value)
    asked, sent = _http_date(value), _http_date(headers.get("date", ""))
    return max(0.0, asked - sent) if asked is not None and sent is not None else None


def _http_date(value: str) -> float | None:
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    # "-0000" and a missing zone both mean UTC in an HTTP date (RFC 9110, 5.6.7).
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
