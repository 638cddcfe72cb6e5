"""Markdown as a flat list of pieces that a template draws, without losing a character of the source.

A CommonMark parser (pyromark, a binding of pulldown-cmark) says what each range of the source is. Only its ranges are
used, never its texts: the cursor moves through the source once, and everything it passes becomes a piece, either as
text or as a mark for what a renderer would swallow (`**`, `](https://…)`, the line of a fence, `&amp;`, a definition, a
comment). So the pieces put together are the source, except for white space and the lines of tables. A reviewer judges
the text; a renderer that dropped `*` from 2*3*4 would change it.

HTML in the source stays text. Nothing here is HTML, and nothing recurses, however deeply a hostile text is nested.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from hitl.server.inbox.hidden_characters import parts, unix_lines
from hitl.server.inbox.highlighting import tokens

MAX_CHARACTERS: Final = 100_000
MAX_PIECES: Final = 20_000
"""Each piece is an element of the page; a text that needs more of them is shown plain."""

_MAX_DEPTH: Final = 20  # elements nested deeper are left out, their text is not
_BLANK: Final = " \t\n"  # not str.strip(): that would also drop characters that must be shown, as U+2028
_TABLE_LINES: Final = f"{_BLANK}|:-"

# What nobody writes by accident: a fence that is closed, bold words, a link, the second line of a table, a heading
# between blank lines. Lists, quotes and other `# ` are no signs: dates, patches, YAML and comments have them, too.
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})([^`]*)$")
_SIGNS = re.compile(
    r"(?<![\w*/\\)\]}])\*\*[^\W_](?:[^\n*]{0,300}[^\s*])?\*\*(?![\w*/\\({\[])|\[[^\[\]\n]{1,200}\]\(https?://"
    r"|^ {0,3}\|?(?:[ \t]*:?-{3,}:?[ \t]*\|)+(?:[ \t]*:?-{3,}:?[ \t]*)?$"
    r"|(?:\A|^[ \t]*\n) {0,3}#{2,6} [^\s#][^\n]*[^\s#](?:\n[ \t]*(?=\n)|\n?\Z|\n(?= {0,3}(?:[-*+]|1[.)]) ))"
    r"|\A# [^\s#][^\n]*[^\s#]\n[ \t]*\n(?=[^\W\d_]|\*\*| {0,3}[-*] )",  # a title above a paragraph or a list
    re.MULTILINE,
)
# Looked for outside of fences, where Markdown may quote them.
_OTHER_FORMATS = re.compile(
    r"^diff --git |^Index: \S|^@@ -\d|^--- \S.*\n\+\+\+ \S|^[-+](?![-+ ])\S.*\n[-+](?![-+ ])\S"  # patches
    r"|^- .*\n\+ |^\+ .*\n- "
    r"|^Traceback \(most recent call last\)|^[ \t]+at [\w.$<>]+\(|^ *File \"[^\"\n]+\", line \d"  # tracebacks
    r"|\A---\n|\A%YAML|^[ ]*[A-Za-z_][\w.-]*:\n *- |^[A-Za-z_][\w-]*: .*\n *[A-Za-z_][\w-]*:(?: |$)"  # YAML, headers
    r"|^- [A-Za-z_][\w-]*: .*\n +[A-Za-z_][\w-]*:|^\[[\w.:\" -]+\]\n|^[A-Za-z_][\w.]* ?= ?\S"  # INI, TOML, programs
    r"|^(?:\$|>>>|PS [A-Z]:\\[^\n>]*>|[\w.-]+@[\w.-]+:\S*[$#]) \S|^#!/"  # shell sessions
    r"|^(?:import|from) [\w.]+(?: import .*)?$|^(?:def|class) \w+.*:$|^(?:#include|package) \S"  # code
    r"|^[ \t]*(?:/\*\*|\*/)"
    r"|^\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d|^\\(?:documentclass|begin|section|usepackage)\b|\A<(?:!DOCTYPE|\?xml|html)\b",
    re.MULTILINE,
)

_ELEMENTS: Final[Mapping[str, str]] = {
    "BlockQuote": "quote",
    "CodeBlock": "code",
    "Emphasis": "em",
    "Heading": "heading",
    "HtmlBlock": "html",
    "Image": "link",
    "Item": "item",
    "Link": "link",
    "List": "list",
    "Paragraph": "paragraph",
    "Strikethrough": "strike",
    "Strong": "strong",
    "Table": "table",
    "TableCell": "cell",
    "TableHead": "head",
    "TableRow": "row",
}
_CONTAINERS: Final = frozenset({"", "quote", "list", "item", "table", "head", "row"})  # "" is the document
_TABLE: Final = frozenset({"table", "head", "row"})


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a drawing."""

    # "open" or "close" for the bounds of an element, "text", "mark" (syntax), "task" (a box that can be ticked),
    # "address", "hidden" (the code point of an invisible character), or a kind of `highlighting.Token`
    kind: str
    text: str  # what is printed, or the name of the element
    level: int = 0  # of a heading, where none is left out, for those who move from heading to heading


