"""What the lines of a file become."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hitl.cli.failures import CommandError
from hitl.cli.item_files import ItemFile, item_of, mapping_of


def rows(path: Path, text: str | bytes) -> list[tuple[int, Any]]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return [(row.line, row.columns) for row in ItemFile(str(path)).rows()]


def item(columns: dict[str, Any], *mappings: str, **defaults: Any) -> dict[str, Any]:
    return item_of(columns, [mapping_of(*each.split("=")) for each in mappings], defaults)


class TestJsonLines:
    def test_each_line_is_a_record_and_blank_lines_are_skipped(self, tmp_path: Path) -> None:
        assert rows(tmp_path / "a.jsonl", '{"a": 1}\n\n  \r\n{"a": "é"}') == [(1, {"a": 1}), (4, {"a": "é"})]

    def test_a_byte_order_mark_is_ignored(self, tmp_path: Path) -> None:
        assert rows(tmp_path / "a.ndjson", b'\xef\xbb\xbf{"a": 1}') == [(1, {"a": 1})]

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ('{"a": 1}\n{"a": }', "line 2: not valid JSON"),
            ('{"a": NaN}', "line 1: not valid JSON .NaN"),
            ("[1, 2]", "line 1: a JSON object is required, not .1, 2."),
            (b'{"a": "\xff"}', "not UTF-8"),
            ("[" * 200_000, "line 1: not valid JSON"),
            ('{"a": 1, "a": 2}', "line 1: not valid JSON .*the same name twice"),
            ('{"a": 1e999}', "line 1: not valid JSON .*too large"),
        ],
    )
    def test_an_error_names_the_line(self, tmp_path: Path, text: str | bytes, told: str) -> None:
        with pytest.raises(CommandError, match=told) as caught:
            rows(tmp_path / "a.jsonl", text)
        assert caught.value.exit_code == 2


class TestCsv:
    def test_the_first_row_names_the_columns(self, tmp_path: Path) -> None:
        assert rows(tmp_path / "a.csv", "a,b\n1,2\n\n3,\n") == [(2, {"a": "1", "b": "2"}), (4, {"a": "3", "b": ""})]

    def test_a_row_has_the_number_of_its_first_line(self, tmp_path: Path) -> None:
        found = rows(tmp_path / "a.CSV", 'a,b\n"one\ntwo",2\n3,4\n')
        assert found == [(2, {"a": "one\ntwo", "b": "2"}), (4, {"a": "3", "b": "4"})]

    def test_a_cell_may_hold_an_article(self, tmp_path: Path) -> None:
        article = "x" * 200_000
        assert rows(tmp_path / "a.csv", f"a\n{article}\n") == [(2, {"a": article})]

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("a,b\n1,2\n1,2,3\n", "line 3: 3 cells, but the first row names 2 columns"),
            ("a,a\n1,2\n", "line 1: the first row must name the columns"),
            ("", "line 1: the first row must name the columns"),
            ('a,b\n"1"x,2\n', "line 2: not valid CSV"),
        ],
    )
    def test_an_error_names_the_line(self, tmp_path: Path, text: str, told: str) -> None:
        with pytest.raises(CommandError, match=told):
            rows(tmp_path / "a.csv", text)


class TestFile:
    def test_the_digest_changes_with_the_content(self, tmp_path: Path) -> None:
        path = tmp_path / "a.csv"
        rows(path, "a\n1\n")
        file = ItemFile(str(path))
        before = file.digest()
        assert before == file.digest()
        rows(path, "a\n2\n")
        assert before != file.digest()

    def test_a_missing_file_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="cannot be read: No such file"):
            list(ItemFile(str(tmp_path / "a.csv")).rows())

    def test_an_unknown_format_is_an_error(self) -> None:
        with pytest.raises(CommandError, match=r"a\.xlsx must end with \.jsonl, \.ndjson or \.csv"):
            ItemFile("a.xlsx")


class TestMapping:
    def test_without_a_mapping_a_record_with_a_content_is_the_arguments(self) -> None:
        record = {"content": {"text": "Refund order 1042"}, "template_id": "b"}
        assert item(record, template_id="a") == {"template_id": "b", "content": {"text": "Refund order 1042"}}

    def test_without_a_mapping_any_other_record_is_the_content(self) -> None:
        assert item({"text": "Refund order 1042"}, template_id="a") == {
            "template_id": "a",
            "content": {"text": "Refund order 1042"},
        }

    def test_columns_without_a_mapping_are_ignored(self) -> None:
        found = item(
            {"draft": "Refund order 1042", "lang": "en", "who": "a@b.c; d@e.f", "when": "", "noise": 1},
            "draft=content.article.text",
            "lang=content.article.language",
            "who=assignees",
            "when=due_date",
            template_id="a",
        )
        assert found == {
            "template_id": "a",
            "content": {"article": {"text": "Refund order 1042", "language": "en"}},
            "assignees": ["a@b.c", "d@e.f"],
        }

    def test_a_column_can_be_the_content_itself(self) -> None:
        assert item({"body": {"a": 1}}, "body=content") == {"content": {"a": 1}}

    def test_an_empty_cell_in_the_content_is_an_empty_string(self) -> None:
        assert item({"draft": ""}, "draft=content.text") == {"content": {"text": ""}}

    @pytest.mark.parametrize("target", ["", "text", "content.", "content..a", "priority.high", "id"])
    def test_a_target_that_a_review_does_not_have_is_an_error(self, target: str) -> None:
        with pytest.raises(ValueError, match="is not a target; use content"):
            mapping_of("draft", target)

    @pytest.mark.parametrize(
        ("mappings", "message"),
        [
            (["x=content.a"], "no column 'x'; the columns are 'a', 'b'"),
            (["a=content.a", "b=content.a"], "two columns go to content.a"),
            (["a=priority", "b=priority"], "two columns go to priority"),
            (["a=content.a", "b=content.a.b"], "content.a.b is inside a value that another column sets"),
        ],
    )
    def test_a_mapping_that_does_not_fit_a_record_is_an_error(self, mappings: list[str], message: str) -> None:
        with pytest.raises(ValueError, match=message):
            item({"a": "1", "b": "2"}, *mappings)


@pytest.mark.parametrize(
    ("text", "record"),
    [
        ("a;b\n1,5;2\n", {"a": "1,5", "b": "2"}),
        ("a\tb\n1;2\tx, y\n", {"a": "1;2", "b": "x, y"}),
        ("a|b\n1|2\n", {"a": "1", "b": "2"}),
        ('a;b\n"x;\ny";2\n', {"a": "x;\ny", "b": "2"}),
        ('"a;b";"c"\n1;2\n', {"a;b": "1", "c": "2"}),
        ("a,b\n1;2,3;4\n", {"a": "1;2", "b": "3;4"}),
        ("a;b\nno semicolon\n", {"a;b": "no semicolon"}),
        ("text\nHello; world\n", {"text": "Hello; world"}),
        ("\ufeffa;b\r\n1;2\r\n", {"a": "1", "b": "2"}),
        ("a;b;c\n1,0;2,0;3,0\n", {"a": "1,0", "b": "2,0", "c": "3,0"}),
        ("a;b\n\n1;\n", {"a": "1", "b": ""}),
    ],
)
def test_the_delimiter_is_the_one_that_gives_every_row_the_same_columns(
    tmp_path: Path, text: str, record: dict[str, str]
) -> None:
    assert [columns for _, columns in rows(tmp_path / "a.csv", text)] == [record]


def test_a_ragged_file_is_not_read_with_another_delimiter(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="3 cells, but the first row names 2 columns"):
        rows(tmp_path / "a.csv", "a,b\n1,2,3\n")
    (tmp_path / "b.csv").write_bytes(b"a;b\n\xff;2\n")
    with pytest.raises(CommandError, match="not UTF-8"):
        list(ItemFile(str(tmp_path / "b.csv")).rows())
