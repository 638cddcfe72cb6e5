"""What importing costs and what the package offers."""

from __future__ import annotations

import json
import pickle
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from sockets import answering, serving, url_of

import hitl
from hitl import cli, exceptions, pytest_plugin

HEAVY = {
    *("anyio", "attr", "click", "dateutil", "hitl.server", "hitl_api", "httpx", "jinja2"),
    *("pydantic", "starlette", "uvicorn"),
}
CALLS = {"anyio", "asyncio", "certifi", "h11", "httpcore", "httpx", "ssl"}  # as slow to load as many calls are
SANDBOX = {"pydantic", "starlette", "uvicorn", "jinja2", "hitl.server", "pandas", "numpy"}


def loaded_by(code: str) -> set[str]:
    script = f"import sys; before = set(sys.modules); {code}; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("code", "unwanted"),
    [
        ("import hitl", HEAVY),
        ("from hitl.webhooks import verify_signature", HEAVY),
        # A workflow sandbox such as Temporal's allows no event loop and no HTTP.
        ("from hitl import AsyncHITLClient, HITLClient", {*CALLS, "sniffio"}),
        (
            "from hitl import HITLClient; HITLClient('key')",
            {*CALLS, *SANDBOX, "dateutil", "email.message", "hitl._request"},
        ),
    ],
)
def test_nothing_is_loaded_before_it_is_needed(code, unwanted):
    assert not loaded_by(code) & unwanted


@pytest.mark.parametrize("framework", ["django", "flask", "starlette"])
def test_an_adapter_without_its_framework_says_what_to_install(framework):
    script = f"import sys; sys.modules[{framework!r}] = None; import hitl.integrations.{framework}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"ImportError: hitl.integrations.{framework} needs ")
    assert f"install this package with its '{framework}' extra" in last


def test_the_first_call_loads_all_that_later_ones_may_need():
    """A fork in the middle of an import leaves it locked in the child: that may happen to first calls only."""
    code = "from hitl import HITLClient, HITLError; client = HITLClient('key', base_url='http://127.0.0.1:1', max_retries=0)"
    code += "\ntry: client.get_review('rev_1')\nexcept HITLError: pass\nclient.close()"
    script = f"exec({code!r})"
    ours = {"hitl._engine.http1", "hitl._engine.codec", "hitl_api.api.reviews.get_review"}
    assert loaded_by(script) >= {"h11", "ssl", *ours}


def test_a_review_is_created_without_httpx():
    review = {
        "id": "rev_1",
        "template_id": "t",
        "content": {},
        "status": "created",
        "created_at": "2026-01-15T10:30:00Z",
    }
    body = json.dumps({"success": True, "data": review}).encode()
    head = f"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with serving(answering(head.encode() + body)) as address:
        client = f"__import__('hitl').HITLClient('key', base_url={url_of(address)!r})"
        assert "httpx" not in loaded_by(f"{client}.create_review('t', {{}})")


def test_every_name_it_offers_is_there():
    for name in hitl.__all__:
        assert getattr(hitl, name) is not None
    assert len(set(hitl.__all__)) == len(hitl.__all__)
    assert set(hitl.__all__) <= set(dir(hitl))


def test_a_name_it_does_not_have_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'HitlClient'"):
        hitl.HitlClient  # noqa: B018


def test_the_public_api_is_the_recorded_one():
    """A change here is a change for users: change the recording and write a changelog fragment."""
    recorded = Path("tests/data/public-api.txt").read_text()
    done = subprocess.run([sys.executable, "tests/support/public_api.py"], capture_output=True, text=True, check=True)
    assert done.stdout == recorded, "run: python tests/support/public_api.py > tests/data/public-api.txt"


def test_the_command_and_the_pytest_plugin_are_found_where_they_were():
    entry_points = {each.group: each.value for each in metadata.distribution("hitl").entry_points}
    assert entry_points == {"console_scripts": "hitl.cli:main", "pytest11": "hitl.pytest_plugin"}
    assert callable(cli.main)
    assert {"hitl_sandbox", "hitl_sandbox_settings", "hitl_client", "hitl_async_client", "reviewer"} <= set(
        vars(pytest_plugin)
    )


@pytest.mark.parametrize("name", exceptions.__all__)
def test_every_error_survives_pickling_and_copying(name):
    error = getattr(exceptions, name)("What happened.")
    error.attempts, error.sent = 3, "maybe"
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (type(error), "What happened.", vars(error))
    # Ctrl-C must not be caught by those who catch what goes wrong.
    assert isinstance(error, KeyboardInterrupt if name == "BatchInterrupted" else exceptions.HITLError)


def test_the_tree_of_errors_is_the_one_in_the_docstring():
    drawn = {line.split("──")[-1].split()[0] for line in exceptions.__doc__.splitlines() if "── " in line}
    assert drawn | {"HITLError"} == set(exceptions.__all__)
    assert issubclass(exceptions.APITimeoutError, TimeoutError)


def test_what_tests_share_needs_no_package_of_the_group_that_make_test_leaves_out() -> None:
    """A test file that imports one is left out by itself (conftest.py); a shared module would break all others."""
    imports = re.compile(r"^(?:import|from) (?:mypy|numpy|openai|pandas|playwright|pyright|temporalio)\b", re.MULTILINE)
    shared = [
        file
        for file in Path("tests").rglob("*.py")
        if not file.match("test_*.py") and file.parent.name not in ("frameworks", "typing")
    ]
    assert shared
    assert [file.name for file in shared if imports.search(file.read_text())] == []
