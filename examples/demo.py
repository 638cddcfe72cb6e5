"""The whole loop: a program asks, a person answers in the browser, the program continues.

In a terminal it opens the inbox and waits for you. Without one, or with DEMO_ANSWER=approve or DEMO_ANSWER=reject, it
fills in the same form over HTTP and exits.
"""

from __future__ import annotations

import os
import sys
import threading
import webbrowser
from html.parser import HTMLParser

TEXT = """\
Solar panels on every roof by 2030?

Our model drafted this summary: "A third of the city's roofs could carry panels, which would cover 40 % of what the
city uses." The study itself says 40 % of what its *homes* use. Publish it, fix it, or send it back?"""


class Form(HTMLParser):
    """What a browser would send if the person changed nothing: hidden fields, the reviewer's name and the texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self._textarea: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a control and its value."""
        given = dict(attrs)
        name = given.get("name") or ""
        if tag == "input" and given.get("type", "text") in ("hidden", "text", "email"):
            self.values[name] = given.get("value") or ""
        if tag == "textarea":
            self.values[name], self._textarea = "", name

    def handle_data(self, data: str) -> None:
        """Note the text of a textarea."""
        if self._textarea is not None:
            self.values[self._textarea] += data

    def handle_endtag(self, tag: str) -> None:
        """Leave a textarea; a line break right after its start does not count (HTML, 13.1.2.5)."""
        if tag == "textarea" and self._textarea is not None:
            self.values[self._textarea] = self.values[self._textarea].removeprefix("\n")
            self._textarea = None


def answer_for_you(page: str, decision: str) -> None:
    """Fill in the form of the inbox page as a reviewer would, and submit it."""
    import httpx

    with httpx.Client(follow_redirects=True, trust_env=False) as browser:
        opened = browser.get(page).raise_for_status()
        values = Form(opened.text).values
        values |= {
            "reviewer": "demo@example.com",
            "field.approved": "true" if decision == "approve" else "false",
            "field.feedback": "Answered by the demo.",
            "decision": "complete" if decision == "approve" else "reject",
        }
        # The redirect is not followed: the sandbox may be gone by then.
        taken = browser.post(f"{opened.url}/answer", data=values, follow_redirects=False)
        if not taken.is_redirect:
            taken.raise_for_status()


def main() -> int:
    """Run the loop; return 0 once the answer is back."""
    decision = os.environ.get("DEMO_ANSWER") or (None if sys.stdin.isatty() else "approve")
    if decision not in (None, "approve", "reject"):
        print(f"DEMO_ANSWER must be approve or reject, not {decision!r}")
        return 2

    from hitl.testing import Sandbox  # here, since it takes a moment, in which Ctrl-C is heard, too

    with Sandbox() as sandbox, sandbox.client() as client:
        review = client.create_review(
            template_id="content_review",
            content={"text": TEXT, "metadata": {"source": "gpt-4", "confidence": 0.62}},
            assignees=["you@example.com"],
            priority="high",
        )
        page = f"{sandbox.inbox_url}/reviews/{review.id}"
        # The link has a line of its own: it can be copied where a terminal has 80 columns.
        print(f"Created {review.id}. Answer it in the inbox; the link works once:\n\n{page}\n", flush=True)
        if decision:
            threading.Thread(target=answer_for_you, args=(page, decision), daemon=True).start()
        else:
            webbrowser.open(f"{sandbox.inbox_url}/reviews/{review.id}")  # another link, so that the printed one lasts
        print("Waiting for the reviewer; Ctrl-C ends the demo.", flush=True)
        answered = client.wait_for_review(review.id, timeout=60 if decision else None)

    print(f"\n{answered.reviewer} says: {answered.status}")
    for name, value in answered.result.items():
        print(f"    {name}: {value}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)  # what shells report for Ctrl-C