@dataclass(slots=True)
class _Element:
    name: str
    is_drawn: bool = True
    url: str = ""


def looks_like_markdown(text: str) -> bool:
    """Return whether a text has marks that people do not write by accident, and none of a format that shares them."""
    if len(text) > MAX_CHARACTERS:
        return False
    prose, fences = _without_fences(unix_lines(text))
    return bool(fences or _SIGNS.search(prose)) and not _OTHER_FORMATS.search(prose)


def _without_fences(text: str) -> tuple[str, int]:
    """Leave out the code that fences enclose, and count them; a fence that is not closed is none."""
    prose, code, fence, count = list[str](), list[str](), "", 0
    for line in text.split("\n"):
        found = _FENCE.match(line)
        if not fence and found:
            fence, code = found[1], [line]
        elif fence and found and not found[2].strip() and found[1].startswith(fence):
            fence, count = "", count + 1
        else:
            (code if fence else prose).append(line)
    return "\n".join([*prose, *code] if fence else prose), count


def draw(text: str) -> list[Piece]:
    """Return the pieces of a Markdown text; none if it would take more than `MAX_PIECES`."""
    import pyromark  # not needed before the first page with Markdown

    options = pyromark.Options.ENABLE_TABLES | pyromark.Options.ENABLE_STRIKETHROUGH | pyromark.Options.ENABLE_TASKLISTS
    source = unix_lines(text)
    try:
        drawing = _Drawing(source.encode())
    except UnicodeEncodeError:  # a lone surrogate
        return []
    for count, (event, span) in enumerate(pyromark.events_with_range(source, options=options)):
        drawing.add(event, span["start"], span["end"])
        if max(count, len(drawing.pieces)) > MAX_PIECES:
            return []
    return drawing.finish()


def _name_and_details(value: Any) -> tuple[str, Any]:
    """Read an event or a tag of pyromark: a string, or a dict of one item."""
    return (value, None) if isinstance(value, str) else next(iter(value.items()))


