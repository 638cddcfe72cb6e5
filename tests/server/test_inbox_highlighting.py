"""Code split into tokens of different colours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl.server.inbox.highlighting import MAX_TOKENS, Token, tokens


@pytest.mark.parametrize(
    ("language", "code", "kinds"),
    [
        ("python", "def f():  # why", {"def": "keyword", "# why": "comment"}),
        ("py", "x = '''a\n\"b'''", {"'''a\n\"b'''": "string"}),
        ("python", "x = 0x1F + 2.5e3", {"0x1F": "number", "2.5e3": "number"}),
        ("TypeScript", "const a = `b\nc`; // d", {"const": "keyword", "`b\nc`": "string", "// d": "comment"}),
        ("json", '{"a": [true, -1.5]}', {'"a"': "string", "true": "keyword", "-1.5": "number"}),
        ("sql", "select 1 from t -- all", {"select": "keyword", "1": "number", "-- all": "comment"}),
        ("sql", "/* two\nlines */ SELECT 'x'", {"/* two\nlines */": "comment", "SELECT": "keyword", "'x'": "string"}),
    ],
)
def test_the_parts_of_code_have_different_colours(language: str, code: str, kinds: dict[str, str]) -> None:
    found = {token.text: token.kind for token in tokens(code, language)}
    assert {text: found.get(text) for text in kinds} == kinds


def test_a_word_within_a_name_is_no_keyword() -> None:
    assert all(token.kind != "keyword" for token in tokens("information = origin", "python"))


def test_unknown_languages_and_code_with_too_many_tokens_have_one_colour() -> None:
    assert tokens("if x", "brainf") == [Token("if x")]
    assert len(tokens("if x " * (MAX_TOKENS // 2), "python")) == MAX_TOKENS
    assert len(tokens("if x " * MAX_TOKENS, "python")) == 1


@pytest.mark.parametrize("opening", ['"', "'", '"""', "`", "/*"])
def test_a_string_or_comment_that_never_ends_is_one_token(opening: str) -> None:
    language = "python" if opening == '"""' else "javascript"
    assert tokens(f"{opening} if \\", language) == [
        Token(f"{opening} if \\", "comment" if opening == "/*" else "string")
    ]


@given(
    st.lists(st.sampled_from(['"', "'", '"""', "`", "/*", "*/", "\\", "\n", "#", "--", "1.e", "0x", "if", "_"])).map(
        "".join
    )
    | st.text(),
    st.sampled_from(["python", "javascript", "json", "sql", ""]),
)
def test_no_character_is_lost(code: str, language: str) -> None:
    assert "".join(token.text for token in tokens(code, language)) == code
