"""Teams one after another over one file, for a test that kills them: `python notifying_lives.py DATA PORT`.

It asks for a hundred reviews if there are none, prints "asked", and sends until it is killed, or until nothing is
left: then it prints "done".
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from notified_team import Team

from hitl.server.notifications import Children, Limits
from hitl.server.primitives import utc_now


def main(data: str, port: int) -> None:
    limits = Limits(burst=1000, per_second=1000, most_planned=1000)
    team = Team(utc_now, Children, data=data, limits=limits)
    if not team.people.all():
        for number in range(10):
            person = team.person(f"person{number}@example.com")
            team.channels.add(person.email, f"json://127.0.0.1:{port}/{number}", person_id=person.id)
        for number in range(100):
            team.ask(f"Question {number}.", assignees=[f"person{number % 10}@example.com"])
    print("asked", flush=True)
    with team.run():
        while any(state == "planned" for _, state in team.states()):
            team.finish()
    print("done", flush=True)


main(sys.argv[1], int(sys.argv[2]))
