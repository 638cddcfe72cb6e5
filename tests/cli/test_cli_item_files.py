"""What the lines of a file become."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hitl.cli.failures import CommandError
from hitl.cli.item_files import ItemFile, item_of, mapped


def rows(path: Path, text: str | bytes) -> list[tuple[int, Any]]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return [(row.line, row.columns) for row in ItemFile(str(path)).rows()]


def item(columns: dict[str, Any], *places: str, **defaults: Any) -> dict[str, Any]:
    mapping = [mapped(*place.split("=")) for place in places]
    return item_of(columns, mapping, defaults)


class TestJsonLines:
    def test_each_line_is_a_record_and_blank_ones_are_none(self, tmp_path: Path) -> None:
        assert rows(tmp_path / "a.jsonl", '{"a": 1}\n\n  \r\n{"a": "é"}') == [(1, {"a": 1}), (4, {"a": "é"})]

    def test_a_mark_that_says_it_is_utf_8_is_no_part_of_it(self, tmp_path: Path) -> None:
        assert rows(tmp_path / "a.ndjson", b'\xef\xbb\xbf{"a": 1}') == [(1, {"a": 1})]

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ('{"a": 1}\n{"a": }', "line 2: this is not JSON"),
            ('{"a": NaN}', "line 1: this is not JSON .NaN"),
            ("[1, 2]", "line 1: a JSON object is needed, not .1, 2."),
            (b'{"a": "\xff"}', "not UTF-8"),
            ("[" * 200_000, "line 1: this is not JSON"),
            ('{"a": 1, "a": 2}', "line 1: this is not JSON .*the same name twice"),
            ('{"a": 1e999}', "line 1: this is not JSON .*too large"),
        ],
    )
    def test_what_is_none_is_told_with_its_line(self, tmp_path: Path, text: str | bytes, told: str) -> None:
        with pytest.raises(CommandError, match=told) as caught:
            rows(tmp_path / "a.jsonl", text)
        assert caught.value.exit_code == 2


class TestCsv:
    def test_the_first_row_names_the_columns(self, tmp_path: Path) -> None:
        assert rows(tmp_path / "a.csv", "a,b\n1,2\n\n3,\n") == [(2, {"a": "1", "b": "2"}), (4, {"a": "3", "b": ""})]

    def test_a_row_begins_where_its_first_line_is(self, tmp_path: Path) -> None:
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
            ('a,b\n"1"x,2\n', "line 2: this is not CSV"),
        ],
    )
    def test_what_is_none_is_told_with_its_line(self, tmp_path: Path, text: str, told: str) -> None:
        with pytest.raises(CommandError, match=told):
            rows(tmp_path / "a.csv", text)


class TestFile:
    def test_its_digest_stays_the_same_as_long_as_it_does(self, tmp_path: Path) -> None:
        path = tmp_path / "a.csv"
        rows(path, "a\n1\n")
        file = ItemFile(str(path))
        before = file.digest()
        assert before == file.digest()
        rows(path, "a\n2\n")
        assert before != file.digest()

    def test_one_that_is_not_there_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="cannot be read: No such file"):
            list(ItemFile(str(tmp_path / "a.csv")).rows())

    def test_one_of_another_kind_is_told(self) -> None:
        with pytest.raises(CommandError, match=r"a\.xlsx must end with \.jsonl, \.ndjson or \.csv"):
            ItemFile("a.xlsx")


class TestMapping:
    def test_without_one_a_record_with_a_content_is_taken_as_it_is(self) -> None:
        record = {"content": {"text": "Ring!"}, "template_id": "b"}
        assert item(record, template_id="a") == {"template_id": "b", "content": {"text": "Ring!"}}

    def test_without_one_any_other_record_is_the_content(self) -> None:
        assert item({"text": "Ring!"}, template_id="a") == {"template_id": "a", "content": {"text": "Ring!"}}

    def test_columns_go_where_they_are_mapped_and_the_others_nowhere(self) -> None:
        found = item(
            {"draft": "Ring!", "lang": "en", "who": "a@b.c; d@e.f", "when": "", "noise": 1},
            "draft=content.article.text",
            "lang=content.article.language",
            "who=assignees",
            "when=due_date",
            template_id="a",
        )
        assert found == {
            "template_id": "a",
            "content": {"article": {"text": "Ring!", "language": "en"}},
            "assignees": ["a@b.c", "d@e.f"],
        }

    def test_a_column_can_be_the_content_itself(self) -> None:
        assert item({"body": {"a": 1}}, "body=content") == {"content": {"a": 1}}

    def test_an_empty_cell_of_the_content_is_an_empty_text(self) -> None:
        assert item({"draft": ""}, "draft=content.text") == {"content": {"text": ""}}

    @pytest.mark.parametrize("place", ["", "text", "content.", "content..a", "priority.high", "id"])
    def test_a_place_that_a_review_does_not_have_is_told(self, place: str) -> None:
        with pytest.raises(ValueError, match="is no place in a review; known are content"):
            mapped("draft", place)

    @pytest.mark.parametrize(
        ("places", "told"),
        [
            (["x=content.a"], "there is no column 'x'; there are 'a', 'b'"),
            (["a=content.a", "b=content.a"], "two columns go to content.a"),
            (["a=priority", "b=priority"], "two columns go to priority"),
            (["a=content.a", "b=content.a.b"], "content.a.b is inside of a place that another column goes to"),
        ],
    )
    def test_what_does_not_fit_a_record_is_told(self, places: list[str], told: str) -> None:
        with pytest.raises(ValueError, match=told):
            item({"a": "1", "b": "2"}, *places)
