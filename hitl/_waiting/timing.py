"""When a poller may send its next request, and for how long the server may hold it open."""

from __future__ import annotations

import math
from typing import Final

from attrs import define, field

from hitl._waiting.model import Channel, ClientState, PollRequest, Waiter
from hitl.exceptions import HITLError, RateLimitError

HOLD: Final = 25  # seconds that a read is asked to stay open; proxies commonly cut at 30 or 60
LONGEST_HOLD: Final = 55  # the same, where the rate limit allows no more than one request in that time
BETWEEN_HOLDS: Final = 0.03  # seconds between held requests, so that changes made together arrive together
SHORTEST_HOLD: Final = 1.0  # seconds; a request answered sooner and without news was not held, whatever the server says
SLOWEST: Final = 10.0  # seconds between two polls, where nothing else slows them down
GROWTH: Final = 1.5  # the factor between two intervals
OVERSHOOT: Final = 0.15  # seconds that the last poll may take after the deadline; 0.25 are promised
MISSES: Final = 2  # endings without a webhook, after which webhooks are not relied on
NOTIFIED: Final = (60.0, 900.0)  # shortest and longest interval between two polls while webhooks are relied on
NOTIFIED_FACTOR: Final = 10.0  # times the interval that the rate limit allows


@define
class Timing:
    """The intervals of one poller: growing ones, those of the rate limit, pauses after errors, and with webhooks."""

    _client: ClientState
    poll_at: float = -math.inf  # when everything that is open is to be polled again
    last_channel: Channel | None = None
    _youngest: dict[float, float] = field(factory=dict[float, float])  # when a waiter last joined, by poll interval
    _last_held: float = -math.inf  # when a held request ended
    _paused_until: float = -math.inf  # after a transient error
    _missed_webhooks: int = MISSES  # since the last one that arrived
    _began: float = -math.inf  # when the last request did
    _ended: float = -math.inf

    def now(self) -> float:
        return self._client.clock.monotonic()

    def blocked_for(self) -> float:
        """Return for how many seconds nothing may be sent: after an error, or by the rate limit."""
        return max(self._paused_until - self.now(), self._rate_limited_for())

    def allowed_in(self) -> float:
        """Return the seconds until the rate limit allows a request; -inf where it is not what slows polling down."""
        # Where it is, every request keeps its interval, also the first about a new review.
        return self._began + self._rate_interval() - self.now() if self.is_rate_limited() else -math.inf

    def is_rate_limited(self) -> bool:
        return self._rate_interval() > self._growing_interval()

    def is_final_poll_worthwhile(self) -> bool:
        """Return whether one more request at a deadline costs nothing that others need."""
        enough = self._rate_interval() / 2 if self.is_rate_limited() else BETWEEN_HOLDS
        return self.now() - self._ended >= enough and not self._rate_limited_for()

    def has_polled_since(self, moment: float) -> bool:
        """Return whether a request has completed that began after that."""
        return self._ended >= self._began >= moment

    def next_poll_in(self) -> float:
        at = max(self.poll_at, self._began + self._rate_interval())
        return max(0.0, at - self.now(), self._rate_limited_for())

    def interval(self) -> float:
        """Return the seconds between two polls at present."""
        return max(self.poll_interval(), self._rate_interval())

    def poll_interval(self) -> float:
        """Return the same, apart from the rate limit's own interval."""
        if not self.has_webhooks:
            return self._growing_interval()
        shortest, longest = NOTIFIED
        return min(longest, max(shortest, NOTIFIED_FACTOR * self._rate_interval()))

    def _rate_interval(self) -> float:
        return self._client.budget.interval(self._client.clock.epoch())

    def _rate_limited_for(self) -> float:
        return self._client.budget.blocked_for(self._client.clock.epoch())

    def _growing_interval(self) -> float:
        # Intervals that grow by half, and start anew with each wait, are half as long as the youngest wait is old.
        now = self.now()
        intervals = (
            max(first, min(SLOWEST, first + (GROWTH - 1.0) * (now - max(joined, self._last_held))))
            for first, joined in self._youngest.items()
        )
        return min(intervals, default=SLOWEST)

    @property
    def server_holds(self) -> bool:
        """True if the server has honoured `Prefer: wait` (RFC 7240)."""
        return self._client.server.honours_wait

    def hold(self, left: float) -> int:
        """Return how long the server is asked to hold a request, in whole seconds, with `left` before the deadline."""
        longest = max(HOLD, min(LONGEST_HOLD, self._rate_interval()))
        if not self.server_holds:
            longest = min(longest, self._client.request_timeout)  # it may be a server that just does not respond
        return int(max(0.0, min(longest, left)))  # rounded down: back before the deadline

    def timeout(self, left: float, hold: int = 0) -> float:
        """Return the seconds that a request may take."""
        silent = self._client.request_timeout + (hold if self.server_holds else 0)
        return min(max(silent, hold + 5.0), left + OVERSHOOT)

    def joined(self, waiter: Waiter) -> None:
        """Begin again with short intervals, for a new waiter."""
        self._youngest[waiter.options.poll_interval] = waiter.joined

    def began(self) -> None:
        self._began = self.now()

    def allow_now(self) -> None:
        self._began = -math.inf

    def completed(self, request: PollRequest, *, has_news: bool) -> bool:
        """Record that a request was answered, and return whether the server had held it."""
        now = self.now()
        took = now - self._began
        was_held = bool(request.hold) and self.server_holds and (has_news or took >= SHORTEST_HOLD)
        if was_held:
            self._last_held = now
        self._ended, self.last_channel = now, request.channel
        return was_held

    def polled_all(self, *, was_held: bool) -> None:
        """Record that everything that is open has been polled."""
        self.poll_at = self.now() + (BETWEEN_HOLDS if was_held else self.poll_interval())

    def refused(self) -> None:
        self._ended = self.now()

    def answered(self) -> None:
        """Count a request that was answered."""
        self._client.budget.spent(self._client.clock.epoch())
        self._client.counters.polls += 1

    def troubled(self, error: HITLError) -> None:
        """Record a transient error, of the rate limit or another: everything pauses."""
        if isinstance(error, RateLimitError):
            self._client.counters.refused += 1
            self._client.budget.refused(self._client.clock.epoch(), error.retry_after)
        self.failed(error.retry_after)

    def failed(self, retry_after: float | None) -> None:
        """Record a transient error: everything pauses."""
        self._ended = self.now()
        self._paused_until = self._ended + max(min(SLOWEST, self.poll_interval()), retry_after or 0.0)

    def webhook_arrived(self) -> None:
        self._missed_webhooks = 0

    def webhook_missed(self) -> None:
        """Record that a review ended without a webhook."""
        self._missed_webhooks += 1

    @property
    def has_webhooks(self) -> bool:
        """True if webhooks announce what ends, so that polls only find what they have missed."""
        return self._missed_webhooks < MISSES
