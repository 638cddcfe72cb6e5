"""Put what LangGraph and LangChain agents stop for to people, and go on with the answers.

    end = run_until_done(agent, {"messages": [("user", "Refund A1")]}, {"configurable": {"thread_id": "1"}}, client)

The tool calls of `HumanInTheLoopMiddleware`, in both of its modes, and those in `HumanInterrupt`s, as Agent Inbox takes
them, are put as tool calls; every other `interrupt()` is put as a question.
"""

# pyright: reportMissingImports=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Unpack

from hitl._json import as_object
from hitl.approval.steps import Do, Flow, run, run_async
from hitl.exceptions import ConfigurationError
from hitl.integrations import asks, needs
from hitl.integrations._langgraph_interrupts import asks_of, resumed_with
from hitl.integrations.asks import Answer, Ask, ReviewOptions

if TYPE_CHECKING:
    from hitl import AsyncHITLClient, HITLClient

__all__ = ["run_until_done", "run_until_done_async", "to_asks", "to_resume", "tools_of"]


def to_asks(
    pauses: Iterable[Any], thread: object, *, tools: Iterable[Any] = (), schema: Mapping[str, Any] | None = None
) -> list[Ask]:
    """Return what a paused graph asks; the same interrupt has the same key whenever this is called.

    Args:
        pauses: `Interrupt`s: `result["__interrupt__"]`, or `graph.get_state(config).interrupts`.
        thread: The thread's id.
        tools: LangChain tools, which check edited arguments; see `tools_of`.
        schema: The JSON Schema of the answers to interrupts that have no `response_schema`; None for a text.
    """
    known = list(tools)
    return [ask for pause in pauses for ask in asks_of(pause, thread, known, schema)]


def to_resume(pauses: Iterable[Any], answers: Mapping[str, Answer]) -> Any:
    """Return the `Command` that resumes all interrupts, by id.

    Args:
        pauses: What `to_asks` was given.
        answers: The answers to all that it returned, by id.

    Raises:
        ApprovalRejected: a person refused, and the interrupt has no way to be told. Nothing must be resumed.
        ApprovalNotGiven: the same where nobody answered.
        ConfigurationError: an answer is missing.
    """
    with needs("LangGraph", "langgraph"):
        from langgraph.types import Command
    return Command(resume={pause.id: resumed_with(pause, answers) for pause in pauses})


def tools_of(graph: Any) -> list[Any]:
    """Return the tools of all tool nodes of a compiled graph and its subgraphs."""
    graphs = [graph, *(subgraph for _, subgraph in graph.get_subgraphs(recurse=True))]
    nodes = [node for each in graphs for node in getattr(each, "nodes", {}).values()]
    return [tool for node in nodes for tool in getattr(getattr(node, "bound", None), "tools_by_name", {}).values()]


def run_until_done(
    graph: Any,
    given: Any,
    config: Mapping[str, Any],
    client: HITLClient,
    *,
    schema: Mapping[str, Any] | None = None,
    context: Any = None,
    timeout: float | None = None,
    **options: Unpack[ReviewOptions],
) -> Any:
    """Run a graph to its end, put each of its interrupts to people, and return what the graph returns.

    A run of the thread that has not ended, because it waits for people or its process died, is gone on with; `given`
    starts a run only where there is none. So a program calls this in the same way after a restart.

    Args:
        graph: A compiled graph with a checkpointer.
        given: The input of a new run.
        config: The graph's configuration, with `{"configurable": {"thread_id": …}}`.
        client: The client.
        schema: The JSON Schema of the answers to interrupts that have no `response_schema`; None for a text.
        context: The run context of a graph that has a `context_schema`.
        timeout: Seconds to wait for the answers whenever the graph pauses; None waits until the reviews end.
        options: Whom to ask.

    Raises:
        ConfigurationError: the graph has no checkpointer, or `config` no thread. Nothing has run.
        WaitTimeoutError: some answers are still missing; call again, in any process, to go on.
        AnswerError: an answer does not fit. Nothing was resumed; the review is in `review`.
        ApprovalRejected: a person refused, and the interrupt has no way to be told. Nothing was resumed.
        ApprovalNotGiven: the same where nobody answered.
    """
    ask = partial(asks.answers, client, timeout=timeout, **options)
    invoke = partial(graph.invoke, config=config, **_run_context(context))
    return run(_until_done(graph, given, config, schema, graph.get_state, invoke, ask))


async def run_until_done_async(
    graph: Any,
    given: Any,
    config: Mapping[str, Any],
    client: AsyncHITLClient,
    *,
    schema: Mapping[str, Any] | None = None,
    context: Any = None,
    timeout: float | None = None,
    **options: Unpack[ReviewOptions],
) -> Any:
    """Do the same with `ainvoke` and an asynchronous client."""
    ask = partial(asks.answers_async, client, timeout=timeout, **options)
    invoke = partial(graph.ainvoke, config=config, **_run_context(context))
    return await run_async(_until_done(graph, given, config, schema, graph.aget_state, invoke, ask))


def _run_context(context: Any) -> dict[str, Any]:
    return {} if context is None else {"context": context}


def _until_done(
    graph: Any,
    given: Any,
    config: Mapping[str, Any],
    schema: Mapping[str, Any] | None,
    state_of: Callable[[Any], Any],
    invoke: Callable[[Any], Any],
    ask: Callable[[list[Ask]], Any],
) -> Flow[Any]:
    thread, tools = _thread_of(graph, config), tools_of(graph)
    state = yield Do(partial(state_of, config))
    pauses: Sequence[Any] = state.interrupts
    given = None if state.next else given
    answered: set[str] = set()
    while True:
        if not pauses:
            result = yield Do(partial(invoke, given))
            pauses = as_object(result).get("__interrupt__", ())
            if not pauses:
                return result
        if again := answered.intersection(pause.id for pause in pauses):
            raise ConfigurationError(
                f"interrupt {min(again)} came again after its answer: LangGraph is older than 1.2.20, or another "
                "process runs this thread"
            )
        answers = yield Do(partial(ask, to_asks(pauses, thread, tools=tools, schema=schema)))
        answered.update(pause.id for pause in pauses)
        given, pauses = to_resume(pauses, answers), ()


def _thread_of(graph: Any, config: Mapping[str, Any]) -> object:
    if getattr(graph, "checkpointer", True) in (None, False):
        raise ConfigurationError("the graph has no checkpointer, so it cannot stop for people; compile it with one")
    thread = as_object(config.get("configurable")).get("thread_id")
    if thread in (None, ""):
        raise ConfigurationError('the config names no thread; give {"configurable": {"thread_id": ...}}')
    return thread
