"""The confirmation of a bulk action as a reviewer reads it, and as a browser without scripts sends it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import unescape
from typing import Any

from starlette.testclient import TestClient


class BulkForm:
    """A page that asks whether to do something to many reviews.

    Attributes:
        title: The question, or what was done.
        told: What it will do, a line for each template.
        rows: What it says of each review that is listed, by the review's id.
        picks: The review's boxes by id, whether or not they are ticked.
        ticked: The ids of those that are ticked.
        note: Who signs, and for how long this can be undone.
        hidden: What the form holds beside.
    """

    def __init__(self, page: str) -> None:
        self.page = page
        self.title = _words(_between(page, "<h1", "</h1>").partition(">")[2])
        self.told = [_words(line) for line in re.findall(r"<li data-group[^>]*>(.*?)</li>", page, re.DOTALL)]
        found = re.findall(
            r'/reviews/([^"]+)" dir="auto">.*?<span class="effect" dir="auto">(.*?)</span>\s*<span class="t',
            page,
            re.DOTALL,
        )
        self.rows = {unescape(review_id): _words(text) for review_id, text in found}
        form = _between(page, 'class="confirm"', "</form>")
        boxes = re.findall(r'<input type="checkbox" name="pick" value="([^"]+)"[^>]*?( checked)? aria', form)
        self.picks = {unescape(pick).rpartition(":")[0]: unescape(pick) for pick, _ in boxes}
        self.ticked = [unescape(pick).rpartition(":")[0] for pick, ticked in boxes if ticked]
        self.note = _words(
            _between(form, '<p class="quiet">Signed', "</p>") or _between(form, '</p>\n  <p class="quiet">', "</p>")
        )
        self.hidden = {
            name: unescape(value)
            for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form)
        }

    def sent(self, review_ids: Sequence[str] | None = None, **more: str) -> Mapping[str, Any]:
        """Return the body that the button sends with these reviews ticked, or with those that are ticked."""
        ticked = self.ticked if review_ids is None else review_ids
        return {**self.hidden, "pick": [self.picks[each] for each in ticked], "confirmed": "yes", **more}

    def confirm(self, browser: TestClient, review_ids: Sequence[str] | None = None, **more: str) -> BulkForm:
        """Press the button."""
        return BulkForm(browser.post("/inbox/bulk", data=self.sent(review_ids, **more)).text)

    def undo(self, browser: TestClient) -> Any:
        """Press Undo on the page that says what was done."""
        form = _between(self.page, 'class="undo"', "</form>")
        action = re.search(r'action="([^"]+/undo/[^"]+)"', self.page)
        assert action is not None, self.title
        hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form)
        return browser.post(unescape(action[1]), data={name: unescape(value) for name, value in hidden})


def _between(text: str, start: str, end: str) -> str:
    return text.partition(start)[2].partition(end)[0]


def _words(markup: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", "", markup)).split())
