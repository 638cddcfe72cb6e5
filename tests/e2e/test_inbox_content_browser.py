"""Every kind of content on every screen: no barrier that axe-core finds, and nothing that scrolls sideways."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from test_inbox_pictures_browser import png

from hitl import File, HITLClient
from hitl.testing import Sandbox

ARTICLE = """\
## A title

A **bold** word, a [link](https://a.example/page), and a table:

| Quarter | Roofs |
|---|--:|
| North | 4,120 |

- [x] checked
- [ ] not checked

```python
def area(width: float) -> float:
    return width**2  # square metres, in a line that is as long as lines of code sometimes are, and then some
```
"""
PATCH = """\
diff --git a/a/rather/long/name/of/a/file.py b/a/rather/long/name/of/a/file.py
--- a/a/rather/long/name/of/a/file.py
+++ b/a/rather/long/name/of/a/file.py
@@ -1,2 +1,3 @@ def area
 def area(width: float) -> float:
-    return width
+    return width**2
+    # in a line that is as long as lines of code sometimes are, and then some, and then a little more than that
"""
RECORDS = [
    {"id": number, "placed": f"2026-11-{number + 10}T08:00:00Z", "price": number / 4, "note": None, "who": {"name": "Kim", "of": [1]}}
    for number in range(1, 13)
]  # fmt: skip
CONTENT: dict[str, Any] = {
    "article": ARTICLE,
    "code": "import random\n\n\ndef roll() -> int:\n    return random.randint(1, 6)\n",
    "patch": PATCH,
    "terms": {"net": 30, "late": [1, 2]},
    "title": "One line",
    "rows": RECORDS,
    "photo": File(png(600, 300), name="roof.png"),
    "plan": File(b"%PDF", name="a-rather-long-name-of-a-file-that-has-no-spaces-in-it-at-all.pdf"),
    "elsewhere": "https://pictures.example/roof.png",
    "call": {"tool": "pay", "arguments": {"to": {"iban": "CH00", "name": {"first": "Kim"}}, "amount": "12.00"}},
    "edit": {"before": "three to five years", "after": "six to nine years"},
    "others": {"rtl": "نص عربي مع English", "cjk": "日本語" * 60, "long": "x" * 300, "hidden": "a\u202eb"},
}
FIELDS: list[dict[str, Any]] = [
    {"name": "article", "type": "content_display", "label": "Article", "editable": True},
    {"name": "code", "type": "code_display", "label": "Code", "language": "python", "editable": True},
    {"name": "patch", "type": "code_display", "label": "Change", "language": "diff"},
    {"name": "terms", "type": "content_display", "label": "Terms", "editable": True},
    {"name": "title", "type": "content_display", "label": "Title", "editable": True},
    {"name": "rows", "type": "table_display", "label": "Rows"},
    {"name": "photo", "type": "image_review", "label": "Is the roof flat?"},
    {"name": "proof", "type": "file", "label": "Proof", "multiple": True},
    {"name": "note", "type": "text", "label": "Note", "max_length": 50},
]


def panes(page: Page, name: str) -> None:
    for tabbed in page.locator(".tabbed").all():
        radio = tabbed.get_by_role("radio", name=name)
        if radio.is_enabled():
            radio.check()


@pytest.mark.parametrize("width", [1440, 820, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_content_puts_up_a_barrier(
    chromium: Browser, sandbox: Sandbox, client: HITLClient, scheme: Any, width: int
) -> None:
    template = client.create_template(name="Everything", fields=FIELDS)
    review = client.create_review(template.id, CONTENT)
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    page.goto(f"{sandbox.inbox_url}/reviews/{review.id}")

    def look(state: str) -> None:
        found = Axe().run(page).response["violations"]
        assert [(state, each["id"], each["nodes"][0]["html"]) for each in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") == width

    look("as it comes")
    page.get_by_role("button", name="Add a mark").click()
    for folded in page.locator("details.fold, details.raw").all():
        folded.evaluate("(it) => { it.open = true; }")
    panes(page, "Edit")
    page.get_by_role("textbox", name="Article").fill(ARTICLE.replace("bold", "weak"))
    page.get_by_role("textbox", name="Title").fill("Another line")
    look("edited")
    expect(page.locator("[data-field=article]").get_by_role("radio", name="Changes")).to_be_enabled()
    panes(page, "Changes")
    page.get_by_role("radio", name="200 %").first.check()
    look("changed")
    context.close()
