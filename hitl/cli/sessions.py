"""`hitl sessions`: the runs of coding agents, and the decisions on what they propose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hitl.cli.connection import Connection, api_command, json_option
from hitl.cli.documents import document_of, print_document, print_documents
from hitl.cli.failures import OK, REJECTED, finish
from hitl.cli.text import json_text, one_line, print_facts, print_json, print_table, shortened, timestamp_text
from hitl.cli.values import seconds

if TYPE_CHECKING:
    from hitl.models import Session, Turn


@click.group()
def sessions() -> None:
    """Runs of coding agents, and the decisions on what they propose."""


@sessions.command("list")
@click.option("--status", help="Only sessions that are active, paused, completed or abandoned.")
@click.option("--agent", "agent_type", help="Only sessions of claude or codex.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="Maximum number of results.")
@json_option
@api_command
def list_sessions(
    connection: Connection, limit: int, as_json: bool, status: str | None, agent_type: str | None
) -> None:
    """List sessions, the newest first."""
    with connection.client() as client:
        found = client.sessions.list(status=status, agent_type=agent_type, limit=limit + 1)
    print_documents(found, limit, ("ID", "STATUS", "AGENT", "TURNS", "CHANGED", "REPOSITORY"), _row, as_json=as_json)


def _row(session: Session) -> tuple[str, ...]:
    return (
        session.id,
        session.status,
        session.agent_type or "",
        str(session.turn_count or 0),
        timestamp_text(session.updated_at),
        shortened(str(session.context.get("repo") or "")),
    )


@sessions.command()
@click.argument("session_id", metavar="ID")
@json_option
@api_command
def show(connection: Connection, session_id: str, as_json: bool) -> None:
    """Show a session and its turns."""
    with connection.client() as client:
        session = client.sessions.get(session_id)
        turns = client.sessions.turns(session)
    if as_json:
        print_json({**document_of(session), "turns": [document_of(each) for each in turns]})
        return
    print_facts(_facts(session))
    if turns:
        print_table(
            ("TURN", "NUMBER", "ACTION", "DECISION", "OUTCOME", "PROPOSED"), [_turn_row(each) for each in turns]
        )


def _facts(session: Session) -> list[tuple[str, str]]:
    return [
        ("id", session.id),
        ("status", session.status),
        ("agent", session.agent_type or ""),
        ("loop", session.loop_id or ""),
        ("reviewer", session.reviewer_id or ""),
        *((name, str(text)) for name, text in session.context.items()),
        ("created", timestamp_text(session.created_at)),
        ("changed", timestamp_text(session.updated_at)),
    ]


def _turn_row(turn: Turn) -> tuple[str, ...]:
    return (
        turn.id,
        str(turn.turn_number or ""),
        turn.action_type or "",
        turn.human_decision or "open",
        _outcome(turn),
        shortened(turn.agent_prompt or json_text(turn.proposed_args or {})),
    )


def _outcome(turn: Turn) -> str:
    action = turn.action_taken
    return "" if action is None else "succeeded" if action.get("success") is True else "failed"


@sessions.command()
@click.argument("session_id", metavar="SESSION")
@click.argument("turn_id", metavar="TURN")
@click.option(
    "--timeout", type=seconds, metavar="DURATION", help="How long to wait, such as 2h or 90s.  [default: no limit]"
)
@json_option
@api_command
def wait(connection: Connection, session_id: str, turn_id: str, timeout: float | None, as_json: bool) -> None:
    """Wait for the decision on a turn, and print it.

    Exits with 0 only if it is approved: `hitl sessions wait ... && git push` pushes nothing otherwise.
    """
    with connection.client() as client:
        turn = client.sessions.wait(client.sessions.get_turn(session_id, turn_id), timeout=timeout)
    print_document(turn, _line(turn), as_json=as_json)
    finish(OK if turn.verdict == "approved" else REJECTED)


@sessions.command()
@click.argument("session_id", metavar="SESSION")
@click.argument("turn_id", metavar="TURN")
@click.argument("decision", metavar="DECISION")
@click.option("--comment", help="A remark for the agent.")
@json_option
@api_command
def decide(
    connection: Connection, session_id: str, turn_id: str, decision: str, comment: str | None, as_json: bool
) -> None:
    """Decide on a turn: approve, modify, reject or escalate."""
    with connection.client() as client:
        turn = client.sessions.get_turn(session_id, turn_id)
        decided = client.sessions.decide(turn, decision, comment=comment)
    print_document(decided, _line(decided), as_json=as_json)


def _line(turn: Turn) -> str:
    comment = f": {one_line(turn.human_comment)}" if turn.human_comment else ""
    return f"{turn.id} {one_line(turn.human_decision or 'open')}{comment}"
