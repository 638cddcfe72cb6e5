"""What a page of the inbox says to a program: its form, and what it complains about.

The form is the contract: hidden inputs are sent back as they came, `reviewer` is a name, `decision` is the button, and
the answer to a field stands under `field.` and its name.
"""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Final

_FIELD: Final = "field."
_KEPT: Final = {"form_token", "version", "fingerprint", "reviewer"}


class InboxPage(HTMLParser):
    """A page, read.

    Attributes:
        values: What the form of the review holds beside the answers, by name.
        fields: The names of the fields that it asks for.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.fields: set[str] = set()
        self._faults: list[str] = []
        self._messages: list[str] = []
        self._titles: list[str] = []
        self._in_judge = False
        self._field = ""
        self._alert: list[str] | None = None
        self._heard: list[str] | None = None
        self._hear_until = ""
        self._hear_as: list[str] = []
        self.feed(page)
        self.close()

    @property
    def complaint(self) -> str:
        """What is wrong, in one line: the faults of the form if there are any, else the page's message or title."""
        return " ".join(self._faults or self._messages or self._titles)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a control, or begin to listen."""
        given = {name: value or "" for name, value in attrs}
        classes = given.get("class", "").split()
        if tag == "form":
            self._in_judge = "judge" in classes
        elif tag == "div" and "field" in classes:
            self._field = given.get("data-field", "")
        elif tag == "div" and given.get("role") == "alert":
            # A compact one says what is wrong with the form beside its fields; others stand above the page.
            self._alert = self._faults if "compact" in classes else self._messages
        if self._in_judge:
            self._note(given.get("name", ""), given)
        if self._heard is None:
            self._listen(tag, classes)

    def handle_data(self, data: str) -> None:
        """Listen."""
        if self._heard is not None:
            self._heard.append(data)

    def handle_endtag(self, tag: str) -> None:
        """Keep what was heard."""
        if tag == "form":
            self._in_judge = False
        elif tag == "div":
            self._alert = None
        if self._heard is not None and tag == self._hear_until:
            text = " ".join("".join(self._heard).split())
            named = f"{self._field}: {text}" if self._field and self._hear_as is self._faults else text
            self._hear_as.append(named)
            self._heard = None

    def _listen(self, tag: str, classes: list[str]) -> None:
        if tag == "p" and "error" in classes:
            self._hear_as = self._faults
        elif tag in ("strong", "p") and self._alert is not None:
            self._hear_as = self._alert
        elif tag == "h1":
            self._hear_as = self._titles
        else:
            return
        self._heard, self._hear_until = [], tag

    def _note(self, name: str, given: dict[str, str]) -> None:
        if name.startswith(_FIELD):
            self.fields.add(name.removeprefix(_FIELD))
        elif name in _KEPT:
            self.values[name] = given.get("value", "")