class _Drawing:
    def __init__(self, source: bytes) -> None:
        self.pieces: list[Piece] = []
        self._source = source
        self._position = 0
        self._open = [_Element("")]
        self._prefix: list[str] = []  # syntax before a block, such as "> - ", which is drawn within the block
        self._code: list[str] = []
        self._language = ""
        self._alignments: tuple[str, ...] = ()  # of the columns of the present table
        self._column = 0
        self._level = 0  # of the last heading

    def add(self, event: Any, start: int, end: int) -> None:
        """Draw what an event of the parser stands for."""
        name, value = _name_and_details(event)
        if name == "Start":
            self._syntax(self._pass(start))
            self._start(value)
        elif name == "End":
            self._end(end)
        elif name == "Rule":
            self._syntax(self._pass(start))
            self._block("rule", self._pass(end).strip(_BLANK))
        else:
            self._syntax(self._pass(start))
            self._leaf(name, self._pass(end))

    def finish(self) -> list[Piece]:
        """Draw what stands behind the last block."""
        self._syntax(self._pass(len(self._source)))
        self._flush_prefix()
        return self.pieces

    def _pass(self, end: int) -> str:
        """Move the cursor forward and return what it passed."""
        passed = self._source[self._position : end].decode()
        self._position = max(self._position, end)
        return passed

    def _start(self, tag: Any) -> None:
        name, details = _name_and_details(tag)
        element = _ELEMENTS.get(name, "")
        parent = self._open[-1]
        is_drawn = len(self._open) <= _MAX_DEPTH or (parent.is_drawn and parent.name in _TABLE)
        if element == "heading":
            self._level = min(int(details["level"][1:]), self._level + 1)
            element = f"heading{details['level'][1:]}"
        elif element == "table":
            self._alignments = details
        elif element in ("head", "row"):
            self._column = 0
        elif element == "cell":
            element = self._cell(parent.name)
        elif element == "code":
            _, info = _name_and_details(details)  # of a fence; indented code has none
            self._language = (info or "").partition(" ")[0]
        self._open.append(_Element(element, is_drawn, details["dest_url"] if element == "link" else ""))
        if is_drawn and element:
            self.pieces.append(Piece("open", element, self._level if name == "Heading" else 0))
        if element not in _CONTAINERS:
            self._emit_prefix()

    def _cell(self, row: str) -> str:
        """Return the element of the next cell of a row."""
        is_right = self._alignments[self._column : self._column + 1] == ("Right",)
        self._column += 1
        return ("head-cell" if row == "head" else "cell") + ("-right" if is_right else "")

    def _end(self, end: int) -> None:
        rest = self._pass(end)
        element = self._open[-1]
        if element.name in _CONTAINERS:
            self._syntax(rest)
            if element.name not in _TABLE:
                self._flush_prefix()
            elif element.name != "table" and self._prefix and element.is_drawn:
                self._block("cell", "")  # what a row holds beyond the columns of the table
        elif element.url and element.url in rest:
            before, _, after = rest.partition(element.url)
            self._emit("mark", before)
            self._emit("address", element.url)
            self._emit("mark", after)
        else:
            self._syntax(rest.rstrip("\n"))
        self._emit_code()
        self._open.pop()
        if element.is_drawn and element.name:
            self.pieces.append(Piece("close", element.name))

    def _leaf(self, name: str, text: str) -> None:
        element = self._open[-1]
        self._emit_prefix()
        if element.name == "code":
            self._code.append(text)
        elif name == "Code":
            self.pieces.append(Piece("open", "code-span"))
            self._emit("text", text)
            self.pieces.append(Piece("close", "code-span"))
        elif name == "TaskListMarker":
            self._emit("task", f"{text} ")
        else:
            self._emit("address" if text == element.url else "text", text)

    def _syntax(self, text: str) -> None:
        """Draw what the parser skipped: at once within a line, before the next block between blocks."""
        place = self._open[-1].name
        if not text.strip(_TABLE_LINES if place in _TABLE else _BLANK):
            return
        if place not in _CONTAINERS:
            self._emit_code()
            self._emit("mark", text)
            return
        lines, newline, prefix = text.rpartition("\n")
        self._prefix.append(lines + newline)
        if newline and place not in _TABLE:
            self._flush_prefix()
        if prefix.strip(_BLANK):
            self._prefix.append(prefix)

    def _emit_prefix(self) -> None:
        self._emit("mark", "".join(self._prefix))
        self._prefix.clear()

    def _flush_prefix(self) -> None:
        """Draw skipped lines, such as the definition of a link, as a block of their own."""
        lines = "".join(self._prefix).strip("\n")
        self._prefix.clear()
        if lines.strip(_BLANK):
            self._block("source", lines)

    def _block(self, name: str, text: str) -> None:
        self.pieces.append(Piece("open", name))
        self._emit_prefix()
        self._emit("mark", text)
        self.pieces.append(Piece("close", name))

    def _emit_code(self) -> None:
        if self._code:
            for token in tokens("".join(self._code), self._language):
                self._emit(token.kind or "text", token.text)
            self._code.clear()

    def _emit(self, kind: str, text: str) -> None:
        self.pieces.extend(Piece("hidden" if part.hidden else kind, part.text) for part in parts(text))
