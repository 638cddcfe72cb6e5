"""One life of a worker: `python dbos_lives.py DATABASE EXECUTOR ORDER…` runs a workflow for each order.

It listens for decisions, too, and what is paid back is a line in the file `HITL_PAID`.
"""

# The framework is not installed where types are checked.
# pyright: basic, reportMissingImports=false
# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

import os
import sys
import threading
from typing import Any

from dbos import DBOS, SetWorkflowID

from hitl import HITLClient, Review
from hitl.integrations.asks import ToolCall, key_of
from hitl.integrations.dbos import answers, deliver

client = HITLClient()


@DBOS.step()
def pay_back(order: str, amount: int) -> str:
    with os.fdopen(os.open(os.environ["HITL_PAID"], os.O_WRONLY | os.O_CREAT | os.O_APPEND), "w") as paid:
        paid.write(f"{order} {amount}\n")
    return f"paid back {amount}"


@DBOS.workflow()
def refund(order: str, amount: int) -> str:
    call = ToolCall(
        id="refund",
        key=key_of("dbos", DBOS.workflow_id, "refund"),
        tool="pay_back",
        arguments={"order": order, "amount": amount},
    )
    answer = answers(client, [call], timeout=3600)["refund"]
    return pay_back(**answer.arguments) if answer.arguments else answer.told


@client.on_decision(metadata={"engine": "dbos"})
def resume(review: Review) -> None:
    deliver(review)


def launch(database: str, executor: str) -> None:
    """Run what is pending, and listen for decisions."""
    config: Any = {"name": "refunds", "system_database_url": database, "run_admin_server": False}
    config |= {"log_level": "ERROR", "executor_id": executor, "application_version": "1"}
    DBOS(config=config)
    DBOS.launch()
    threading.Thread(target=client.run, kwargs={"since": "beginning"}, daemon=True).start()


def start(order: str) -> Any:
    with SetWorkflowID(order):
        return DBOS.start_workflow(refund, order, 500)


if __name__ == "__main__":
    launch(*sys.argv[1:3])
    for each in sys.argv[3:]:
        start(each)
    print("ready", flush=True)
    threading.Event().wait()
