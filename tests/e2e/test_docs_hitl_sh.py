"""The page on HITL.sh: its program with methods and its program without, run and compared; the page shows the numbers."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from documents import ROOT, page, rows

from hitl.exceptions import ConfigurationError
from hitl.testing import Sandbox, respond

PROGRAMS = dict(
    zip(("facade", "call"), re.findall(r"```python\n(.+?)```", page("how-to/hitl-sh.md"), re.S), strict=True)
)


class Mistake(NamedTuple):
    """One mistake as it is made in each program: what stands there, and what is written in its place."""

    facade: tuple[str, str]
    call: tuple[str, str]


MISTAKES = {
    "misspelled_argument": Mistake(("default=", "defualt="), ("default_response=", "defualt_response=")),
    "misspelled_attribute": Mistake(("print(done.answer", "print(done.anwser"), ("done.response_data", "done.respose_data")),
    "number_as_text": Mistake(("timeout=3600", 'timeout="3600"'), ("timeout_seconds=3600", 'timeout_seconds="3600"')),
    "loop_for_its_id": Mistake(("        loop.id,", "        loop,"), ("create_request, loop.id", "create_request, loop")),
    "misspelled_member_of_the_form": Mistake(("SingleSelect([", "SingleSelect(option=["), ('{"options":', '{"option":')),
    "form_of_another_kind": Mistake(('SingleSelect(["yes", "no"])', 'Rating(["yes", "no"])'), ("SINGLE_SELECT", "RATING")),
    "default_that_is_no_option": Mistake(('default="no"', 'default="maybe"'), ('default_response="no"', 'default_response="maybe"')),
    "rating_as_text": Mistake(("rating=5", 'rating="five"'), ('"rating": 5', '"rating": "five"')),
    "misspelled_score": Mistake(("rating=5", "ratng=5"), ('"rating": 5', '"ratng": 5')),
    "time_that_is_too_short": Mistake(("timeout=3600", "timeout=36"), ("timeout_seconds=3600", "timeout_seconds=36")),
}  # fmt: skip


def written(program: str, name: str) -> str:
    """Return a program with one mistake."""
    before, after = getattr(MISTAKES[name], program)
    source = PROGRAMS[program]
    assert before in source, (program, name)
    return source.replace(before, after, 1).replace("import HITLClient, ", "import HITLClient, Rating, ")


def lines_of(source: str) -> int:
    return sum(bool(line.strip()) for line in source.splitlines())


def names_of(source: str) -> int:
    imports = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import | ast.ImportFrom)]
    return sum(len(node.names) for node in imports)


def run(source: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HITL_BASE_URL", sandbox.base_url)
    monkeypatch.setenv("HITL_API_KEY", sandbox.api_key)
    exec(compile(source, "program", "exec"), {"__name__": "__main__"})


@pytest.mark.parametrize("program", PROGRAMS)
def test_both_programs_ask_wait_and_thank(
    program: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Sandbox() as sandbox:
        sandbox.fast_forward()
        sandbox.reviewer.on_request(text="May this picture be shown?").in_turn([respond("yes")])
        for expected in ("yes False", "no True"):
            run(PROGRAMS[program], sandbox, monkeypatch)
            assert capsys.readouterr().out.startswith(expected)
        first, second = sandbox.reviewer.asked_requests(times=2)
    assert (first.status, second.status) == ("completed", "timeout")
    assert [first.response_config, first.default_response] == [second.response_config, "no"]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The mistakes that the type checker finds, by program."""
    folder = tmp_path_factory.mktemp("mistakes")
    for program in PROGRAMS:
        (folder / f"{program}_right.py").write_text(PROGRAMS[program])
        for name in MISTAKES:
            (folder / f"{program}_{name}.py").write_text(written(program, name))
    settings = ["--strict", "--no-error-summary", "--config-file", str(folder / "none.ini")]
    (folder / "none.ini").write_text("[mypy]\n")
    files = sorted(map(str, folder.glob("*.py")))
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", *settings, "--cache-dir", str(ROOT / ".mypy_cache"), *files],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=240,
        check=False,
    )
    wrong = {Path(each).stem for each in re.findall(r"^(.+?\.py):\d+: error", checked.stdout, re.M)}
    assert not wrong & {"facade_right", "call_right"}, checked.stdout + checked.stderr
    return {program: {name for name in MISTAKES if f"{program}_{name}" in wrong} for program in PROGRAMS}


def is_refused_before_the_question(program: str, name: str, monkeypatch: pytest.MonkeyPatch) -> bool:
    with Sandbox() as sandbox:
        sandbox.reviewer.on_request().respond("yes")
        try:
            run(written(program, name), sandbox, monkeypatch)
        except (ConfigurationError, TypeError, AttributeError):
            return not sandbox._site.loops.list_requests().items
        except Exception:  # what the server refuses
            return False
    return False


def test_the_numbers_on_the_page_are_those_of_the_programs(
    found: dict[str, set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = {
        "Lines of code": [lines_of(source) for source in PROGRAMS.values()],
        "Imported names": [names_of(source) for source in PROGRAMS.values()],
        "Of ten mistakes, a type checker finds": [len(found[program]) for program in PROGRAMS],
        "Of the others, refused before the question is sent": [
            sum(is_refused_before_the_question(program, name, monkeypatch) for name in MISTAKES.keys() - found[program])
            for program in PROGRAMS
        ],
    }
    assert len(MISTAKES) == 10
    shown = {
        name: [int(with_methods), int(without)]
        for name, with_methods, without in rows("how-to/hitl-sh.md", "The same program")
    }
    assert shown == counted, found
