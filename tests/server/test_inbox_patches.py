"""Unified diffs are read as their tools read them, and drawn without losing a character."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl.server.inbox.diffing import Stretch
from hitl.server.inbox.hidden_characters import unix_lines
from hitl.server.inbox.patches import FOLDED_FROM, MAX_LINES, is_patch, patched_files

PATCH = """\
From: Kim
Subject: Two files

diff --git a/src/a.py b/src/a.py
index 1..2 100644
--- a/src/a.py
+++ b/src/a.py
@@ -3,3 +3,4 @@ def a
 one
-two = 2
+two = 22
+three = 3
 four
@@ -20 +21 @@
-a line
\\ No newline at end of file
+quite something else
diff --git a/new.md b/new.md
new file mode 100644
--- /dev/null
+++ b/new.md
@@ -0,0 +1,2 @@
+-- a list
+++ a sum
--
2.39.0
"""

KINDS = [
    "+a", "-a", " a", "", "--- x", "+++ y", "@@ -1 +1 @@", "@@ -0,0 +1,3 @@", "@@ -1,999999999 +1 @@", "diff --git a/x b/x",
    "\\ No", "a\u2028b", "é\u202e", "-- ",
]  # fmt: skip
LINES = st.lists(st.sampled_from(KINDS) | st.text(max_size=5), max_size=20)


def written(text: str) -> str:
    """Return the lines of a patch put together again."""
    lines = [line for file in patched_files(text) for line in file.lines]
    return "\n".join(line.sign + "".join(stretch.text for stretch in line.shown) for line in lines)


def test_lines_are_numbered_before_and_after() -> None:
    mail, first, second = patched_files(PATCH)
    assert [line.text for line in mail.lines] == ["From: Kim", "Subject: Two files", ""]
    assert (first.name, first.added, first.removed) == ("src/a.py", 3, 2)
    numbered = [(line.sign, line.old, line.new) for line in first.lines if line.kind not in ("head", "hunk")]
    assert numbered == [
        (" ", 3, 3), ("-", 4, None), ("+", None, 4), ("+", None, 5), (" ", 5, 6), ("-", 20, None), ("+", None, 21)
    ]  # fmt: skip
    assert (second.name, second.added, second.removed) == ("new.md", 2, 0)


def test_what_a_hunk_does_not_announce_is_no_line_of_it() -> None:
    *_, file = patched_files(PATCH)
    assert [line.text for line in file.lines if line.kind == "head"][-2:] == ["--", "2.39.0"]
    assert [line.text for line in file.lines if line.kind == "added"] == ["-- a list", "++ a sum"]


def test_changed_words_are_marked_in_lines_that_are_alike() -> None:
    _, first, _ = patched_files(PATCH)
    by_text = {line.text: line.shown for line in first.lines}
    assert by_text["two = 2"] == [Stretch("two = "), Stretch("2", "removed")]
    assert by_text["two = 22"] == [Stretch("two = "), Stretch("22", "added")]
    assert by_text["quite something else"] == [Stretch("quite something else")]


@given(LINES.map("\n".join))
def test_nothing_of_a_patch_is_lost(text: str) -> None:
    assert written(text) == unix_lines(text).removesuffix("\n")


@given(st.lists(st.text("ab \n", max_size=8), max_size=30), st.lists(st.text("ab \n", max_size=8), max_size=30))
def test_the_numbers_are_those_of_the_files(before: list[str], after: list[str]) -> None:
    old, new = "\n".join(before).split("\n"), "\n".join(after).split("\n")
    text = "\n".join(difflib.unified_diff(old, new, "x", "y", lineterm=""))
    lines = [line for file in patched_files(text) for line in file.lines]
    assert all(line.text == old[line.old - 1] for line in lines if line.old)
    assert all(line.text == new[line.new - 1] for line in lines if line.new)
    assert is_patch(text) == (old != new)


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        (PATCH, "", True),
        ("@@ -1 +1 @@\n-a\n+b", "", False),
        ("@@ -1 +1 @@\n-a\n+b", "Diff", True),
        ("- one\n+ two", "diff", False),
        ("--- a\n+++ b\nno hunk", "", False),
        ("--- a\n+++ b\n@@ -1 +1 @@\n-a\n+b" + "\n" * MAX_LINES, "", False),
    ],
)
def test_a_patch_has_hunks_below_names_or_a_language(text: str, language: str, expected: bool) -> None:
    assert is_patch(text, language) is expected


def test_a_long_file_starts_closed() -> None:
    added = "\n".join("+x" for _ in range(FOLDED_FROM))
    (file,) = patched_files(f"--- a\n+++ b\n@@ -0,0 +1,{FOLDED_FROM} @@\n{added}")
    assert file.folded
    assert not patched_files("--- a\n+++ b\n@@ -0,0 +1 @@\n+x")[0].folded
