"""What importing costs and what the package offers."""

from __future__ import annotations

import pickle
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import hitl
from hitl import cli, exceptions, pytest_plugin

HEAVY = {
    *("anyio", "attr", "click", "dateutil", "hitl.server", "hitl_api", "httpx", "jinja2"),
    *("pydantic", "starlette", "uvicorn"),
}


def loaded_by(code: str) -> set[str]:
    script = f"import sys; before = set(sys.modules); {code}; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_package_loads_next_to_nothing():
    assert not loaded_by("import hitl") & HEAVY


def test_importing_both_clients_loads_no_event_loop_and_no_http():
    """Also where a sandbox such as Temporal's allows no more than that."""
    loaded = loaded_by("from hitl import AsyncHITLClient, HITLClient")
    assert not loaded & {"httpx", "httpcore", "anyio", "sniffio", "ssl", "h11", "certifi", "asyncio"}


def test_verifying_a_webhook_needs_no_http_library():
    assert not loaded_by("from hitl.webhooks import verify_signature") & HEAVY


def test_the_client_loads_neither_the_sandbox_nor_models_that_it_does_not_need():
    loaded = loaded_by("from hitl import HITLClient; HITLClient('key')")
    assert not loaded & {"pydantic", "starlette", "uvicorn", "jinja2", "hitl.server", "pandas", "numpy"}


def test_a_client_loads_nothing_that_only_its_calls_need():
    """Each of these takes as long to load as many calls take."""
    loaded = loaded_by("from hitl import HITLClient; HITLClient('key')")
    assert not loaded & {
        *("anyio", "asyncio", "certifi", "dateutil", "email.message"),
        *("h11", "hitl_api", "httpcore", "httpx", "ssl"),
    }


@pytest.mark.parametrize("framework", ["django", "flask", "starlette"])
def test_an_adapter_without_its_framework_says_what_to_install(framework):
    script = f"import sys; sys.modules[{framework!r}] = None; import hitl.integrations.{framework}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"ImportError: hitl.integrations.{framework} needs ")
    assert f"pip install 'hitl[{framework}]'" in last


def test_the_first_call_loads_all_that_later_ones_may_need():
    """A fork in the middle of an import leaves it locked in the child: that may happen to first calls only."""
    code = "from hitl import HITLClient, HITLError; client = HITLClient('key', base_url='http://127.0.0.1:1', max_retries=0)"
    code += "\ntry: client.get_review('rev_1')\nexcept HITLError: pass\nclient.close()"
    script = f"exec({code!r})"
    ours = {"hitl._engine.http1", "hitl._engine.codec", "hitl_api.api.reviews.get_review"}
    assert loaded_by(script) >= {"h11", "ssl", *ours}


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
