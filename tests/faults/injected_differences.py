"""The cases of the fault list that end differently through `httpx.HTTPTransport()`, with either client.

`docs/reference/transports.md` has the rows of this table. A case that differs and is not listed fails
`test_through_httpx.py`, and so does a listed one that no longer differs.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """A promise that an injected transport does not keep.

    Attributes:
        promise: What the client's own connections promise.
        instead: What happens instead.
        cases: By name.
        sometimes: Cases that differ only if the surplus bytes arrive before the next request is sent.
    """

    promise: str
    instead: str
    cases: tuple[str, ...]
    sometimes: tuple[str, ...] = ()


DIFFERENCES = (
    Difference(
        "Bytes after an answer end the connection and are never read as the next answer.",
        "They may be read as the answer to the next request. An answer about another review is still refused by its "
        "id; an unasked one about the same review is not.",
        (
            "a connection is not used again after a line break",
            "a connection is not used again after a verdict that nobody asked for",
            "after a line break too many the next answer is the right one",
            "after a second answer after chunks the next answer is the right one",
            "after a second answer for the first review the next answer is the right one",
            "after a second answer in the same packet the next answer is the right one",
            "after a second answer to a request that was never made the next answer is the right one",
            "after half a second answer the next answer is the right one",
        ),
        ("a 204 with a body is no review",),
    ),
    Difference(
        "After an answer that belongs to another request, a new connection is used.",
        "The same connection may be used again.",
        ("an answer for another review is asked for again on a new connection",),
    ),
    Difference(
        "An attempt ends at the 17th interim answer (1xx).",
        "Any number of them is read, until the final answer or the deadline.",
        (
            "a flood of 1xx ends a read in time",
            "a flood of 1xx leaves a creation in doubt where keys are not known to be honoured",
            "a flood of 1xx makes one review where keys are honoured",
            "a read survives a flood of 1xx",
            "a wait survives a flood of 1xx",
        ),
    ),
    Difference(
        'An error\'s `sent` is "yes" once a byte of the answer has arrived.',
        'It is "yes" once the whole head has arrived, and "maybe" before.',
        ("an answer that had begun is told as sent",),
    ),
)
