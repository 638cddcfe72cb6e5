"""Names for creations: idempotency keys that are the same when the same work is done again.

A random key lets one call be repeated. A derived key lets a whole program be repeated: it follows from the name of the
work (a scope), the operation, what is created, and how many equal ones came before within that scope. So a rerun after
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
    """An idempotency key; `is_lasting` if the same call made again would carry the same one."""

    text: str
    is_lasting: bool


# From an operation and the body that it sends, to the key for it.
KeyMaker: TypeAlias = Callable[[str, bytes], Key]


def derived_key(*parts: str | int) -> str:  # guard: derived-keys
    """Return the key that follows from these parts, whatever characters they hold."""
    told = json.dumps(parts, ensure_ascii=True, separators=(",", ":"))
    return f"hitl1-{hashlib.sha256(told.encode()).hexdigest()[:48]}"


def random_key(_operation: str = "", _body: bytes = b"") -> Key:
    """Return a key that no other call has."""
    return Key(f"hitl-{uuid4().hex}", is_lasting=False)


class _CreationKind(NamedTuple):
    """What is created, for counting equal ones; of which account, too, since a scope may span several clients."""

    account: Hashable
    operation: str
    body: str


@define(eq=False)
class IdempotencyScopeState:
    """A name for some work, and what has been created within it so far.

    The numbers are drawn from counters in one step each, so threads and tasks may share a scope.

    Attributes:
        path: The names of the scopes that it stands in, and its own.
        owner: The client that it is for; None for all.
    """

    path: tuple[str, ...]
    owner: object = field(default=None, repr=False)
    _counts: dict[_CreationKind, count[int]] = field(
        factory=dict["_CreationKind", "count[int]"], repr=False, init=False
    )

    def number(self, work: _CreationKind) -> int:
        """Return how many equal ones came before."""
        return next(self._counts.setdefault(work, count()))


@define(eq=False)
class RetriedCall:
    """One decorated function that is being called, again and again if need be.

    Each of its calls is given the numbers that the first one was given, so that what was created by a call that failed
    is recognised in the next.

    Attributes:
        around: The scopes that were open when it began; those opened inside start afresh with each call.
        fallback: Names what is created outside of any scope.
    """

    around: tuple[IdempotencyScopeState, ...]
    fallback: IdempotencyScopeState = field(factory=lambda: IdempotencyScopeState(("retry", uuid4().hex)))
    _numbers: dict[tuple[IdempotencyScopeState, _CreationKind, int], int] = field(
        factory=dict[tuple[IdempotencyScopeState, _CreationKind, int], int], init=False
    )
    _positions: dict[tuple[IdempotencyScopeState, _CreationKind], count[int]] = field(
        factory=dict[tuple[IdempotencyScopeState, _CreationKind], "count[int]"], init=False
    )
    _minted: set[str] = field(factory=set[str], init=False)

    def begin(self) -> None:
        """Begin another call of the function."""
        self._positions = {}

    def number(self, scope: IdempotencyScopeState, work: _CreationKind) -> int:
        """Return the number for the next one of its kind in this call."""
        place = (scope, work, next(self._positions.setdefault((scope, work), count())))
        number = self._numbers.get(place)
        return self._numbers.setdefault(place, scope.number(work)) if number is None else number

    def mint(self, work: _CreationKind) -> str:
        """Return the key for what is created outside of any scope."""
        key = derived_key(*self.fallback.path, work.operation, work.body, self.number(self.fallback, work))
        self._minted.add(key)
        return key

    def ends_with(self, key: str | None) -> bool:
        """Tell whether a key means nothing after this function, because nobody will make it again."""
        return key in self._minted


_SCOPES: ContextVar[tuple[IdempotencyScopeState, ...]] = ContextVar("hitl_scopes", default=())
_RETRYING: ContextVar[RetriedCall | None] = ContextVar("hitl_retrying", default=None)


def is_retrying() -> bool:  # guard: one-retry-layer
    """Tell whether @retry_with_backoff is calling: whoever is inside makes one attempt only."""
    return _RETRYING.get() is not None


def begin_retrying() -> RetriedCall:
    """Return what one outermost decorated call remembers."""
    return RetriedCall(_SCOPES.get())


@contextmanager
def calling(retrying: RetriedCall) -> Generator[None, None, None]:
    """Mark one call of a decorated function."""
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
        account: Whom the client acts for, and where.
        operation: Such as "create_review".
        body: What is sent, as JSON.
    """
    scope = next((each for each in reversed(_SCOPES.get()) if each.owner is owner), None)
    retrying = _RETRYING.get()
    if scope is None and retrying is None:
        return random_key()
    work = _CreationKind(account, operation, hashlib.sha256(canonical(body)).hexdigest())
    if scope is None:
        assert retrying is not None  # noqa: S101 - for type checkers; told above
        return Key(retrying.mint(work), is_lasting=True)
    is_repeated = retrying is not None and scope in retrying.around
    number = retrying.number(scope, work) if is_repeated and retrying else scope.number(work)
    return Key(derived_key(*scope.path, work.operation, work.body, number), is_lasting=True)


class IdempotencyScope:
    """What `client.idempotency_scope` returns: a context manager; entered again, it counts from the start."""

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
        # Not by a token: a fixture or a generator may leave in another context than it entered in. And the innermost
        # of this context, since other tasks may be in this scope, too.
        scope = next((each for each in reversed(_SCOPES.get()) if each in self._open), None)
        if scope is not None:
            self._open.remove(scope)
            _SCOPES.set(tuple(each for each in _SCOPES.get() if each is not scope))

    def __repr__(self) -> str:
        return f"<idempotency scope {self._name!r}>"


def scope_name(name: object) -> str:
    """Return a name that can be hashed, 1 to 255 characters.

    Raises:
        ConfigurationError: if it is none; it is not quoted, since it may be something else in the wrong place.
    """
    if not isinstance(name, str) or not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise ConfigurationError(
            f"the name of an idempotency scope must be 1 to {LONGEST_NAME} printable characters, such as 'job-42'"
        )
    return name
