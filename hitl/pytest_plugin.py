"""The pytest plugin: fixtures for code that asks people.

pytest loads this module in every environment that has the package, so it imports nothing but pytest until a fixture is
used; without the extra `hitl[sandbox]` the fixtures say so, and nothing else changes.
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
    """A review server of the test's own, which `HITLClient()` without arguments finds through the environment.

    A fault that was planned with `hitl_sandbox.faults` and that no request met fails the test.
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
    """A client of `hitl_sandbox`, closed with it."""
    return hitl_sandbox.client()


@pytest.fixture
def hitl_async_client(hitl_sandbox: Sandbox) -> Iterator[AsyncHITLClient]:
    """An asynchronous client of `hitl_sandbox`, for any event loop; it need not be closed."""
    from concurrent.futures import ThreadPoolExecutor

    import anyio
    import httpx

    # The event loop of the test is gone when the client is closed, so no connection may be left that belongs to it.
    unkept = httpx.AsyncHTTPTransport(limits=httpx.Limits(max_keepalive_connections=0), trust_env=False)
    client = hitl_sandbox.async_client(transport=unkept)
    yield client
    # In a thread, because a loop may be running in this one: that of a browser's driver, for example.
    with ThreadPoolExecutor(1) as elsewhere:
        elsewhere.submit(anyio.run, client.aclose).result()


@pytest.fixture
def reviewer(hitl_sandbox: Sandbox) -> Reviewer:
    """The reviewer of `hitl_sandbox`.

    A review that is still open when the test ends fails it, unless a rule with `never()` is for it; so does an answer
    that did not fit its template.
    """
    return hitl_sandbox.reviewer


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test that has passed and left something open, as the test and not as the end of a fixture."""
    outcome = yield
    fixtures: dict[str, Any] = getattr(item, "funcargs", {})
    sandbox: Sandbox | None = fixtures.get("hitl_sandbox")
    if sandbox is not None:
        if fixtures.get("reviewer") is sandbox.reviewer:  # a project may have a fixture of that name for something else
            sandbox.reviewer.verify()
        _require_no_faults(sandbox)
    return outcome


def _require_no_faults(sandbox: Sandbox) -> None:
    __tracebackhide__ = True
    unmet = sandbox.faults.unmet()
    if unmet:
        lines = "\n  ".join(["faults that no request met:", *unmet])
        pytest.fail(f"{lines}\nMake the request, plan fewer, or call hitl_sandbox.faults.clear().", pytrace=False)
