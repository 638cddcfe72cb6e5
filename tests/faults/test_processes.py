"""Forks, ends and garbage: what becomes of a client with its process."""

from __future__ import annotations

import math
import time

from programs import in_a_program

from hitl.testing import HostileServer, hostile


def test_a_fork_shares_no_answers(server: HostileServer) -> None:
    told = in_a_program(
        server,
        """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)
client = HITLClient(KEY, base_url=URL, timeout=5)
client.get_review("rev_1")
children = []
for child in range(4):
    pid = os.fork()
    if pid == 0:
        ok = all(client.get_review(f"rev_{1 + child % 2}").id == f"rev_{1 + child % 2}" for _ in range(100))
        os._exit(0 if ok else 1)
    children.append(pid)
mine = all(client.get_review("rev_2").id == "rev_2" for _ in range(100))
codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
client.close()
print(mine, codes)
""",
    )
    assert told == "True [0, 0, 0, 0]"


def connections_of_parent_and_child(server: HostileServer, beginning: str = "") -> int:
    """Let a process and its fork each make a call, and return how many connections they used."""
    in_a_program(
        server,
        beginning
        + """
client = HITLClient(KEY, base_url=URL, timeout=5)
client.get_review("rev_1")
pid = os.fork()
client.get_review("rev_2") if pid == 0 else os.waitpid(pid, 0)
os._exit(0) if pid == 0 else client.close()
""",
    )
    return len({request.connection for request in server.requests[-2:]})


def test_a_fork_while_other_threads_are_calling_leaves_both_sides_working(server: HostileServer) -> None:
    told = in_a_program(
        server,
        """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)
client = HITLClient(KEY, base_url=URL, timeout=5)
client.get_review("rev_1")  # a fork in the middle of another thread's first import would find Python's import locked
stop = threading.Event()
wrong = []
def call():
    while not stop.is_set():
        if client.get_review("rev_1").id != "rev_1":
            wrong.append(1)
threads = [threading.Thread(target=call) for _ in range(4)]
[thread.start() for thread in threads]
codes = []
for _ in range(10):
    pid = os.fork()
    if pid == 0:
        os._exit(0 if all(client.get_review("rev_2").id == "rev_2" for _ in range(5)) else 1)
    codes.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
stop.set()
[thread.join() for thread in threads]
client.close()
print(set(codes), len(wrong))
""",
    )
    assert told == "{0} 0"


def test_a_program_ends_although_a_call_is_under_way_in_a_thread(server: HostileServer) -> None:
    server.next(hostile.silence(), times=math.inf)
    started = time.monotonic()
    in_a_program(
        server,
        """
client = HITLClient(KEY, base_url=URL, timeout=60)
threading.Thread(target=client.get_review, args=("rev_1",), daemon=True).start()
time.sleep(0.3)
os._exit(0)
""",
    )
    assert time.monotonic() - started < 30
