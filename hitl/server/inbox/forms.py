"""The form that a template asks for: its controls for the page, and the result that comes back from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from hitl._json import is_list, is_object
from hitl.server.inbox import editing, fields
from hitl.server.inbox.arguments import Argument, arguments_of
from hitl.server.inbox.attachments import attached, limits
from hitl.server.inbox.content_files import picture_of
from hitl.server.inbox.controls import Control, VisibleIf
from hitl.server.inbox.documents import Document, fields_of, label_of
from hitl.server.inbox.hidden_characters import unix_lines
from hitl.server.inbox.json_texts import json_fault, parsed
from hitl.server.inbox.merging import Draft as Draft
from hitl.server.inbox.merging import Note, merged, stamp
from hitl.server.inbox.rendering import Text, block, code
from hitl.server.primitives.validation import same
from hitl.server.results import DISPLAYS, at, is_required, is_shown, normal_form, settings

_INLINE_LABEL = 12
_NONE: Note = ""


@dataclass(frozen=True, slots=True)
class Form:
    """What a review page is made of: content that the template places, questions, and the rest of the content."""

    displays: list[Control]
    inputs: list[Control]
    rest: Document

    @property
    def errors(self) -> list[Control]:
        """The controls to be corrected, in the order of the page."""
        return [control for control in (*self.displays, *self.inputs) if control.error]

    @property
    def edits(self) -> int:
        """How many changes were made to the content."""
        return sum(control.edits for control in self.displays)


def build_form(
    template: Document | None,
    content: Document,
    draft: Draft | None = None,
    approved: Mapping[str, Any] = MappingProxyType({}),
) -> Form:
    """Make the form for a review; a draft fills it with what was typed instead of the defaults.

    `approved` is the content as others have approved it, with which a reviewer begins.
    """
    if draft:
        draft = _with_hidden(draft, template, content)
    displayed = {field_["name"] for field_ in fields_of(template) if field_["type"] in DISPLAYS}
    key = _key_field(template)
    displays: list[Control] = []
    inputs: list[Control] = []
    for number, field_ in enumerate(fields_of(template)):
        if field_["type"] not in DISPLAYS:
            inputs.append(_control(field_, f"f{number}", content, draft))
            found = _picture(field_, f"f{number}", content)
            if found and found.name not in displayed:
                displays.append(found)
                displayed.add(found.name)
        elif field_["name"] in content:
            displays.append(_display(field_, f"f{number}", content, draft, key, approved))
    if key and not any(control.is_key for control in displays) and (value := at(content, key)) is not None:
        displays.insert(0, Control(name=key, id="key", kind="show", label=key, shown=block(value, key), is_key=True))
    placed = {control.name for control in displays}
    return Form(displays, inputs, {key: value for key, value in content.items() if key not in placed})


def _with_hidden(draft: Draft, template: Document | None, content: Document) -> Draft:
    """Return the draft with the defaults of those questions that were not asked, which a browser does not send."""
    result = read_result(template, content, draft.answers)
    hidden = {
        field_["name"]: _initial(field_, content)
        for field_ in fields_of(template)
        if field_["type"] not in DISPLAYS and field_["name"] not in draft.answers and not is_shown(field_, result)
    }
    return replace(draft, answers={**hidden, **draft.answers})


def read_result(
    template: Document | None, content: Document, answers: Mapping[str, list[str]], *, changes_only: bool = False
) -> Document:
    """Read the result out of a sent form; `changes_only` leaves out editable content that was not edited."""
    result: Document = {}
    for field_ in fields_of(template):
        name: str = field_["name"]
        if name not in answers:
            continue
        if field_["type"] not in DISPLAYS:
            value = fields.field_type(field_).read(field_, answers[name])
        else:
            value = _edited(field_, content, answers[name][0], changes_only=changes_only)
        if value is not fields.MISSING:
            result[name] = value
    return result


def untouched(template: Document, content: Document, verdict: Document) -> Document:
    """Return the result of a form whose button gives a verdict, if nothing else is touched.

    These are its defaults where they are asked for, and the editable content as it is.
    """
    answers: dict[str, list[str]] = {}
    for field_ in fields_of(template):
        name: str = field_["name"]
        if field_["type"] not in DISPLAYS:
            answers[name] = _chosen(fields.choices(field_), _initial(field_, content))
        elif is_editable(field_, content):
            answers[name] = [fields.as_text(content[name])]
    result = {**read_result(template, content, {name: texts for name, texts in answers.items() if texts}), **verdict}
    asked = {field_["name"] for field_ in fields_of(template) if is_shown(field_, result)}
    return {name: value for name, value in result.items() if name in asked}


def json_faults(template: Document | None, content: Document, answers: Mapping[str, list[str]]) -> dict[str, str]:
    """Return what is wrong with each answer that must be JSON and is none, by the name of its field."""
    faults: dict[str, str] = {}
    for field_ in fields_of(template):
        name: str = field_["name"]
        is_json = is_editable(field_, content) and not isinstance(content[name], str)
        if is_json and name in answers and (reason := json_fault(answers[name][0])) is not None:
            faults[name] = f"is not valid JSON: {reason}"
    return faults


def is_editable(field_: Document, content: Document) -> bool:
    """Return whether the reviewer may change what the field displays: a text, or an object or a list as its JSON.

    Only what a form can carry unharmed may be changed, and no table, which is drawn as one.
    """
    if not field_.get("editable"):
        return False
    value = content.get(field_["name"])
    if is_object(value) or is_list(value):
        return field_["type"] != "table_display" and _is_sendable(fields.as_text(value))
    return _is_sendable(value)


def _control(field_: Document, control_id: str, content: Document, draft: Draft | None) -> Control:
    kind = fields.field_type(field_)
    options = [replace(each, normal=_normal(field_, [each.value])) for each in fields.choices(field_)]
    initial = _initial(field_, content)
    notes = _notes(field_, draft) if fields.takes_notes(field_) else None
    mark, note = stamp(field_, _chosen(options, initial)), _NONE
    values = initial
    if draft:
        typed = _typed(draft.answers.get(field_["name"], []), field_)
        draft = replace(draft, answers={field_["name"]: typed})
        values, note = merged(draft, field_["name"], mark, initial, is_choice=bool(options))
    return Control(
        name=field_["name"],
        id=control_id,
        kind="area" if fields.takes_several_files(field_) else _kind(kind.control, options, field_, values),
        label=label_of(field_),
        required=is_required(field_),
        values=values,
        choices=options,
        input_type=kind.input_type,
        placeholder=str(field_.get("placeholder") or _hint(field_)),
        max_length=field_.get("max_length"),
        condition=_condition(field_),
        error=draft.errors.get(field_["name"]) if draft else None,
        files=limits(field_) if field_["type"] == "file" else None,
        notes=notes,
        reads=kind.reads,
        several=fields.takes_several_files(field_),
        normal=_normal(field_, values),
        stamp=mark,
        note=note,
        newer=block(", ".join(labels(options, initial))) if note == "holds" else None,
    )


def _key_field(template: Document | None) -> str:
    """Return where the content has what the decision is about; empty if the template does not say."""
    return str(settings(template).get("key_field") or "") if template else ""


def _display(
    field_: Document, control_id: str, content: Document, draft: Draft | None, key: str, approved: Mapping[str, Any]
) -> Control:
    name, value = field_["name"], content[field_["name"]]
    editable = is_editable(field_, content)
    is_code = field_["type"] == "code_display"
    original = fields.as_text(value)
    values, mark, note = [original], "", _NONE
    if editable:
        values = [fields.as_text(approved.get(name, value))]
        mark = stamp(field_, values)
        if draft and name in draft.answers:
            values, note = merged(draft, name, mark, values, is_choice=False)
    language = str(field_.get("language") or content.get("language") or "") if is_code else ""
    error = draft.errors.get(name) if draft else None
    call = _arguments(name, value, values[0], key, faulty=error is not None) if editable else []
    return Control(
        name=name,
        id=control_id,
        kind="arguments" if call else _editor(field_, value, values[0]) if editable else "show",
        label=label_of(field_),
        values=values,
        reads="edited" if editable else "",
        language=language,
        condition=_condition(field_),
        error=error,
        shown=None if editable else code(value, language) if is_code and isinstance(value, str) else block(value, name),
        original=original,
        stamp=mark,
        note=note,
        newer=Text(fields.as_text(approved.get(name, value))) if note == "holds" else None,
        arguments=call,
        is_key=key == name or any(each.is_key and key == f"{name}.{each.key}" for each in call),
    )


def _arguments(name: str, value: object, text: str, key: str, *, faulty: bool) -> list[Argument]:
    """Return the arguments of a call as they are held now."""
    if not is_object(value):
        return []
    try:
        held = parsed(text)
    except ValueError:
        return []
    inner = key.removeprefix(f"{name}.") if key.startswith(f"{name}.") else ""
    return arguments_of(name, value, held, key=inner if key else None, faulty=faulty)


def _picture(field_: Document, control_id: str, content: Document) -> Control | None:
    """Show what an image_review is about: the content of its name, or the only picture there is."""
    if field_["type"] != "image_review":
        return None
    found = picture_of(content, field_["name"])
    if found is None:
        return None
    key, shown = found
    marks = f"{control_id}-notes" if fields.takes_notes(field_) else ""
    return Control(name=key, id=f"{control_id}-picture", kind="show", label=key, shown=shown, marks=marks)


def _editor(field_: Document, value: object, text: str) -> str:
    """Choose how a content is edited that holds a text now."""
    if not isinstance(value, str):
        return "edit_json"
    kind = fields.field_type(field_).control
    return "edit_line" if kind == "edit" and editing.is_line(value, text) else kind


def labels(options: list[fields.Choice], values: list[str]) -> list[str]:
    """Return the labels of the values that are options, and the others as they are."""
    return [next((option.label for option in options if option.value == value), value) for value in values]


def _hint(field_: Document) -> str:
    if field_["type"] != "file":
        return ""
    return "One URL per line" if fields.takes_several_files(field_) else "URL of the file"


def _normal(field_: Document, texts: list[str]) -> str:
    """Return the normal form of what a form that sends these texts answers."""
    value = fields.field_type(field_).read(field_, texts) if texts else fields.MISSING
    return "null" if value is fields.MISSING else normal_form(value)


def _kind(control: str, options: list[fields.Choice], field_: Document, values: list[str]) -> str:
    """Choose the drawing that suits the number of choices, the length of their labels, and that of a text."""
    if field_["type"] == "text" and 0 < (field_.get("max_length") or 0) <= editing.LONGEST_LINE:
        return "line" if editing.is_line(*values) else control
    if control == "pick":
        return "radios" if len(options) <= fields.RADIO_LIMIT else "dropdown"
    if control == "rating" and any(len(option.label) > _INLINE_LABEL for option in options):
        return "radios"
    return control


def _condition(field_: Document) -> VisibleIf | None:
    conditional: Document | None = field_.get("conditional")
    return VisibleIf(conditional["field"], normal_form(conditional["value"])) if conditional else None


def _initial(field_: Document, content: Document) -> list[str]:
    """Return what an untouched control holds: its default, or the content that has the field's name."""
    value: Any = field_.get("default_value")
    if value is None and fields.field_type(field_).control == "area" and _is_sendable(content.get(field_["name"])):
        value = content[field_["name"]]
    texts = [fields.as_text(item) for item in value] if is_list(value) else [fields.as_text(value)]
    if fields.takes_several_files(field_):
        return ["\n".join(texts)]
    return [fields.local_time(text) for text in texts] if field_["type"] == "datetime" else texts


