"""The package as people get it: built, installed into an empty environment, with and without extras."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest
from documents import page

from hitl import HITLClient
from hitl.testing import Sandbox

ROOT = Path(__file__).parents[2]

# Where a Python program finds what it imports is left to the environments under test.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}


class Venv:
    """An environment of its own, which knows nothing of the one that the tests run in."""

    def __init__(self, folder: Path, *requirements: str) -> None:
        self.bin = folder / "bin"
        run(sys.executable, "-m", "venv", "--without-pip", folder)
        self.install(*requirements)

    def install(self, *requirements: str) -> None:
        constraints = ROOT / "codegen" / "constraints.txt"
        pip = (sys.executable, "-m", "pip", "--python", self.bin / "python", "--disable-pip-version-check")
        run(*pip, "install", "--quiet", "--constraint", constraints, *requirements)

    def python(self, program: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a program; its warnings are errors."""
        command: list[str | Path] = [self.bin / "python", "-W", "error", "-c", program]
        env = {**ENVIRONMENT, **environment}
        return subprocess.run(command, capture_output=True, text=True, env=env, cwd=self.bin)


def run(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    [wheel] = built.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Venv:
    return Venv(tmp_path_factory.mktemp("bare"), str(wheel))


@pytest.fixture(scope="module")
def with_sandbox(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Venv:
    return Venv(tmp_path_factory.mktemp("sandbox"), f"hitl[sandbox] @ {wheel.as_uri()}")


def files_of(package: Path) -> set[str]:
    files = (file for file in package.rglob("*") if file.is_file() and file.suffix != ".pyc")
    return {file.relative_to(package.parent).as_posix() for file in files}


def test_the_wheel_has_the_files_of_both_packages_and_nothing_else(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        files = {name for name in archive.namelist() if ".dist-info/" not in name}
        assert archive.read("hitl/server/openapi.yaml") == (ROOT / "openapi.yaml").read_bytes()
    described = {"hitl/server/openapi.yaml"}
    assert files == files_of(ROOT / "hitl") | files_of(ROOT / "generated" / "hitl_api") | described
    assert {"hitl/py.typed", "hitl_api/py.typed"} <= files
    assert {Path(name).suffix for name in files if name.startswith("hitl/server/inbox/")} >= {".html", ".css", ".js"}


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        [metadata] = [archive.read(name).decode() for name in archive.namelist() if name.endswith("/METADATA")]
        assert any(name.endswith("/licenses/LICENSE") for name in archive.namelist())
    assert "\nName: hitl\nVersion: 1.1.0\n" in metadata
    assert "\nClassifier: Development Status :: 4 - Beta\n" in metadata
    assert {"\nProject-URL: Homepage, https://hitl.sh\n", "\nAuthor: The hitl authors\n"} <= {
        f"\n{line}\n" for line in metadata.splitlines()
    }
    links = re.findall(r"\]\(([^)]*)\)", metadata)
    assert links, "the page of an index would show no link"
    assert [link for link in links if not link.startswith("https://")] == []
    assert "\nRequires-Python: >=3.11\n" in metadata
    assert "\nProvides-Extra: sandbox\n" in metadata
    needed = set(re.findall(r"^Requires-Dist: ([\w-]+)[^;\n]*$", metadata, re.MULTILINE))
    assert needed == {"anyio", "attrs", "httpx", "python-dateutil", "sniffio"}


def test_the_source_distribution_has_what_it_takes_to_build_and_test(built: Path) -> None:
    [archive] = built.glob("*.tar.gz")
    with tarfile.open(archive) as files:
        names = {name.partition("/")[2] for name in files.getnames()}
    assert {"openapi.yaml", "Makefile", "pyproject.toml", "tests/conftest.py", "codegen/constraints.txt"} <= names


def test_without_extras_a_review_is_created(bare: Venv) -> None:
    program = """
from hitl import HITLClient
with HITLClient() as client:
    print(client.create_review(template_id="template_123", content={"text": "A draft"}).id)
    print(client.wait_for_review("rev_1").result)
"""
    with Sandbox() as sandbox:
        answered = sandbox.client().create_review("template_123", {"text": "Another draft"})
        sandbox.reviewer.complete(answered, {"approved": True})
        done = bare.python(program, HITL_API_KEY=sandbox.api_key, HITL_BASE_URL=sandbox.base_url)
    assert (done.stdout, done.stderr) == ("rev_2\n{'approved': True}\n", "")


def test_without_extras_a_webhook_is_verified(bare: Venv) -> None:
    done = bare.python("""
from hitl.webhooks import signature_headers, verify_signature
print(verify_signature(signature_headers(b"{}", "secret"), b"{}", "secret"))
""")
    assert (done.stdout, done.stderr) == ("True\n", "")


def test_without_extras_the_sandbox_tells_what_to_install(bare: Venv) -> None:
    imported = bare.python("from hitl.testing import Sandbox")
    assert "ImportError: hitl.testing needs the sandbox" in imported.stderr
    assert "with its 'sandbox' extra" in imported.stderr
    command = subprocess.run([bare.bin / "hitl", "sandbox"], capture_output=True, text=True, env=ENVIRONMENT)
    assert command.returncode == 2
    assert "with its 'sandbox' extra" in command.stderr
    assert "Traceback" not in command.stderr


@contextmanager
def started(*command: str | Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """Run `hitl sandbox`, and give what it says about itself; it is ended if it does not end by itself."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT) as process:
        try:
            assert process.stdout is not None
            greeting = {}
            for line in iter(process.stdout.readline, ""):
                if told := re.match(r"  (\S.*?)  +(\S+)", line):
                    greeting[told[1]] = told[2]
                if line.startswith("export HITL_API_KEY="):
                    break
            yield process, greeting
        finally:
            process.kill()


def test_with_its_extra_the_sandbox_runs_from_the_command_line(with_sandbox: Venv) -> None:
    command = (with_sandbox.bin / "hitl", "sandbox", "--port", "0", "--api-key", "my_key")
    with started(*command) as (process, told):
        assert told["API key"] == "my_key"
        with HITLClient("my_key", base_url=told["API"]) as client:
            review = client.create_review("template_123", {"text": "A draft"})
        page = httpx.get(told["Inbox"], follow_redirects=True)
        assert review.id in page.text
        for asset in re.findall(r"(?:src|href)=\"(/[^\"]+\.(?:css|js|svg))\"", page.text):
            assert httpx.get(told["API"] + asset).status_code == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


def test_with_its_extra_the_sandbox_runs_in_a_test(with_sandbox: Venv) -> None:
    done = with_sandbox.python("""
from hitl.testing import Sandbox
with Sandbox() as sandbox:
    review = sandbox.client().create_review("template_123", {"text": "A draft"})
    sandbox.reviewer.complete(review, {"approved": True})
    print(sandbox.client().wait_for_review(review.id).result)
""")
    assert (done.stdout, done.stderr) == ("{'approved': True}\n", "")


# --- the pages, as a reader follows them ----------------------------------------------------------------------------

PREPARED = (
    "python3 -m venv .venv",
    ". .venv/bin/activate",
    "pip install '.[sandbox]'",
    "hitl sandbox",
    "mkdir ",
    "cd ",
)


@pytest.fixture(scope="module")
def with_pytest(with_sandbox: Venv) -> Venv:
    """What the pages tell their readers to install."""
    with_sandbox.install("pytest")
    return with_sandbox


def reads(venv: Venv, folder: Path, command: str, **environment: str) -> str:
    """Run a command as a reader does, in a shell with the environment activated, and return what it prints."""
    env = {**ENVIRONMENT, **environment, "PATH": f"{venv.bin}{os.pathsep}{ENVIRONMENT['PATH']}", "HOME": str(folder)}
    done = subprocess.run(
        command, shell=True, capture_output=True, text=True, env=env, cwd=folder, check=False, timeout=120
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def test_a_reader_of_the_tutorial_gets_through_it(
    with_pytest: Venv, tmp_path: Path, person: Callable[[Sandbox], AbstractContextManager[None]]
) -> None:
    printed: dict[str, str] = {}
    with Sandbox() as sandbox, person(sandbox):
        place = {"HITL_BASE_URL": sandbox.base_url, "HITL_API_KEY": sandbox.api_key}
        steps = re.findall(
            r"([^\n]*(?:\n[^\n]+)*)\n\n```(python|console)\n(.+?)```", page("tutorial/first-review.md"), re.S
        )
        for before, language, block in steps:
            if language == "python":
                [name] = re.findall(r"Save\s+this\s+as\s+`(\w+\.py)`", before)
                (tmp_path / name).write_text(block)
                continue
            for command in (line.removeprefix("$ ") for line in block.splitlines()):
                if not command.startswith((*PREPARED, "pip install pytest")):
                    printed[command] = reads(with_pytest, tmp_path, command, **place)
    assert "answered: {'approved': True" in printed["python ask.py"]
    assert printed["python outcomes.py"].startswith("Solar panels pay for themselves")
    assert printed["python ask_many.py"].count("yes") == 3
    assert "3 passed" in printed["pytest"]


@pytest.mark.parametrize("name", ["how-to/loops.md", "how-to/test-your-code.md"])
def test_a_page_that_is_one_file_for_pytest_is_one(with_pytest: Venv, tmp_path: Path, name: str) -> None:
    [file] = re.findall(r"code blocks of this page form one file[^`]*`(\w+\.py)`", page(name))
    blocks = re.findall(r"```python\n(.+?)```", page(name), re.S)
    (tmp_path / file).write_text("\n\n".join(blocks))
    assert " passed" in reads(with_pytest, tmp_path, f"pytest -p no:cacheprovider {file}")


MORE = {
    "ask": "pip install pydantic",
    "batches": "pip install pandas",
    "wait": "pip install '.[progress]'",
    "webhooks": "the extras `flask`",
    "workflows": "pip install '.[sandbox,flask]'",
}
# The pages of integrations need their frameworks: `make test-integrations` runs them.
PAGES = {
    each.stem: each
    for each in sorted(ROOT.glob("docs/*/*.md"))
    if "```python" in each.read_text() and each.parent.name != "integrations"
}


def test_a_page_says_what_more_it_needs() -> None:
    assert [name for name, said in MORE.items() if said not in PAGES[name].read_text()] == []


@pytest.mark.parametrize("name", sorted(PAGES.keys() - MORE.keys() - {"first-review", "loops", "test-your-code"}))
def test_a_page_needs_no_more_than_it_says(
    with_sandbox: Venv, tmp_path: Path, person: Callable[[Sandbox], AbstractContextManager[None]], name: str
) -> None:
    (tmp_path / "page.py").write_text("\n\n".join(re.findall(r"```python\n(.+?)```", PAGES[name].read_text(), re.S)))
    with Sandbox() as sandbox, person(sandbox):
        place = {"HITL_BASE_URL": sandbox.base_url, "HITL_API_KEY": sandbox.api_key}
        reads(with_sandbox, tmp_path, "python page.py", **place)
