"""What a day of reviews costs a reviewer: keys for each, and the time from an answer to the next page, in a browser.

`python -m benchmarks.answering` answers 50 simple reviews of `hitl.testing.Sandbox` by keys, opened from *Mine*, and
fails if one takes more than 1.1 keys, or if in half of the cases the next page takes longer than 150 ms. It needs
Playwright, and Chromium at the path in `HITL_CHROMIUM` or where Debian has it.
"""

from __future__ import annotations

import os
import statistics
import sys
import time

from playwright.sync_api import Page, sync_playwright

from hitl.testing import Sandbox

REVIEWS = 50
MOST_KEYS = 1.1
MOST_SECONDS = 0.15
REVIEWER = "kim@example.com"
_ALIVE = "html[data-keys=all]"  # the keys of a verdict work


def main() -> int:
    """Measure, print, and return 1 if it is too much."""
    with Sandbox(undo_seconds=10) as sandbox, sync_playwright() as playwright:
        client = sandbox.client()
        ids = [
            client.create_review("template_123", {"text": f"Refund {number}.00 EUR. " * 20}, assignees=[REVIEWER]).id
            for number in range(REVIEWS)
        ]
        path = os.environ.get("HITL_CHROMIUM", "/usr/bin/chromium")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page()
        page.context.add_cookies(
            [{"name": "hitl_reviewer", "value": "kim%40example.com", "url": f"{sandbox.base_url}/inbox"}]
        )
        page.goto(sandbox.inbox_url)
        keys, seconds = _answer_all(page)
        browser.close()
        sandbox.clock.advance("1m")
        assert all(client.get_review(each).verdict == "approved" for each in ids)
    median = statistics.median(seconds)
    worst = sorted(seconds)[int(len(seconds) * 0.9)]
    print(f"{keys / REVIEWS:.2f} keys a review, the next page after {median * 1000:.0f} ms (90 %: {worst * 1000:.0f})")
    return int(keys / REVIEWS > MOST_KEYS or median > MOST_SECONDS)


def _answer_all(page: Page) -> tuple[int, list[float]]:
    """Return how many keys were pressed, and how long each next page took."""
    keys, seconds = 0, list[float]()
    for key in ("g", "m"):
        page.keyboard.press(key)
        keys += 1
    page.wait_for_selector("html[data-keys]")
    for key in ("j", "Enter"):
        page.keyboard.press(key)
        keys += 1
    for number in range(REVIEWS):
        page.wait_for_selector(_ALIVE)
        begun = time.perf_counter()
        with page.expect_navigation(wait_until="domcontentloaded"):
            page.keyboard.press("y")
        keys += 1
        if number < REVIEWS - 1:
            seconds.append(time.perf_counter() - begun)
    return keys, seconds


if __name__ == "__main__":
    sys.exit(main())
