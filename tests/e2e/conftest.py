"""A real browser for the tests that need one, and a live sandbox to point it at."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from incidents import Incidents

from hitl import HITLClient
from hitl.testing import Sandbox

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

# Quiet and offline: the browser fetches nothing but the pages under test.
_ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A domain of an attacker's, which he has pointed at this machine, and the public host of a team's server.
    "--host-resolver-rules=MAP *.attacker.example 127.0.0.1, MAP reviews.example.com 127.0.0.1",
]
_NAMES = ("chromium", "google-chrome", "chromium-browser")
_MISSING = "no Chromium: install it (Debian: apt install chromium) or set HITL_CHROMIUM to its path"
_PATIENCE = 10_000  # milliseconds that an action may take before the test fails


# For a module, not for the session: while Playwright's blocking API is open an event loop is running, in which the
# asyncio.run() of a later test could not start another.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    path = os.environ.get("HITL_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        if os.environ.get("CI"):
            pytest.fail(_MISSING)
        pytest.skip(_MISSING)
    # Chromium's own sandbox does not start for root, which is what containers run tests as.
    arguments = [*_ARGUMENTS, "--no-sandbox"] if os.geteuid() == 0 else _ARGUMENTS
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB", timezone_id="Asia/Tokyo")
    context.set_default_timeout(_PATIENCE)
    yield context
    context.close()


@pytest.fixture
def incidents() -> Incidents:
    return Incidents()


@pytest.fixture
def page(context: BrowserContext, incidents: Incidents) -> Page:
    page = context.new_page()
    page.on("dialog", incidents.on_dialog)
    page.on("console", incidents.on_console)
    page.on("pageerror", incidents.on_error)
    page.on("request", incidents.on_request)
    return page


@pytest.fixture
def client(sandbox: Sandbox) -> HITLClient:
    return sandbox.client()


@pytest.fixture
def nothing_happened_that_must_not(incidents: Incidents) -> Iterator[None]:
    """Hold every test to it: no foreign script runs, and nothing is loaded from elsewhere."""
    yield
    assert incidents.scripts == []
    assert incidents.faults == []
    assert [url for url in incidents.requests if not url.startswith(("http://127.0.0.1:", "data:"))] == []
