"""Idempotency keys, which are the same when the same work is done again.

With a random key, one call can be repeated. With derived keys, a whole program can: a key follows from the name of a
scope, the operation, what is created, and the number of equal creations before it in that scope. So a second run after
a crash sends the same keys, whatever the order of concurrent tasks, and two equal reviews, both wanted, stay two.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Generator, Hashable
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from secrets import token_hex
from types import TracebackType
from typing import NamedTuple, TypeAlias

from hitl._json import canonical, plain
from hitl.exceptions import ConfigurationError

LONGEST_NAME = 255  # characters of a scope's name


class Key(NamedTuple):
    """An idempotency key; `is_lasting` if repeating the caller's code would send the same one."""

    text: str
    is_lasting: bool


# Returns the key for an operation and the body that it sends.
KeyMaker: TypeAlias = Callable[[str, bytes], Key]


def derived_key(*parts: str | int) -> str:  # guard: derived-keys
    """Return the key that follows from these parts, which may contain any characters."""
    joined = json.dumps(parts, ensure_ascii=True, separators=(",", ":"))
    return f"hitl1-{hashlib.sha256(joined.encode()).hexdigest()[:48]}"


def random_key(_operation: str = "", _body: bytes = b"") -> Key:
    """Return a key that is unique to one call."""
    return Key(f"hitl-{token_hex(16)}", is_lasting=False)


class _SentKeys:
    """The last keys that this process has sent. A response that repeats one of them belongs to that creation."""

    MOST = 10_000  # more than are ever under way at once

    def __init__(self) -> None:
        self._keys: OrderedDict[str, None] = OrderedDict()  # its methods are atomic, and the first is found at once

    def add(self, key: str) -> None:
        self._keys[key] = None
        if len(self._keys) > self.MOST:
            self._keys.popitem(last=False)

    def __contains__(self, key: str) -> bool:
        return key in self._keys or key.strip('"') in self._keys


SENT_KEYS = _SentKeys()


class _CreationKind(NamedTuple):
    """What equal creations have in common; a scope may span several clients, so the account is a part of it."""

    account: Hashable
    operation: str
    body: str


class IdempotencyScopeState:
    """The name of a scope, and what has been created in it so far; threads and tasks may share it."""

    def __init__(self, path: tuple[str, ...], owner: object = None) -> None:
        self.path = path  # the names of the scopes around it, and its own
        self.owner = owner  # the client that it is for; None for all
        self._counts: dict[_CreationKind, count[int]] = {}

    def number(self, kind: _CreationKind) -> int:
        """Return the number of equal creations before this one."""
        return next(self._counts.setdefault(kind, count()))  # atomic

    def key(self, kind: _CreationKind, number: int) -> str:
        return derived_key(*self.path, kind.operation, kind.body, number)


class RetriedCall:
    """The attempts of one decorated function.

    Each attempt uses the numbers of the first one, so that what a failed attempt created is recognised in the next.
    """

    def __init__(self) -> None:
        self.around = _SCOPES.get()  # scopes opened inside start anew in each attempt
        self._fallback = IdempotencyScopeState(("retry", token_hex(16)))
        self._numbers: dict[tuple[IdempotencyScopeState, _CreationKind, int], int] = {}
        self._positions: dict[tuple[IdempotencyScopeState, _CreationKind], count[int]] = {}
        self._keys: set[str] = set()

    def begin(self) -> None:
        self._positions = {}

    def key(self, scope: IdempotencyScopeState | None, kind: _CreationKind) -> str:
        """Return the key for the next creation of its kind in this attempt; without a scope, one of its own."""
        if scope is not None:
            return scope.key(kind, self._number(scope, kind))
        key = self._fallback.key(kind, self._number(self._fallback, kind))
        self._keys.add(key)
        return key

    def _number(self, scope: IdempotencyScopeState, kind: _CreationKind) -> int:
        position = (scope, kind, next(self._positions.setdefault((scope, kind), count())))
        number = self._numbers.get(position)
        return self._numbers.setdefault(position, scope.number(kind)) if number is None else number

    def owns(self, key: str | None) -> bool:
        """Return whether a key was made for this function only, so that no later call sends it again."""
        return key in self._keys


class _RetriedAttempt:
    """One attempt; when it ends, it is over also for the tasks that it has started and that outlive it."""

    def __init__(self, retrying: RetriedCall) -> None:
        self.retrying: RetriedCall | None = retrying  # None once it is over: nobody would repeat what fails now


_SCOPES: ContextVar[tuple[IdempotencyScopeState, ...]] = ContextVar("hitl_scopes", default=())
_ATTEMPT: ContextVar[_RetriedAttempt | None] = ContextVar("hitl_retried_attempt", default=None)


def is_retrying() -> bool:  # guard: one-retry-layer
    """Return whether @retry_with_backoff is calling; calls inside it make one attempt only."""
    return _retrying() is not None


def _retrying() -> RetriedCall | None:
    attempt = _ATTEMPT.get()
    return None if attempt is None else attempt.retrying


@contextmanager
def calling(retrying: RetriedCall) -> Generator[None, None, None]:
    """Mark one attempt of a decorated function."""
    retrying.begin()
    attempt = _RetriedAttempt(retrying)
    token = _ATTEMPT.set(attempt)
    try:
        yield
    finally:
        attempt.retrying = None
        _ATTEMPT.reset(token)


def key_for(owner: object, account: Hashable, operation: str, body: bytes) -> Key:
    """Return the key for a creation by a client: of its innermost scope, else of the decorator, else a random one."""
    around = _SCOPES.get()
    scope = next((each for each in reversed(around) if each.owner is owner), None) if around else None
    retrying = _retrying()
    if retrying is not None and (scope is None or scope in retrying.around):
        return Key(retrying.key(scope, _kind(account, operation, body)), is_lasting=True)
    if scope is None:
        return random_key()
    kind = _kind(account, operation, body)
    return Key(scope.key(kind, scope.number(kind)), is_lasting=True)


def _kind(account: Hashable, operation: str, body: bytes) -> _CreationKind:
    return _CreationKind(account, operation, hashlib.sha256(canonical(body)).hexdigest())


class IdempotencyScope:
    """What `client.idempotency_scope` returns: a context manager; entered again, it counts from zero."""

    def __init__(self, owner: object, name: object) -> None:
        self._owner = owner
        name = plain(name)
        if not isinstance(name, str) or not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
            raise ConfigurationError(  # without the name, which may be a secret in the wrong place
                f"the name of an idempotency scope must be 1 to {LONGEST_NAME} printable characters, such as 'job-42'"
            )
        self._name = name
        self._open: list[IdempotencyScopeState] = []

    def __enter__(self) -> None:
        around = _SCOPES.get()
        outer = next((each.path for each in reversed(around) if each.owner is self._owner), ("scope",))
        scope = IdempotencyScopeState((*outer, self._name), self._owner)
        self._open.append(scope)
        _SCOPES.set((*around, scope))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # Not by a token: a fixture or a generator may exit in another context than it entered. And the innermost one
        # of this context, since other tasks may have entered this scope, too.
        scope = next((each for each in reversed(_SCOPES.get()) if each in self._open), None)
        if scope is not None:
            self._open.remove(scope)
            _SCOPES.set(tuple(each for each in _SCOPES.get() if each is not scope))

    def __repr__(self) -> str:
        return f"<idempotency scope {self._name!r}>"
