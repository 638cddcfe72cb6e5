"""Secrets: the API key, or the URL of a proxy with its password.

What is promised: no repr, format, pickle, copy, log line or error of this package shows a secret, and no walk over the
attributes of a client or an error finds it. Neither does a traceback with local variables, as error reporters make
them: a secret is wrapped before anything that can fail sees it, and is revealed only within expressions.
"""

from __future__ import annotations

from collections.abc import Callable
from hmac import compare_digest
from typing import NoReturn

_SHORTEST = 8  # characters


class Secret:
    """Hides a string; only `reveal` returns it.

    It takes any object, so that what a user passes as a key is hidden before it is checked.
    """

    __slots__ = ("reveal",)

    reveal: Callable[[], str]

    def __init__(self, text: object) -> None:
        # In a closure: debuggers, log handlers and error reporters walk attributes and slots, not cells.
        self.reveal = lambda: text  # type: ignore[assignment,return-value]  # checked by whoever takes it

    def __repr__(self) -> str:  # guard: secret-masked
        return "***"

    def __format__(self, _spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        mine, theirs = self.reveal(), other.reveal()
        return compare_digest(mine.encode("utf-8", "surrogatepass"), theirs.encode("utf-8", "surrogatepass"))

    def __hash__(self) -> int:
        return hash(self.reveal())

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is neither pickled nor copied; pass the API key itself, or set HITL_API_KEY there")

    def is_in(self, text: str) -> bool:
        """Return whether a string holds the secret; one that is shorter than any key is just a word."""
        return len(self.reveal()) >= _SHORTEST and self.reveal() in text

    def hide_in(self, text: str) -> str:
        """Return a string with the secret masked wherever it occurs."""
        return text.replace(self.reveal(), repr(self)) if self.is_in(text) else text
