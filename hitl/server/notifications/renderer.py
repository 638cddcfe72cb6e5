"""The words of messages: a view of a review in a few lines, and no more of its content than a rule allows.

Whoever asks for a review chooses its title, so nothing of it is markup here: it has one line, what a reader could not
see is written out as code points, and HTML is made by a template that escapes everything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeAlias

from hitl._json import as_object
from hitl.server.notifications.model import Content, Rendered
from hitl.server.notifications.quiet_hours import zone_of
from hitl.server.primitives import Document
from hitl.server.results import DISPLAYS

if TYPE_CHECKING:
    from jinja2 import Template

TitleOf: TypeAlias = Callable[[Document, Document | None], str]
"""Returns what a review is about, given it and its template."""

Visible: TypeAlias = Callable[[str], str]
"""Returns a text in which hidden characters are written as code points."""

_LONGEST_TITLE: Final = 120
_LONGEST_NAME: Final = 60
_LONGEST_CONTENT: Final = 500
_TAG: Final = "[Reviews]"
_ENDS: Final = {
    "completed": "was answered",
    "rejected": "was rejected",
    "expired": "has expired",
    "cancelled": "was cancelled",
}
_HEADS: Final = {"reminder": "Reminder: ", "escalation": "Nobody has answered: "}


@dataclass(frozen=True, slots=True)
class Link:
    """Where a message leads; `code` belongs to a personal link, and stands beside it."""

    url: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """What a message is about, besides its words."""

    review: Document
    template: Document | None
    expires_at: datetime | None
    by: str | None = None
    """Who ended the review, as it is shown."""


@dataclass(frozen=True, slots=True)
class _Words:
    """What both forms of a message are made from."""

    subject: str
    heading: str
    facts: Sequence[tuple[str, str]] = ()
    content: str = ""
    items: Sequence[str] = ()
    link: Link | None = None
    link_name: str = "Open the review"
    closing: str = ""


@dataclass(slots=True)
class Renderer:
    """Makes messages; `title_of` and `visible` are those of the inbox, so that both show the same."""

    title_of: TitleOf
    visible: Visible
    _loaded: Template | None = field(default=None, repr=False)

    def about_review(
        self, kind: str, subject: Subject, link: Link, *, content: Content, zone: str | None = None
    ) -> Rendered:
        """Return a message about one review."""
        review, template = subject.review, subject.template
        what = self._line(review["template_id"] if template is None else template["name"], _LONGEST_NAME)
        title = self.title(review, template) if content != "none" else f"a review of “{what}”"
        asked_by = as_object(review.get("asked_by"))
        asker = self._line(str(asked_by.get("key_name") or "A program"), _LONGEST_NAME)
        if kind == "ended":
            by = f" by {self._line(subject.by, _LONGEST_NAME)}" if subject.by else ""
            heading = f"{title}: {_ENDS[review['status']]}{by}"
        else:
            heading = f"{_HEADS.get(kind, '')}{asker} asks: {title}"
        facts = [("Template", what), ("Priority", str(review["priority"]))]
        if subject.expires_at is not None and kind != "ended":
            facts.append(("Due", _moment(subject.expires_at, zone)))
        shown = self._content(review, template) if content == "shown" else ""
        return self._render(_Words(f"{_TAG} {heading}", heading, facts, shown, link=link))

    def digest(self, titles: Sequence[str], count: int, link: Link) -> Rendered:
        """Return a message about all that waits for a reader, with the titles of the first."""
        heading = "1 review waits for you" if count == 1 else f"{count} reviews wait for you"
        items = [*titles, *([f"… and {count - len(titles)} more"] if count > len(titles) else [])]
        return self._render(_Words(f"{_TAG} {heading}", heading, items=items, link=link, link_name="Open the list"))

    def admission(self, kind: str, link: Link) -> Rendered:
        """Return the message with a link to sign in, or to join the team."""
        heading = "You are invited to review" if kind == "invite" else "Your link to sign in"
        closing = "If you did not expect this message, do nothing: the link alone admits nobody."
        return self._render(_Words(f"{_TAG} {heading}", heading, link=link, link_name="Continue", closing=closing))

    def test(self, link: Link) -> Rendered:
        """Return the message that tests a channel."""
        heading = "This is a test"
        closing = "Messages about reviews will arrive here."
        return self._render(_Words(f"{_TAG} {heading}", heading, link=link, link_name="Open the list", closing=closing))

    def title(self, review: Document, template: Document | None) -> str:
        """Return what a review is about, in one line."""
        return self._line(self.title_of(review, template), _LONGEST_TITLE)

    def _line(self, text: str, most: int) -> str:
        # Cut before, so that little is worked on, and after, since a hidden character becomes eight visible ones.
        return _cut(" ".join(self.visible(" ".join(text[: most * 4].split())).split()), most)

    def _content(self, review: Document, template: Document | None) -> str:
        fields = [each["name"] for each in (template or {}).get("fields", ()) if each["type"] in DISPLAYS]
        values = [review["content"].get(name) for name in fields]
        text = "\n\n".join(each for each in values if isinstance(each, str))
        return _cut(self.visible(text[: _LONGEST_CONTENT * 4]).strip(), _LONGEST_CONTENT)

    def _render(self, words: _Words) -> Rendered:
        subject = _cut(words.subject, len(_TAG) + 1 + _LONGEST_TITLE)
        return Rendered(subject, _plain(words), self._html.render(words=words))

    @property
    def _html(self) -> Template:
        if self._loaded is None:
            from jinja2 import Environment, PackageLoader

            loader = PackageLoader("hitl.server.notifications")
            self._loaded = Environment(autoescape=True, loader=loader).get_template("message.html")
        return self._loaded


def _plain(words: _Words) -> str:
    facts = [f"{name}: {value}" for name, value in words.facts]
    parts = [words.heading, "\n".join(facts), words.content, "\n".join(f"- {each}" for each in words.items)]
    if words.link is not None:
        code = f"\nCode: {words.link.code}" if words.link.code else ""
        parts.append(f"{words.link_name}: {words.link.url}{code}")
    return "\n\n".join(filter(None, [*parts, words.closing])) + "\n"


def _moment(moment: datetime, zone: str | None) -> str:
    local = moment.astimezone(zone_of(zone))
    return f"{local:%Y-%m-%d %H:%M} {local.tzname()}"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
