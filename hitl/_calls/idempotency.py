"""Idempotency keys, which are the same when the same work is done again.

With a random key, one call can be repeated. With derived keys, a whole program can: a key follows from the name of a
scope, the operation, what is created, and the number of equal creations before it in that scope. So a second run after
a crash sends the same keys, whatever the order of concurrent tasks, and two equal reviews, both wanted, stay two.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Generator, Hashable
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from types import TracebackType
from typing import NamedTuple, TypeAlias
from uuid import uuid4

from attrs import define, field

from hitl._json import canonical
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
    return Key(f"hitl-{uuid4().hex}", is_lasting=False)


class _CreationKind(NamedTuple):
    """What equal creations have in common; a scope may span several clients, so the account is a part of it."""

    account: Hashable
    operation: str
    body: str


@define(eq=False)
class IdempotencyScopeState:
    """The name of a scope, and what has been created in it so far; threads and tasks may share it."""

    path: tuple[str, ...]  # the names of the scopes around it, and its own
    owner: object = field(default=None, repr=False)  # the client that it is for; None for all
    _counts: dict[_CreationKind, count[int]] = field(
        factory=dict["_CreationKind", "count[int]"], repr=False, init=False
    )

    def number(self, kind: _CreationKind) -> int:
        """Return the number of equal creations before this one."""
        return next(self._counts.setdefault(kind, count()))  # atomic


@define(eq=False)
class RetriedCall:
    """The attempts of one decorated function.

    Each attempt uses the numbers of the first one, so that what a failed attempt created is recognised in the next.
    """

    around: tuple[IdempotencyScopeState, ...]  # open when it began; scopes opened inside start anew in each attempt
    fallback: IdempotencyScopeState = field(factory=lambda: IdempotencyScopeState(("retry", uuid4().hex)))
    _numbers: dict[tuple[IdempotencyScopeState, _CreationKind, int], int] = field(
        factory=dict[tuple[IdempotencyScopeState, _CreationKind, int], int], init=False
    )
    _positions: dict[tuple[IdempotencyScopeState, _CreationKind], count[int]] = field(
        factory=dict[tuple[IdempotencyScopeState, _CreationKind], "count[int]"], init=False
    )
    _keys: set[str] = field(factory=set[str], init=False)

    def begin(self) -> None:
        """Begin another attempt."""
        self._positions = {}

    def number(self, scope: IdempotencyScopeState, kind: _CreationKind) -> int:
        """Return the number of the next creation of its kind in this attempt."""
        position = (scope, kind, next(self._positions.setdefault((scope, kind), count())))
        number = self._numbers.get(position)
        return self._numbers.setdefault(position, scope.number(kind)) if number is None else number

    def new_key(self, kind: _CreationKind) -> str:
        """Return the key for what is created outside of any scope."""
        key = derived_key(*self.fallback.path, kind.operation, kind.body, self.number(self.fallback, kind))
        self._keys.add(key)
        return key

    def owns(self, key: str | None) -> bool:
        """Return whether a key was made for this function only, so that no later call sends it again."""
        return key in self._keys


_SCOPES: ContextVar[tuple[IdempotencyScopeState, ...]] = ContextVar("hitl_scopes", default=())
_RETRYING: ContextVar[RetriedCall | None] = ContextVar("hitl_retrying", default=None)


def is_retrying() -> bool:  # guard: one-retry-layer
    """Return whether @retry_with_backoff is calling; calls inside it make one attempt only."""
    return _RETRYING.get() is not None


def begin_retrying() -> RetriedCall:
    """Return the state of an outermost decorated call."""
    return RetriedCall(_SCOPES.get())


@contextmanager
def calling(retrying: RetriedCall) -> Generator[None, None, None]:
    """Mark one attempt of a decorated function."""
    retrying.begin()
    token = _RETRYING.set(retrying)
    try:
        yield
    finally:
        _RETRYING.reset(token)


def key_for(owner: object, account: Hashable, operation: str, body: bytes) -> Key:
    """Return the key for a creation: of the innermost scope of its client, else of the decorator, else a random one.

    Args:
        owner: The client.
        account: The server and the API key.
        operation: Such as "create_review".
        body: The JSON that is sent.
    """
    scope = next((each for each in reversed(_SCOPES.get()) if each.owner is owner), None)
    retrying = _RETRYING.get()
    if scope is None:
        return Key(retrying.new_key(_kind(account, operation, body)), is_lasting=True) if retrying else random_key()
    kind = _kind(account, operation, body)
    is_repeated = retrying is not None and scope in retrying.around
    number = retrying.number(scope, kind) if is_repeated and retrying else scope.number(kind)
    return Key(derived_key(*scope.path, kind.operation, kind.body, number), is_lasting=True)


def _kind(account: Hashable, operation: str, body: bytes) -> _CreationKind:
    return _CreationKind(account, operation, hashlib.sha256(canonical(body)).hexdigest())


class IdempotencyScope:
    """What `client.idempotency_scope` returns: a context manager; entered again, it counts from zero."""

    def __init__(self, owner: object, name: object) -> None:
        self._owner = owner
        self._name = scope_name(name)
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


def scope_name(name: object) -> str:
    """Return a name that can be hashed, 1 to 255 characters.

    Raises:
        ConfigurationError: if it is not; it is not quoted, since it may be a secret in the wrong place.
    """
    if not isinstance(name, str) or not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise ConfigurationError(
            f"the name of an idempotency scope must be 1 to {LONGEST_NAME} printable characters, such as 'job-42'"
        )
    return name
