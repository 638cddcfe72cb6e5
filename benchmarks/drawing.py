"""CPU seconds to draw 100 kB of hostile content of each kind in the inbox; more than half a second fails."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator
from typing import Any

from hitl.server.inbox.diffing import Diff
from hitl.server.inbox.page_renderer import PageRenderer
from hitl.server.inbox.rendering import Code, block
from hitl.server.inbox.tables import Looking

SIZE = 100_000
LIMIT = 0.5

MARKDOWN = (
    "> ", "- ", "1. ", "- a\n", "**", "*a ", "*a**b ", "_a", "[", "[]", "[a](", "[a](<b", "![", "`a``b", "|a", "<",
    "<!-- ", "<?", "&amp;", "\\*", "[a]: b\n", "```\n", "~~a", "<http:", "a\n=\n", "# a\n\n",
)  # fmt: skip
# White space, and beginnings of what tells Markdown from other formats.
GUESSED = (
    "\n",
    " ",
    "\t",
    "a: b\n",
    "a:\n",
    "- ",
    "-",
    "+ a\n",
    "```\n",
    "~~~a\n",
    "[a",
    "[",
    "**a ",
    "**",
    "## a",
    "## a\n",
    "|---",
    "$",
    "a.",
)
CODE = (
    '"', "'", '"""', "'''", "`", "/*", "/* *", "\\", '\\"""', '"\\', "1.", "1e", "0x", "if ", "a", "#", "--",
    '"\\\n', "1_",
)  # fmt: skip


def repeated(piece: str) -> str:
    """Return a text of the full size."""
    return (piece * (SIZE // len(piece) + 1))[:SIZE]


def values() -> Iterator[tuple[str, Any]]:
    """Yield contents."""
    for piece in MARKDOWN:
        yield f"Markdown {piece!r}", "**a**\n\n" + repeated(piece)
    for piece in GUESSED:
        yield f"guessed {piece!r}", repeated(piece)
    yield "Markdown, ticks of all lengths", "**a**\n\n" + "".join("e" + "`" * size for size in range(1, 440))
    yield "Markdown, code of short lines", "```\n" + repeated("a\n")
    yield "Markdown, wide table", ("|a" * 5000 + "|\n" + "|-" * 5000 + "|\n" + "|b\n" * 30_000)[:SIZE]
    yield "Markdown, one definition", "[a]: " + "x" * 5000 + "\n\n" + "[a]" * 30_000
    for name, text in ("hidden", "\u202e"), ("hidden and not", "a\u202e"), ("joiners", "क\u200d"), ("long word", "a"):
        yield name, repeated(text)
    deep: Any = 1
    for _ in range(99):
        deep = {"a" * 1000: deep}
    yield "deep JSON", deep
    yield "wide object", {str(n): n for n in range(SIZE // 12)}
    yield "wide array", [0] * (SIZE // 2)
    yield "arrays of arrays", [[[0] * 50] * 20] * 50
    yield "records", [{"a": n, "b": "x", "c": None} for n in range(SIZE // 30)]
    yield "frame", {name: {str(n): n for n in range(SIZE // 50)} for name in "abcd"}
    yield "many texts", {str(n): "**a** b" for n in range(SIZE // 16)}
    yield "many codes", [{"a": [[[[{"b": 1}]]]]}] * (SIZE // 20)


def codes() -> Iterator[tuple[str, Code]]:
    """Yield code of each language."""
    for language in ("python", "javascript", "json", "sql"):
        for piece in CODE:
            yield f"{language} {piece!r}", Code(repeated(piece), language)


def diffs() -> Iterator[tuple[str, Diff]]:
    """Yield changed texts."""
    dice = random.Random(1)
    words = [f"w{number}" for number in range(3000)]
    for kind, alphabet in ("two words", "ab"), ("words", words), ("digits", "0123456789"), ("CJK", "日本語文字列差分"):
        for gap in ("", " ", "\n"):
            length = SIZE // (len(gap) + sum(map(len, alphabet)) // len(alphabet))
            before, after = (gap.join(dice.choices(alphabet, k=length)) for _ in range(2))
            yield f"{kind}, unlike, {gap!r}", Diff(before, after)
            changed = gap.join(piece if n % 10 else "x" for n, piece in enumerate(before.split(gap) if gap else before))
            yield f"{kind}, every tenth, {gap!r}", Diff(before, changed)
    yield "two words, runs", Diff("a b " * 25_000, "b a " * 24_999)
    yield "numbers", Diff(list(range(SIZE // 7)), [n + n % 3 for n in range(SIZE // 7)])
    yield "reversed", Diff(" ".join(words * 6), " ".join(words[::-1] * 6))
    for size in (20, 31, 60, 200, 1000):
        pieces = ["x"] * size + ["y"]
        count = SIZE // 2 // len(pieces)
        yield f"repetitive, {size}", Diff(" ".join(pieces * count), " ".join(pieces[::-1] * count))


def main() -> int:
    """Print the slowest of each kind and everything above the limit."""
    environment = PageRenderer()._templates  # noqa: SLF001 - without a server around it
    looking = {"looking": Looking()}
    draw_block = environment.get_template("blocks.html").make_module(looking).block  # type: ignore[attr-defined]
    draw_diff = environment.get_template("parts.html").module.diff  # type: ignore[attr-defined]
    cases = [*((name, draw_block, lambda value=value: block(value)) for name, value in values())]
    cases += [(name, draw_block, lambda code=code: code) for name, code in codes()]
    cases += [(f"diff: {name}", draw_diff, lambda diff=diff: diff) for name, diff in diffs()]
    times: dict[str, float] = {}
    for name, draw, make in cases:
        start = time.process_time()
        draw(make())
        times[name] = time.process_time() - start
    for name in sorted(times, key=lambda name: -times[name])[:15]:
        print(f"{times[name]:.3f} s  {name}")
    return int(max(times.values()) > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
