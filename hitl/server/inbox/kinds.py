"""What kind of thing a review is about, and what of it can be counted: for a row of a list, so within bounds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, Literal, TypeAlias

from hitl._json import is_list, is_object
from hitl.server.inbox.documents import Document, fields_of
from hitl.server.inbox.patches import PatchedFile, files_of, is_patch
from hitl.server.inbox.pictures import picture_host

Kind: TypeAlias = Literal["call", "patch", "picture", "records", "question", "text"]

KIND_NAMES: Final[dict[Kind, str]] = {
    "call": "Tool call",
    "patch": "Code change",
    "picture": "Picture",
    "records": "Records",
    "question": "Question",
    "text": "Text",
}

_VALUES: Final = 500  # of a content that are looked at
_PATCH_LINES: Final = 1_000  # of a patch whose lines are counted
_PICTURE: Final = re.compile(r"data:image/(?:png|jpeg|gif|webp)[;,]", re.IGNORECASE)
_FILE: Final = re.compile(r"data:[^,]{0,500};base64,", re.IGNORECASE)
_OUTLIERS: Final = ("outlier", "is_outlier", "anomaly", "is_anomaly")
_QUESTION: Final = re.compile(r"[?？؟]\W*$")


@dataclass(slots=True)
class Counted:
    """What a content holds: pictures, other files, records, of which some are outliers, and the files of patches."""

    pictures: int = 0
    files: int = 0
    records: int = 0
    outliers: int = 0
    patched: list[PatchedFile] = field(default_factory=list[PatchedFile])
    patch_lines: int = 0  # of patches that are too long to be read for a row

    @property
    def patch_name(self) -> str:
        """The names of the files that are changed; empty if there is none."""
        names = [file.name for file in self.patched if file.name]
        return names[0] + (f" and {len(names) - 1} more" if len(names) > 1 else "") if names else ""

    @property
    def words(self) -> list[str]:
        """What there is of each, such as "2 pictures" or "+12 −5 in 2 files"."""
        numbers = {"picture": self.pictures, "file": self.files, "record": self.records, "outlier": self.outliers}
        return [*_patched(self), *(_number(count, name) for name, count in numbers.items() if count)]


def counted(content: Document, template: Document | None) -> Counted:
    """Count what a content holds."""
    found = Counted()
    languages = {str(each["name"]): str(each.get("language") or "") for each in fields_of(template)}
    about = {str(each["name"]) for each in fields_of(template) if each["type"] == "image_review"}
    for name, value in content.items():
        for each in islice(_values(value), _VALUES):
            if isinstance(each, str):
                _count_text(found, each, languages.get(name, "") if each is value else "", name in about)
            elif is_list(each) and each and all(is_object(row) for row in each):
                found.records += len(each)
                found.outliers += sum(any(row.get(mark) is True for mark in _OUTLIERS) for row in each)
    return found


def kind_of(content: Document, found: Counted, title: str) -> Kind:
    """Return what a review is about."""
    if isinstance(content.get("action"), str) and is_object(content.get("arguments")):
        return "call"
    if found.patched or found.patch_lines:
        return "patch"
    if found.pictures:
        return "picture"
    if found.records:
        return "records"
    return "question" if _QUESTION.search(title) else "text"


def is_patch_text(text: str, language: str = "") -> bool:
    """Return whether a text is a patch, which says nothing as a line of a list."""
    return "@@ -" in text and is_patch(text, language)


def _count_text(found: Counted, text: str, language: str, is_picture: bool) -> None:
    if _PICTURE.match(text) or picture_host(text[:2000], is_picture=is_picture):
        found.pictures += 1
    elif _FILE.match(text):
        found.files += 1
    elif is_patch_text(text, language):
        lines = text.removesuffix("\n").count("\n") + 1
        if lines > _PATCH_LINES:
            found.patch_lines += lines
        else:
            found.patched += [file for file in files_of(text) if file.added or file.removed]


def _patched(found: Counted) -> Iterator[str]:
    if found.patched:
        added, removed = (sum(getattr(file, name) for file in found.patched) for name in ("added", "removed"))
        yield f"+{added} −{removed} in {_number(len(found.patched), 'file')}"
    if found.patch_lines:
        yield f"patch of {found.patch_lines:,} lines"


def _number(count: int, name: str) -> str:
    return f"{count:,} {name}{'' if count == 1 else 's'}"


def _values(value: object) -> Iterator[Any]:
    """Yield a value and what is in it, from outside to inside; what is in a file or in records is part of them."""
    level = [value]
    while level:
        yield from level
        level = [inner for each in level for inner in _inside(each)]


def _inside(value: object) -> list[Any]:
    if is_object(value):
        return list(value.values())
    return value if is_list(value) else []
