"""A small part of Markdown, as blocks and spans that a page draws. Nothing here is HTML, and HTML in it stays text.

Headings, paragraphs, lists, quotes, rules, fenced code, emphasis, code, links and images. An image is not loaded: its
address is shown. Whatever else somebody writes is text, and the page shows the plain text at one click.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Final, TypeAlias

from hitl.server.inbox.highlighting import Token, tokens

MOST_CHARACTERS: Final = 100_000
_DEEPEST: Final = 5
_LONGEST_SPAN: Final = 1_000  # characters between a mark and its end: hostile texts have many marks and no end

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})\s*([\w+-]*)[^`\n]*")
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*")
_RULE = re.compile(r" {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})")
_QUOTE = re.compile(r" {0,3}> ?(.*)")
_ITEM = re.compile(r"( {0,3})([-*+]|\d{1,9}[.)])([ \t]+)(\S.*)")

_SPAN = re.compile(
    rf"`(?P<code>[^`\n]{{1,{_LONGEST_SPAN}}})`"
    rf"|(?P<image>!)?\[(?P<label>[^\[\]\n]{{0,{_LONGEST_SPAN}}})\]\((?P<url>[^\s()<>]{{1,{_LONGEST_SPAN}}})\)"
    rf"|\*\*(?=\S)(?P<strong>[^\n]{{1,{_LONGEST_SPAN}}}?)(?<=\S)\*\*(?!\*)"
    rf"|(?<![\w*])\*(?=[^\s*])(?P<em>[^*\n]{{1,{_LONGEST_SPAN}}}?)(?<=\S)\*(?!\w)"
    rf"|(?<!\w)_(?=\S)(?P<under>[^_\n]{{1,{_LONGEST_SPAN}}}?)(?<=\S)_(?!\w)"
)
_SIGNS = re.compile(
    r"^ {0,3}#{1,6} +\S|^ {0,3}(?:`{3}|~{3})|\*\*\S[^\n*]*\*\*|\[[^\[\]\n]{1,200}\]\(https?://"
    r"|^ {0,3}(?:[-*+]|\d{1,3}[.)]) +\S.*\n {0,3}(?:[-*+]|\d{1,3}[.)]) +\S",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Span:
    """Words: `kind` is "text", "code", "strong", "em", "link" or "image"."""

    kind: str
    text: str = ""
    inside: list[Span] = field(default_factory=list["Span"])
    url: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of one of six levels."""

    kind: ClassVar[str] = "heading"
    level: int
    spans: list[Span]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph."""

    kind: ClassVar[str] = "paragraph"
    spans: list[Span]


@dataclass(frozen=True, slots=True)
class Listing:
    """A list, with the number of its first item if it is numbered."""

    kind: ClassVar[str] = "listing"
    items: list[list[Part]]
    start: int | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """What somebody else has said."""

    kind: ClassVar[str] = "quote"
    parts: list[Part]


@dataclass(frozen=True, slots=True)
class Fenced:
    """Code between fences."""

    kind: ClassVar[str] = "fenced"
    tokens: list[Token]


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across the page."""

    kind: ClassVar[str] = "rule"


Part: TypeAlias = Heading | Paragraph | Listing | Quote | Fenced | Rule


def looks_like_markdown(text: str) -> bool:
    """Tell whether a text has marks that people do not write by accident."""
    return len(text) <= MOST_CHARACTERS and bool(_SIGNS.search(text))


def parse(text: str, *, depth: int = 0) -> list[Part]:
    """Read a text as Markdown; what is nested too deep stays a paragraph."""
    return list(_Reader(text.splitlines(), depth).parts())


def spans(text: str, *, depth: int = 0) -> list[Span]:
    """Read the marks within a paragraph."""
    if depth >= _DEEPEST:
        return [Span("text", text)]
    found: list[Span] = []
    start = 0
    for match in _SPAN.finditer(text):
        if match.start() > start:
            found.append(Span("text", text[start : match.start()]))
        found.append(_span(match, depth))
        start = match.end()
    if start < len(text):
        found.append(Span("text", text[start:]))
    return found


