"""What is drawn holds every character of what is judged, whatever it is drawn as."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment

from hitl.server.inbox.content_files import picture_block
from hitl.server.inbox.diffing import Diff
from hitl.server.inbox.documents import Document
from hitl.server.inbox.editing import preview
from hitl.server.inbox.flags import FLAGS
from hitl.server.inbox.hidden_characters import visible
from hitl.server.inbox.page_renderer import PageRenderer
from hitl.server.inbox.rendering import block, code
from hitl.server.inbox.tables import Looking

VOID = {"br", "img", "input"}
FRAGMENTS = [
    " **bold** ", "\n\n## A head\n\n", "[a](https://b.example) ", "**", "*", "_", "`", "```", "```py\n", "\n", "\n\n", "\r\n", "\r", "# ", "> ", "- [x] ", "1. ", "|a|b|\n|-|-:|\n", "](", "[", "<b>", "</td>",
    "<!-- c -->", "&amp;", "--- a\n+++ b\n@@ -1,2 +1,2 @@\n", "@@ -1 +1 @@\n", "-a\n", "+b\n", " c\n", "\\ No newline\n", "diff --git a/x b/x\n",
    "\u202e", "\u2066", "\u2069", "\u200b", "\u200d", "\ufeff", "\u2028", "\u00a0", "\u3000", "e\u0301", "\u0301", "Z\u0351\u0352\u0353",
    "שלום", "مرحبا", "ราคา", "नमस्ते", "日本語", "한국어", "👩‍👩‍👧‍👦", "🇨🇭", "❤\ufe0f", "\U000e0041", "\ue000", "\0", "\x1b[31m", "\ud800", "2026-11-27T20:03:00Z",
    "129.90", "-0.0", "data:image/png;base64,", "https://a.example/b.png",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=6), max_size=25).map("".join) | st.text()
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
FLAGGED = {
    "_flags": st.none()
    | TEXTS
    | st.dictionaries(st.sampled_from(["a", "\u202eb", "", "gone"]) | TEXTS, TEXTS, max_size=3)
}
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(TEXTS, inner, max_size=4)
        | st.lists(st.fixed_dictionaries({"a": inner, "\u202eb": inner, "": inner}), min_size=1, max_size=4)
        | st.lists(st.fixed_dictionaries({"a": inner, "\u202eb": inner}, optional=FLAGGED), min_size=1, max_size=4)
    ),
    max_leaves=12,
)


class Drawn(HTMLParser):
    """The text of a drawing as people see it, and beside it what they see by hovering; without what is only spoken."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text = ""
        self.titles: list[str] = []
        self._unseen: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.titles += [attributes["title"] or ""] if tag == "time" else []
        if tag in VOID:
            return
        self._open.append(tag)
        classes = set((attributes.get("class") or "").split())
        if self._unseen or classes & {"sr", "pad", "raw", "nr"} or tag in ("summary", "figcaption"):
            self._unseen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        if self._unseen:
            self._unseen.pop()

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.text += data


@pytest.fixture(scope="module")
def environment() -> Environment:
    return PageRenderer()._templates


def drawn(environment: Environment, name: str, macro: str, it: object) -> Drawn:
    module: Any = environment.get_template(name).make_module({"looking": Looking()})
    return Drawn(str(getattr(module, macro)(it)))


def squeezed(text: str) -> str:
    """Leave out white space, and what a table of Markdown draws as lines; a page has no lone surrogates."""
    return re.sub(r"[ \t\n\u00a0\u3000|:-]", "", visible(text).encode("utf-8", "replace").decode())


def assert_whole(environment: Environment, it: object, text: str) -> None:
    assert squeezed(text) in squeezed(drawn(environment, "blocks.html", "block", it).text)


@given(TEXTS)
def test_of_a_text(environment: Environment, text: str) -> None:
    assert_whole(environment, block(f"a{text}b"), f"a{text}b")
    assert_whole(environment, preview("edit", f"a{text}b"), f"a{text}b")


@given(TEXTS, st.sampled_from(["", "python", "diff", "sql", "json", "js"]))
def test_of_code(environment: Environment, text: str, language: str) -> None:
    it = code(text, language)
    assert squeezed(drawn(environment, "blocks.html", "block", it).text) == squeezed(text)


@given(VALUES)
def test_of_any_value_and_its_keys(environment: Environment, value: Any) -> None:
    page = drawn(environment, "blocks.html", "block", block(value))
    seen = squeezed(page.text) + "".join(map(squeezed, page.titles))
    for text in texts_in(value):
        assert squeezed(text) in seen


def texts_in(value: Any) -> list[str]:
    if isinstance(value, dict):
        held: Document = value
        return [*(name for name in held if name != FLAGS), *(text for each in held.values() for text in texts_in(each))]
    if isinstance(value, list):
        return [text for each in value for text in texts_in(each)]
    if isinstance(value, str) and value.strip() and picture_block(value, "") is None:  # a file is no text
        return [value]
    return [str(value)] if isinstance(value, int | float) and not isinstance(value, bool) else []


@given(TEXTS.filter(str.strip), TEXTS.filter(str.strip))
def test_of_two_texts_that_are_compared(environment: Environment, before: str, after: str) -> None:
    text = squeezed(drawn(environment, "blocks.html", "block", block({"before": before, "after": after})).text)
    assert text == f"before{squeezed(before)}after{squeezed(after)}"


@given(TEXTS, TEXTS)
def test_of_both_sides_of_a_change(environment: Environment, before: str, after: str) -> None:
    page = str(environment.get_template("parts.html").make_module().diff(Diff(before, after)))  # type: ignore[attr-defined]
    for kept, gone in (("del", "ins"), ("ins", "del")):
        side = re.sub(rf"<{gone}>.*?</{gone}>", "", page, flags=re.DOTALL).replace(f"<{kept}>", "")
        text = Drawn(f"<div>{side.replace(f'</{kept}>', '')}</div>").text
        assert squeezed(before if kept == "del" else after) in squeezed(text)
