"""The clients can be imported where programs run under restrictions: at the top of a Temporal workflow module."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable

import pytest
from temporalio import workflow
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

WORKFLOW = """
{imports}

from temporalio import workflow


@workflow.defn
class Publish:
    @workflow.run
    async def run(self) -> None:
        pass
"""


@pytest.fixture
def load_in_sandbox(tmp_path, monkeypatch) -> Callable[[str, str], None]:
    """Load a workflow module with these imports in Temporal's sandbox, as a worker does when it starts."""
    monkeypatch.syspath_prepend(tmp_path)

    def load(name: str, imports: str) -> None:
        (tmp_path / f"{name}.py").write_text(WORKFLOW.format(imports=imports))
        definition = workflow._Definition.must_from_class(importlib.import_module(name).Publish)

        async def prepare() -> None:
            SandboxedWorkflowRunner().prepare_workflow(definition)

        asyncio.run(prepare())

    return load


def test_a_temporal_workflow_module_may_import_the_package_without_passing_it_through(load_in_sandbox):
    load_in_sandbox("workflow_with_clients", "from hitl import AsyncHITLClient, HITLClient, HITLError, Review")
    modules = "hitl.exceptions, hitl.models, hitl.retry, hitl.webhooks"
    load_in_sandbox("workflow_with_modules", f"import {modules}\nfrom hitl import *\nfrom hitl.webhooks import Router")


def test_the_sandbox_refuses_what_it_would_refuse_of_us(load_in_sandbox):
    with pytest.raises(RuntimeError, match="subclasses of proxied objects"):
        load_in_sandbox("workflow_with_a_restricted_import", "import sniffio")
