"""Markdown is drawn as CommonMark reads it, and nothing of the source is lost or changed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment
from markupsafe import Markup

from hitl.server.inbox.hidden_characters import visible
from hitl.server.inbox.markdown import MAX_PIECES, Piece, draw, looks_like_markdown
from hitl.server.inbox.page_renderer import PageRenderer

SPECIFICATION = json.loads((Path(__file__).parents[1] / "data" / "commonmark-0.31.2.json").read_text())
EXAMPLES: list[tuple[str, str]] = SPECIFICATION["examples"]
TAGS = {
    "blockquote": "quote", "code": "code-span", "em": "em", "h1": "heading1", "h2": "heading2", "h3": "heading3",
    "h4": "heading4", "h5": "heading5", "h6": "heading6", "hr": "rule", "img": "link", "a": "link", "li": "item",
    "ol": "list", "p": "paragraph", "pre": "code", "strong": "strong", "ul": "list",
}  # fmt: skip


@pytest.fixture(scope="module")
def templates() -> Environment:
    return PageRenderer()._templates


def shown(templates: Environment, text: str) -> str:
    """Return the text of the page on which a Markdown text is drawn, after checking that its elements are balanced."""
    macro = templates.get_template("markdown.html").module.markdown  # type: ignore[attr-defined]
    page = str(macro(draw(text)))
    open_tags: list[str] = []
    for closing, tag in re.findall(r"<(/?)([a-z]+)[^>]*>", page):
        if closing:
            assert open_tags.pop() == tag
        else:
            open_tags.append(tag)
    assert open_tags == []
    return Markup(re.sub(r"<[^>]*>", "", page)).unescape()


def squeezed(text: str, *, has_table: bool) -> str:
    return re.sub(r"[ \t\n|:-]" if has_table else r"[ \t\n]", "", text)


def assert_nothing_is_lost(templates: Environment, source: str) -> None:
    """The page has every character of the source in order, except for white space and, with a table, its lines."""
    has_table = Piece("open", "table") in draw(source)
    assert squeezed(shown(templates, source), has_table=has_table) == squeezed(visible(source), has_table=has_table)


def test_nothing_of_the_examples_of_the_specification_is_lost(templates: Environment) -> None:
    assert len(EXAMPLES) == 652
    for source, _ in EXAMPLES:
        assert_nothing_is_lost(templates, source)


def elements_of(html: str) -> list[str]:
    text = re.sub(r"<pre><code[^>]*>", "<pre>", html)
    return [TAGS[tag] for tag in re.findall(r"<([a-z][a-z0-9]*)", text) if tag != "br"]


# Raw HTML stays text here, the alternative text of an image keeps its markup, and a definition is shown as a block.
def test_the_elements_are_those_of_the_specification() -> None:
    examples = [pair for pair in EXAMPLES if not re.search(r"<[a-zA-Z/!?]|!\[", pair[0])]
    assert len(examples) > 500
    for source, html in examples:
        drawn = [piece.text for piece in draw(source) if piece.kind == "open" and piece.text != "source"]
        assert drawn == elements_of(html), source


FRAGMENTS = [
    "**", "*", "_", "~~", "`", "```", "```py x=1\n", "\n", "\n\n", "  \n", "\\\n", "# ", "\n---\n", "\n===\n", "> ", "- ",
    "- [x] ", "3. ", "    ", "\t", "[", "](", ")", "![", "[a]: https://x.y 'z'\n", "https://x.y", "<https://x.y>", "<b>",
    "<!-- c -->", "&amp;", "&#0;", "\\*", "\\", "|", "|a|b|\n|-|:-:|\n", "|c|d|e|\n", "a", "é", "日本", "\u202e", "\0", "\r",
    "\r\n", "\x0b", "\u2028", "❤\ufe0f",
]  # fmt: skip


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=30).map("".join))
def test_nothing_of_any_combination_of_syntax_is_lost(templates: Environment, source: str) -> None:
    assert_nothing_is_lost(templates, source)


@given(st.text())
def test_nothing_of_any_text_is_lost(templates: Environment, source: str) -> None:
    assert_nothing_is_lost(templates, source)


@pytest.mark.parametrize(
    ("source", "page"),
    [
        ("3) a\n7) b", "3) a7) b"),
        ("[label](https://x.y 'title')", "[label](https://x.y 'title')"),
        ("![alt](https://x.y)", "![alt](https://x.y)"),
        ("a [b][c]\n\n[c]: https://x.y", "a [b][c][c]: https://x.y"),
        ("```py title=a\nx = 1\n```", "```py title=a\nx = 1\n```"),
        ("1 &lt; 2 \\* 3", "1 &lt; 2 \\* 3"),
        ("<b>no</b> <!-- see -->", "<b>no</b> <!-- see -->"),
        ("- [x] done", "- [x] done"),
        ("|a|b|\n|-|-|\n|1|2|3|", "ab12|3|"),
        ("> - a\n>   b", "> - a\n>   b"),
    ],
)
def test_what_a_renderer_would_swallow_is_shown_as_written(templates: Environment, source: str, page: str) -> None:
    assert shown(templates, source) == page


def test_code_keeps_its_spaces_and_gets_colours() -> None:
    pieces = draw("- ```python\n  if x:\n\n      y = 1  # *one*\n  ```")
    assert "".join(piece.text for piece in pieces if piece.kind not in ("open", "close", "mark")) == (
        "if x:\n\n    y = 1  # *one*\n"
    )
    assert Piece("comment", "# *one*") in pieces


@pytest.mark.parametrize("source", ["[a](https://x.y)", "<https://x.y>", "![a](https://x.y)", "[a](<https://x.y> 'b')"])
def test_an_address_can_be_followed(source: str) -> None:
    assert Piece("address", "https://x.y") in draw(source)


def test_only_addresses_of_the_web_become_links(templates: Environment) -> None:
    macro = templates.get_template("markdown.html").module.markdown  # type: ignore[attr-defined]
    assert "href" not in str(macro(draw("[a](javascript:alert(1)) <data:text/html,x>")))
    assert str(macro(draw("[a](https://x.y)"))).count("href") == 1


@pytest.mark.parametrize("piece", ["> ", "- ", "1. ", "*a **b ", "[", "![a](", "`a``", "<", "- a\n", "|a"])
def test_a_text_with_more_syntax_than_a_page_can_hold_is_left_to_be_shown_plain(piece: str) -> None:
    assert len(draw(piece * 33_000)) <= MAX_PIECES + 1


def test_elements_that_are_nested_too_deep_are_left_out_but_not_their_text(templates: Environment) -> None:
    source = "> " * 500 + "**x**\n\n" + "".join("  " * depth + "- |a|\n" for depth in range(200))
    assert sum(piece == Piece("open", "quote") for piece in draw(source)) < 50
    assert_nothing_is_lost(templates, source)


@pytest.mark.parametrize(
    ("source", "is_markdown"),
    [
        ("# Title\n\nText", True),
        ("A **bold** word", True),
        ("- a\n- b", False),
        ("1. a\n2. b", False),
        ("```\ncode\n```", True),
        ("See [this](https://example.com)", True),
        ("| a | b |\n|---|---|\n| 1 | 2 |", True),
        ("Summary:\n- a\n- b", False),
        ("Plain text, with a - dash.", False),
        ("2 * 3 * 4 = 24", False),
        ("A tweet with a #hashtag", False),
        ("- one remark", False),
        ("# a comment\nimport os", False),
        ("--- a/x.py\n+++ b/x.py\n@@ -1,2 +1,2 @@\n- **a**\n- **b**", False),
        ("Traceback (most recent call last):\n  File 'x', **kwargs**", False),
        ("---\ntitle: x\n---\n- a\n- b", False),
        ("steps:\n  - run: a\n  - run: b", False),
        ("name: x\non: push\n\n- a\n- b", False),
        ("2026-11-28\n2026-11-29", False),
        ("# " + "x" * 200_000, False),
        ("Intro\n\n## Part\n\nText", True),
        ("**Note:** see below\n\n1. a\n2. b", True),
        ("~~~py\nx = 1\n~~~\n", True),
        ("Do this:\n\n```sh\n$ make\n```\n", True),
        ("```\nnever closed", False),
        ("25. April\n27. May", False),
        ("2. Scope\n3) Term\n1) Law", False),
        ("# Learn C#", False),
        ("# Learn C#\n\nA course", False),
        ("#!/bin/sh\n\n## Install\n\nmake", False),
        ("# Script\n\nimport os\n", False),
        ("# Settings\n\nname = x", False),
        ("- old **a**\n+ new **a**", False),
        ("-old\n+new **b** c", False),
        ("Index: a.c\n**x** y", False),
        ("ValueError: x\n    at a.b.C(D.java:1)\n **x** y", False),
        ("- name: a\n  run: **b** c", False),
        ("[section]\n# a\n\n## b\n\nc", False),
        ("$ ls\n# whoami\n\n## x\n", False),
        ("root@host:~# cat **a** b", False),
        (">>> 2 **3** 4", False),
        ("2026-01-01 10:00:00 INFO **start** now", False),
        ("x = 2**3**4", False),
        ("f(**a, **b)", False),
        ("\\section{A}\n**b** c", False),
        ("<?xml version='1.0'?>\n**b** c", False),
        ("From: a@b.c\nSubject: **x** y\n\n> quoted", False),
        ("> quoted\n> more", False),
        ("* a footnote\n* another", False),
        ("C:\\new\\*.txt and C:\\__init__.py", False),
        ("__init__ and snake_case_names", False),
        ("a;b\n1;2", False),
        ("+---+---+\n| a | b |\n+---+---+", False),
        ("id | name\n---+-----\n 1 | a", False),
        ("/**\n * **a** b\n */", False),
    ],
)
def test_markdown_is_distinguished_from_plain_text(source: str, is_markdown: bool) -> None:
    assert looks_like_markdown(source) is is_markdown
