"""The pytest plugin: fixtures for code that creates reviews.

pytest loads this module in every environment that has the package, so it imports nothing but pytest until a fixture is
used; without this package's 'sandbox' extra the fixtures say so, and nothing else changes.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from hitl import AsyncHITLClient, HITLClient
    from hitl.testing import Reviewer, Sandbox


@pytest.fixture
def hitl_sandbox_settings() -> dict[str, Any]:
    """The arguments of `hitl.testing.Sandbox`, to be overridden: `return {"templates": [...]}`."""
    return {}


@pytest.fixture
def hitl_sandbox(hitl_sandbox_settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A review server for this test, which `HITLClient()` without arguments finds through the environment.

    A fault that was planned with `hitl_sandbox.faults` and never triggered fails the test.
    """
    try:
        from hitl.testing import Sandbox
    except ImportError as error:
        pytest.fail(str(error), pytrace=False)
    with Sandbox(**hitl_sandbox_settings) as sandbox:
        monkeypatch.setenv("HITL_BASE_URL", sandbox.base_url)
        monkeypatch.setenv("HITL_API_KEY", sandbox.api_key)
        yield sandbox


@pytest.fixture
def hitl_client(hitl_sandbox: Sandbox) -> HITLClient:
    """A client of `hitl_sandbox`; closing the sandbox closes it."""
    return hitl_sandbox.client()


@pytest.fixture
def hitl_async_client(hitl_sandbox: Sandbox) -> Iterator[AsyncHITLClient]:
    """An asynchronous client of `hitl_sandbox`, for any event loop; it need not be closed."""
    from concurrent.futures import ThreadPoolExecutor

    import anyio
    import httpx

    # The test's event loop is gone when the client is closed, so no connection of it may be kept alive.
    no_keepalive = httpx.AsyncHTTPTransport(limits=httpx.Limits(max_keepalive_connections=0), trust_env=False)
    client = hitl_sandbox.async_client(transport=no_keepalive)
    yield client
    # In a thread, because a loop may be running in this one, such as that of a browser driver.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(anyio.run, client.aclose).result()


@pytest.fixture
def reviewer(hitl_sandbox: Sandbox) -> Reviewer:
    """The reviewer of `hitl_sandbox`.

    The test fails if a review is still open at its end without a `never()` rule for it, or if an answer did not fit its
    template.
    """
    return hitl_sandbox.reviewer


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a passed test that left something open in its call phase, not in the teardown of a fixture."""
    fixtures: dict[str, Any] = getattr(item, "funcargs", {})
    sandbox: Sandbox | None = fixtures.get("hitl_sandbox")
    try:
        outcome = yield
    except Exception as error:
        if sandbox is not None and sandbox.given_up:
            _explain(error, sandbox)
        raise
    if sandbox is not None:
        if fixtures.get("reviewer") is sandbox.reviewer:  # a project may have its own fixture of that name
            try:
                sandbox.reviewer.verify()
            except AssertionError as error:
                pytest.fail(str(error), pytrace=False)
        _require_no_faults(sandbox)
    return outcome


def _explain(error: Exception, sandbox: Sandbox) -> None:
    """Add to the failure of a test what it waited for in vain, and let its traceback end in the test's own code."""
    error.add_note(sandbox.given_up)
    last = trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_globals.get("__name__", "").partition(".")[0] != "hitl":
            last = trace
        trace = trace.tb_next
    if last is not None:
        last.tb_next = None


def _require_no_faults(sandbox: Sandbox) -> None:
    __tracebackhide__ = True
    unmet = sandbox.faults.unmet()
    if unmet:
        lines = "\n  ".join(["planned faults that no request triggered:", *unmet])
        pytest.fail(f"{lines}\nMake the request, plan fewer, or call hitl_sandbox.faults.clear().", pytrace=False)