def _chosen(options: list[fields.Choice], texts: list[str]) -> list[str]:
    """Return the texts that a control can hold: those of its options, if it has any."""
    return [text for text in texts if not options or any(text == option.value for option in options)]


def _typed(texts: list[str], field_: Document) -> list[str]:
    if field_["type"] == "file":  # what was typed stands first, whatever order the texts came in
        typed = [text for text in texts if not attached(text)]
        return ["\n".join(typed), *(text for text in texts if attached(text))]
    return [fields.local_time(text) for text in texts] if field_["type"] == "datetime" else texts


def _notes(field_: Document, draft: Draft | None) -> str:
    texts = draft.answers.get(field_["name"], []) if draft else []
    return texts[1] if len(texts) > 1 else ""


def _edited(field_: Document, content: Document, text: str, *, changes_only: bool) -> Any:
    """Return the edited content, or the original to the letter if only line ends differ, or the spaces of JSON.

    What is no JSON stays a text, which `results` refuses; `json_faults` says why.
    """
    if not is_editable(field_, content):
        return fields.MISSING
    original: Any = content[field_["name"]]
    if isinstance(original, str):
        edited, is_same = unix_lines(text), unix_lines(text) == unix_lines(original)
    else:
        try:
            edited = parsed(text)
        except ValueError:
            edited = text
        is_same = same(edited, original)
    if not is_same:
        return edited
    return fields.MISSING if changes_only else original


def _is_sendable(value: object) -> bool:
    """Return whether a browser sends the text back unchanged: no lone surrogates, no NUL, no bare carriage return."""
    if not isinstance(value, str) or "\0" in value or "\r" in unix_lines(value):
        return False
    return value.isascii() or not any("\ud800" <= character <= "\udfff" for character in value)
