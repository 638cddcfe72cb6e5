"""One question of a form, ready to be drawn."""

from __future__ import annotations

from dataclasses import dataclass, field

from hitl.server.inbox import editing, fields
from hitl.server.inbox.arguments import Argument
from hitl.server.inbox.attachments import Attached, FileLimits, attached
from hitl.server.inbox.diffing import Diff
from hitl.server.inbox.hidden_characters import has_hidden
from hitl.server.inbox.merging import Note
from hitl.server.inbox.rendering import Block


@dataclass(frozen=True, slots=True)
class VisibleIf:
    """The control is asked for only while the normal form of the answer to `field` is `value`."""

    field: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One question of the form, ready to be drawn by the macro named `kind`."""

    name: str
    id: str
    kind: str
    label: str
    required: bool = False
    values: list[str] = field(default_factory=list[str])
    choices: list[fields.Choice] = field(default_factory=list[fields.Choice])
    input_type: str = "text"
    placeholder: str = ""
    max_length: int | None = None
    language: str = ""
    condition: VisibleIf | None = None
    error: str | None = None
    shown: Block | None = None
    marks: str = ""  # the id of the box whose notes mark places in the picture that is shown
    original: str = ""  # what a control that edits was asked about
    files: FileLimits | None = None
    notes: str | None = None
    reads: str = ""
    several: bool = False
    normal: str = "null"  # of the untouched control
    stamp: str = ""
    note: Note = ""
    newer: Block | None = None  # what the control would hold now, where that changed beside what was typed
    arguments: list[Argument] = field(default_factory=list[Argument])  # of a call, to be edited one by one
    is_key: bool = False  # what the decision is about, to be drawn larger

    @property
    def value(self) -> str:
        """The text of a control that holds one."""
        return self.values[0] if self.values else ""

    @property
    def preview(self) -> Block:
        """What a control that edits holds, as it will be read; drawn by the template, in its thread."""
        return editing.preview(self.kind, self.value, self.language, self.name)

    @property
    def changes(self) -> Diff | None:
        """What was changed in a control that edits."""
        return editing.changes(self.kind, self.original, self.value)

    @property
    def edits(self) -> int:
        """How many changes a control that edits holds."""
        if self.arguments:
            return sum(each.is_changed for each in self.arguments)
        changed = self.changes if self.reads == "edited" else None
        return 0 if changed is None else 1 if self.kind == "edit_line" else changed.count

    @property
    def attached(self) -> list[Attached]:
        """The files that came back with a form that could not be sent."""
        return [file for text in self.values[1:] if (file := attached(text))] if self.files else []

    @property
    def suspicious(self) -> bool:
        """Return whether the text to edit holds characters that an editor does not show."""
        return has_hidden(self.value)
