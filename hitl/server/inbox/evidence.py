"""What a call is judged by, beside its arguments: a line for each part, which opens when it is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hitl.server.inbox.controls import Control
from hitl.server.inbox.documents import Document
from hitl.server.inbox.forms import Form
from hitl.server.inbox.rendering import Block, Items, Json, Pairs, Text, Word, block

_LONGEST: Final = 120
_SAID: Final = 4  # values that a line names

_FOLDED: Final = (Pairs, Items, Json)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One part: its name, what it says in a line, what speaks against it, and the whole."""

    name: str
    gist: str
    flags: list[str]
    shown: Block


@dataclass(frozen=True, slots=True)
class Matter:
    """What a page shows: what is open, in its order, what is folded, and the values that are left."""

    displays: list[Control]
    evidence: list[Evidence]
    rest: Document


def matter_of(form: Form) -> Matter:
    """Arrange the content of a form: beside a call that is edited, objects and lists are folded."""
    if not any(control.arguments for control in form.displays):
        return Matter(form.displays, [], form.rest)
    folded = [control for control in form.displays if _is_folded(control)]
    parts = [(control.label, shown) for control in folded if (shown := control.shown) is not None]
    blocks = {name: block({name: value}) for name, value in form.rest.items()}
    inner = {name: each.items[0][1] for name, each in blocks.items() if isinstance(each, Pairs) and each.items}
    parts += [(name, each) for name, each in inner.items() if isinstance(each, _FOLDED)]
    rest = {name: value for name, value in form.rest.items() if not isinstance(inner.get(name), _FOLDED)}
    displays = [control for control in form.displays if control not in folded]
    return Matter(displays, [Evidence(name, gist(each), _flags(each), each) for name, each in parts], rest)


def gist(shown: Block) -> str:
    """Return what a block says in a line: its first values, or how many there are."""
    if isinstance(shown, Pairs):
        said = [f"{key} {text}" for key, value in shown.items if (text := _short(value))]
        return _cut(" · ".join(said[:_SAID]) or shown.gist)
    if isinstance(shown, Items):
        count = len(shown.items) + shown.hidden
        said = [f"{count} item{'' if count == 1 else 's'}", *filter(None, [_short(each) for each in shown.items])]
        return _cut(" · ".join(said[:2]))
    return "JSON" if isinstance(shown, Json) else _cut(_short(shown))


def _is_folded(control: Control) -> bool:
    return control.kind == "show" and not control.is_key and isinstance(control.shown, _FOLDED)


def _flags(shown: Block) -> list[str]:
    return list(shown.flags.values()) if isinstance(shown, Pairs) else []


def _short(shown: Block) -> str:
    if isinstance(shown, Word):
        return "" if shown.empty else shown.text
    return " ".join(shown.text[:_LONGEST].split()) if isinstance(shown, Text) else ""


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1].rstrip()}…"
