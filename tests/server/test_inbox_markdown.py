"""Markdown as blocks and spans."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl.server.inbox.markdown import (
    Fenced,
    Heading,
    Listing,
    Paragraph,
    Quote,
    Rule,
    Span,
    looks_like_markdown,
    parse,
    spans,
)


def text(words: str) -> list[Span]:
    return [Span("text", words)]


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("plain", Paragraph(text("plain"))),
        ("one\ntwo", Paragraph(text("one\ntwo"))),
        ("## Title ##", Heading(2, text("Title"))),
        ("#no title", Paragraph(text("#no title"))),
        ("---", Rule()),
        ("* * *", Rule()),
        ("> said", Quote([Paragraph(text("said"))])),
        ("- a\n- b", Listing([[Paragraph(text("a"))], [Paragraph(text("b"))]])),
        ("3. a\n4. b", Listing([[Paragraph(text("a"))], [Paragraph(text("b"))]], 3)),
        ("- a\n  - b", Listing([[Paragraph(text("a")), Listing([[Paragraph(text("b"))]])]])),
    ],
)
def test_a_block_is_read(source: str, part: Any) -> None:
    assert parse(source) == [part]


def test_code_between_fences_is_kept_as_it_is() -> None:
    (part,) = parse("```python\nx = 1  # *one*\n```")
    assert isinstance(part, Fenced)
    assert "".join(token.text for token in part.tokens) == "x = 1  # *one*"
    assert any(token.kind == "comment" for token in part.tokens)


def test_a_fence_that_is_never_closed_holds_the_rest() -> None:
    assert len(parse("```\ncode\n# more")) == 1


@pytest.mark.parametrize(
    ("source", "span"),
    [
        ("`a*b*`", Span("code", "a*b*")),
        ("**bold**", Span("strong", inside=text("bold"))),
        ("*soft*", Span("em", inside=text("soft"))),
        ("_soft_", Span("em", inside=text("soft"))),
        ("**a *b***", Span("strong", inside=[Span("text", "a "), Span("em", inside=text("b"))])),
        ("[label](https://example.com/x)", Span("link", "label", url="https://example.com/x")),
        ("![alt](https://example.com/x.png)", Span("image", "alt", url="https://example.com/x.png")),
        ("[label](javascript:alert(1))", Span("text", "[label](javascript:alert(1))")),
        ("<b>no</b>", Span("text", "<b>no</b>")),
        ("snake_case_name", Span("text", "snake_case_name")),
        ("2 * 3 * 4", Span("text", "2 * 3 * 4")),
    ],
)
def test_a_span_is_read(source: str, span: Span) -> None:
    assert spans(source) == [span]


@pytest.mark.parametrize(
    ("source", "is_markdown"),
    [
        ("# Title\n\nText", True),
        ("A **bold** word", True),
        ("- a\n- b", True),
        ("1. a\n2. b", True),
        ("```\ncode\n```", True),
        ("See [this](https://example.com)", True),
        ("Plain text, with a - dash.", False),
        ("2 * 3 * 4 = 24", False),
        ("A tweet with a #hashtag", False),
        ("- one remark", False),
        ("# " + "x" * 200_000, False),
    ],
)
def test_markdown_is_told_from_plain_text(source: str, is_markdown: bool) -> None:
    assert looks_like_markdown(source) is is_markdown


@pytest.mark.parametrize("source", ["> " * 200 + "x", "- " * 200 + "x", "**" * 20_000, "[" * 50_000, "*a " * 20_000])
def test_hostile_texts_are_read_to_their_end(source: str) -> None:
    assert parse(source)


def words(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:  # pyright: ignore[reportUnknownVariableType]
            yield from words(each)
    elif isinstance(value, Span):
        yield value.text
        yield from words(value.inside)
    else:
        for name in ("spans", "parts", "items", "tokens"):
            yield from words(getattr(value, name, []))
        yield getattr(value, "text", "")


# Without fences and links, whose language and address stand elsewhere.
@given(st.text(alphabet=st.sampled_from("ab *_#>-1.\n[]!\t")))
def test_no_letter_is_lost(source: str) -> None:
    shown = "".join(words(list(parse(source))))
    assert {letter: shown.count(letter) for letter in "ab"} == {letter: source.count(letter) for letter in "ab"}
