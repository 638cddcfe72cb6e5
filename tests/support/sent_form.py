"""The answer form of a page as a browser without scripts sends it."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any


class SentForm(HTMLParser):
    """What the form of class `judge` sends: its names and texts in order, whatever is typed over them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.pairs: list[tuple[str, str]] = []
        self._is_inside = False
        self._area: str | None = None
        self._select = ""
        self._text = ""
        self.feed(page)

    def typed(self, **texts: str) -> SentForm:
        """Type over controls, by their names or the last parts of these."""
        for ending, text in texts.items():
            places = [index for index, (name, _) in enumerate(self.pairs) if ending in (name, name.rpartition(".")[2])]
            assert places, ending
            for index in places:
                self.pairs[index] = (self.pairs[index][0], text)
        return self

    def sent(self, button: str, *more: tuple[str, str], reviewer: str = "kim@example.com") -> dict[str, list[str]]:
        """Return the body that a button sends, with line ends as browsers write them."""
        found: dict[str, list[str]] = {}
        known = [(name, text) for name, text in self.pairs if name != "reviewer"]
        for name, text in (*known, *more, ("reviewer", reviewer), ("decision", button)):
            found.setdefault(name, []).append(text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n"))
        return found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given: dict[str, Any] = dict(attrs)
        if tag == "form" and "judge" in str(given.get("class")):
            self._is_inside, self.action = True, given["action"]
        if not self._is_inside or "disabled" in given or given.get("form"):
            return
        name = given.get("name") or ""
        is_choice = given.get("type") in ("radio", "checkbox")
        if tag == "input" and name and (not is_choice or "checked" in given):
            self.pairs.append((name, given.get("value") or ""))
        elif tag == "textarea" and name:
            self._area, self._text = name, ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and "selected" in given:
            self.pairs.append((self._select, given["value"]))

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area is not None:
            self.pairs.append((self._area, self._text.removeprefix("\n")))
            self._area = None
        if tag == "form":
            self._is_inside = False
