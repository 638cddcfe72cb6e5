"""A fault as a value, and the faults of connections and of time. Faults are put together with `|`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from hitl.testing.hostile.messages import Reply, Wire

Ending: TypeAlias = Literal["keep", "close", "reset", "silence"]
"""What becomes of the connection: kept for the next request, closed (FIN), reset (RST), or left open without a word."""

Rewrite: TypeAlias = Callable[[Reply], Reply]
Delivery: TypeAlias = Callable[[Wire], Wire]

_STEPS = 20
"""Pieces to a second in which slow bytes are sent."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one request; `first | second` is both, in that order.

    Attributes:
        name: What the fault is called in messages.
        hears: Bytes of the request that are read before the connection ends; None for all of it. Such a fault meets
            the next request whatever it is, because what it asks for is not known.
        handles: Whether what the request asks for is done.
        rewrites: What is changed in the reply.
        deliveries: What is changed on its way: each makes a stream of pieces from one.
        ending: What becomes of the connection afterwards; None for what the reply says.
    """

    name: str
    hears: int | None = None
    handles: bool = True
    rewrites: tuple[Rewrite, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    ending: Ending | None = None

    def __or__(self, other: Fault) -> Fault:
        """Return the fault that is both: the rewrites and deliveries of the first come first."""
        return Fault(
            f"{self.name} | {other.name}",
            other.hears if self.hears is None else self.hears,
            self.handles and other.handles,
            self.rewrites + other.rewrites,
            self.deliveries + other.deliveries,
            other.ending or self.ending,
        )

    def rewrite(self, reply: Reply) -> Reply:
        """Return what becomes of a reply."""
        for each in self.rewrites:
            reply = each(reply)
        return reply

    def deliver(self, wire: Wire) -> Wire:
        """Return what becomes of a reply on its way."""
        for each in self.deliveries:
            wire = each(wire)
        return wire

    def __str__(self) -> str:
        return self.name


def reset(at: int = 0, *, hears: int | None = None, handles: bool = False) -> Fault:
    """Break the connection off with a TCP reset.

    Args:
        at: Bytes of the answer that are sent first; more than 0 means that the request was handled.
        hears: Bytes of the request that are read, instead of all of it; 0 resets as soon as a request begins, or, on
            a new connection, as soon as it is there.
        handles: Do what is asked first, so that only the answer is lost.
    """
    return _cut("reset", "reset", at, hears, handles)


def close(at: int = 0, *, hears: int | None = None, handles: bool = False) -> Fault:
    """Close the connection early; see `reset`."""
    return _cut("close", "close", at, hears, handles)


def silence(at: int = 0, *, hears: int | None = None, handles: bool = False) -> Fault:
    """Say nothing more, and keep the connection; see `reset`."""
    return _cut("silence", "silence", at, hears, handles)


def hang_up() -> Fault:
    """Answer honestly, and close the connection without having said so."""
    return Fault("hang_up", ending="close")


def deaf(seconds: float) -> Fault:
    """Read the whole request, and begin to answer this many seconds later."""

    def wait(wire: Wire) -> Wire:
        yield seconds
        yield from wire

    return Fault(f"deaf for {seconds} s", deliveries=(wait,))


def early(hears: int) -> Fault:
    """Answer when this many bytes of the request have been read, and close: `early(100) | answer(413)`."""
    return Fault(f"early after {hears} bytes of the request", hears=hears, handles=False, ending="close")


def drip(bytes_per_second: float, *, part: Literal["answer", "body"] = "answer") -> Fault:
    """Send slowly; with `part="body"` the head comes at once."""

    def slowly(wire: Wire) -> Wire:
        is_free = part == "body"
        for piece in wire:
            if is_free or not isinstance(piece, bytes):
                yield piece
            else:
                yield from _slowly(piece, bytes_per_second)
            is_free = False

    return Fault(f"drip of {bytes_per_second} bytes a second", deliveries=(slowly,))


def informational(count: float = math.inf, *, status: int = 103, pause: float = 0.0) -> Fault:
    """Send 1xx answers before the answer (RFC 9110, 15.2).

    Args:
        count: How many; endlessly many if not given.
        status: 100 to 199.
        pause: Seconds between two of them.
    """

    def flood(wire: Wire) -> Wire:
        line = f"HTTP/1.1 {status} Wait\r\nLink: </style.css>\r\n\r\n".encode()
        sent = 0
        while sent < count:
            yield line
            if pause:
                yield pause
            sent += 1
        yield from wire

    return Fault(f"{count} x {status}", deliveries=(flood,))


def surplus(data: bytes | Reply) -> Fault:
    """Send bytes that belong to nothing after the answer, in the same packet: a second answer, for example."""
    extra = data if isinstance(data, bytes) else b"".join(filter_bytes(data.wire()))

    def more(wire: Wire) -> Wire:
        yield b"".join(filter_bytes(wire)) + extra

    return Fault("surplus", deliveries=(more,))


def late_surplus(data: bytes | Reply, seconds: float = 0.05) -> Fault:
    """Send bytes that belong to nothing a moment after the answer; see `surplus`."""
    extra = data if isinstance(data, bytes) else b"".join(filter_bytes(data.wire()))

    def more(wire: Wire) -> Wire:
        yield from wire
        yield seconds
        yield extra

    return Fault("late surplus", deliveries=(more,))


def raw(data: bytes, ending: Ending = "close", *, handles: bool = True) -> Fault:
    """Send exactly these bytes as the answer."""

    def replace(wire: Wire) -> Wire:  # noqa: ARG001 - a Delivery
        yield data

    return Fault(f"raw {data[:40]!r}", handles=handles, deliveries=(replace,), ending=ending)


def filter_bytes(wire: Wire) -> Iterator[bytes]:
    """Give the pieces that are bytes, without the pauses."""
    return (piece for piece in wire if isinstance(piece, bytes))


def _cut(name: str, ending: Ending, at: int, hears: int | None, handles: bool) -> Fault:
    if at < 0 or (hears is not None and (hears < 0 or at or handles)):
        raise ValueError("at and hears are 0 or more, and an answer, or handling, needs the whole request: drop hears")

    def cut(wire: Wire) -> Wire:
        left = at
        while left > 0 and (piece := next(wire, None)) is not None:
            yield piece[:left] if isinstance(piece, bytes) else piece
            left -= len(piece) if isinstance(piece, bytes) else 0

    where = f"after {hears} bytes of the request" if hears is not None else f"at byte {at} of the answer"
    return Fault(f"{name} {where}", hears, handles or at > 0, deliveries=(cut,), ending=ending)


def _slowly(data: bytes, bytes_per_second: float) -> Wire:
    step = max(1, math.ceil(bytes_per_second / _STEPS))
    for start in range(0, len(data), step):
        piece = data[start : start + step]
        yield piece
        yield len(piece) / bytes_per_second