def _span(match: re.Match[str], depth: int) -> Span:
    if match["code"] is not None:
        return Span("code", match["code"])
    if match["url"] is not None:
        kind = "image" if match["image"] else "link"
        return Span(kind, match["label"], url=match["url"])
    if match["strong"] is not None:
        return Span("strong", inside=spans(match["strong"], depth=depth + 1))
    return Span("em", inside=spans(match["em"] or match["under"], depth=depth + 1))


class _Reader:
    """Reads lines from the first to the last, one part after the other."""

    def __init__(self, lines: list[str], depth: int) -> None:
        self._lines = lines
        self._at = 0
        self._depth = depth

    def parts(self) -> Iterator[Part]:
        while self._at < len(self._lines):
            if not self._lines[self._at].strip():
                self._at += 1
            else:
                yield self._part()

    def _part(self) -> Part:
        line = self._lines[self._at]
        if fence := _FENCE.fullmatch(line):
            return self._fenced(fence)
        if heading := _HEADING.fullmatch(line):
            self._at += 1
            return Heading(len(heading[1]), spans(heading[2]))
        if _RULE.fullmatch(line):
            self._at += 1
            return Rule()
        if self._depth < _DEEPEST and _QUOTE.fullmatch(line):
            return self._quote()
        if self._depth < _DEEPEST and (item := _ITEM.fullmatch(line)):
            return self._listing(item)
        return self._paragraph()

    def _fenced(self, fence: re.Match[str]) -> Fenced:
        self._at += 1
        code: list[str] = []
        while self._at < len(self._lines) and not self._lines[self._at].strip().startswith(fence[1]):
            code.append(self._lines[self._at])
            self._at += 1
        self._at += 1
        return Fenced(tokens("\n".join(code), fence[2]))

    def _quote(self) -> Quote:
        inner: list[str] = []
        while self._at < len(self._lines) and (line := _QUOTE.fullmatch(self._lines[self._at])):
            inner.append(line[1])
            self._at += 1
        return Quote(parse("\n".join(inner), depth=self._depth + 1))

    def _listing(self, first: re.Match[str]) -> Listing:
        numbered = first[2][:-1].isdecimal()
        items: list[list[Part]] = []
        while self._at < len(self._lines) and (item := self._item(numbered=numbered)):
            items.append(self._inside(item))
        return Listing(items, int(first[2][:-1]) if numbered else None)

    def _item(self, *, numbered: bool) -> re.Match[str] | None:
        """Return the item that the next line begins, if it belongs to a list of this kind."""
        line = self._lines[self._at]
        item = _ITEM.fullmatch(line)
        if item is None or _RULE.fullmatch(line) or item[2][:-1].isdecimal() is not numbered:
            return None
        return item

    def _inside(self, item: re.Match[str]) -> list[Part]:
        """Read an item: what follows its mark, and the lines below that are indented as far as it is."""
        indent = len(item[1]) + len(item[2]) + 1
        inner = [item[4]]
        self._at += 1
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if line.strip() and not line.startswith(" " * indent):
                break
            inner.append(line[indent:])
            self._at += 1
        return parse("\n".join(inner), depth=self._depth + 1)

    def _paragraph(self) -> Paragraph:
        lines = [self._lines[self._at].strip()]
        self._at += 1
        while self._at < len(self._lines) and not self._begins_something():
            lines.append(self._lines[self._at].strip())
            self._at += 1
        return Paragraph(spans("\n".join(lines)))

    def _begins_something(self) -> bool:
        line = self._lines[self._at]
        return not line.strip() or any(each.fullmatch(line) for each in (_FENCE, _HEADING, _RULE, _QUOTE, _ITEM))
