"""What an object shows to whoever walks over it: a debugger, a log handler, an error reporter."""

from __future__ import annotations

import traceback
from collections.abc import Iterator

ENOUGH = 200_000  # objects that a walk looks at


def attributes(root: object) -> Iterator[object]:
    """Give everything that is found from an object, by attributes."""
    seen: set[int] = set()
    waiting = [root]
    while waiting and len(seen) < ENOUGH:
        each = waiting.pop()
        if id(each) in seen or isinstance(each, type) or callable(each):
            continue
        seen.add(id(each))
        yield each
        if isinstance(each, dict):
            waiting += [*each.keys(), *each.values()]
        elif isinstance(each, list | tuple | set | frozenset):
            waiting += each
        else:
            waiting += vars(each).values() if hasattr(each, "__dict__") else []
            names = [name for kind in type(each).__mro__ for name in getattr(kind, "__slots__", ())]
            waiting += [getattr(each, name, None) for name in names if isinstance(name, str)]


def shows(value: object, secret: str) -> bool:
    """Tell whether a single value, as text or by its repr, holds the secret."""
    text = bytes(value).decode("latin-1") if isinstance(value, bytes | bytearray) else str(value)
    return secret in text or secret in repr(value)


def locals_of(error: BaseException) -> str:
    """Return the local variables of all frames of this package in the error's traceback, of which there must be some.

    Frames of a test hold the secret as its author wrote it; the package's own must not.
    """
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    frames = [frame for frame in told.stack if "/hitl/" in frame.filename.replace("\\", "/")]
    assert frames
    return "".join(str(frame.locals) for frame in frames)
