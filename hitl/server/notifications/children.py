"""The children that talk to receivers: at most two, started when there is something to send, gone when there is not."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from hitl.server.notifications.model import Letter, Outcome

_COMMAND: Final = (sys.executable, "-I", str(Path(__file__).with_name("child.py")))
_KEPT: Final = ("PATH", "SYSTEMROOT", *(f"{each}_proxy" for each in ("http", "https", "all", "no")))
_MOST_CHILDREN: Final = 2
_MOST_JOBS: Final = 8  # of one child, which has as many threads
_DEADLINE: Final = 10.0
_IDLE: Final = 60.0
_START: Final = 60.0  # seconds; loading a hundred services takes a while on a busy machine


class Children:
    """Sends letters through child processes, each attempt with a deadline; one event loop uses it."""

    def __init__(
        self, host: str, *, command: tuple[str, ...] = _COMMAND, deadline: float = _DEADLINE, idle: float = _IDLE
    ) -> None:
        """Prepare; `host` is the name of this server in mail, `deadline` and `idle` are in seconds."""
        self._host = host
        self._command = command
        self._deadline = deadline
        self._idle = idle
        self._children: list[_Child] = []
        self._changed = asyncio.Condition()

    async def send(self, letter: Letter) -> Outcome:
        """Attempt it once; whatever happens is an Outcome."""
        job = {
            "id": letter.id,
            "url": letter.url,
            "to": letter.to,
            "subject": letter.words.subject,
            "text": letter.words.text,
            "html": letter.words.html,
            "at": letter.at.timestamp(),
            "reply_to": letter.reply_to,
            "host": self._host,
        }
        try:
            child = await self._free_child()
        except OSError as error:
            return Outcome("retry", f"the process that sends cannot be started ({error.strerror})")
        try:
            return await child.send(job, self._deadline)
        finally:
            await self._released(child)

    async def close(self) -> None:
        """Kill the children; what was under way is attempted again some time."""
        children, self._children = self._children, []
        for child in children:
            await child.kill()

    async def _free_child(self) -> _Child:
        async with self._changed:
            while True:
                usable = [each for each in self._children if each.is_usable and each.jobs < _MOST_JOBS]
                if usable and (usable[0].jobs == 0 or len(self._children) == _MOST_CHILDREN):
                    child = min(usable, key=lambda each: each.jobs)
                elif len(self._children) < _MOST_CHILDREN:
                    child = await _Child.start(self._command)
                    self._children.append(child)
                else:
                    await self._changed.wait()
                    continue
                child.jobs += 1
                return child

    async def _released(self, child: _Child) -> None:
        child.jobs -= 1
        if child.jobs == 0 and not child.is_usable:
            if child in self._children:
                self._children.remove(child)
            await child.kill()
        elif child.jobs == 0:
            asyncio.get_running_loop().call_later(self._idle, self._end_if_idle, child, child.sent)
        async with self._changed:
            self._changed.notify_all()

    def _end_if_idle(self, child: _Child, sent: int) -> None:
        if child.jobs == 0 and child.sent == sent and child in self._children:
            self._children.remove(child)
            child.dismiss()


class _Child:
    """One process; from the first job on that overran its deadline, it gets no more, and ends after the others."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._waiting: dict[str, asyncio.Future[Outcome]] = {}
        self._ready = asyncio.Event()
        self._reader = asyncio.create_task(self._read())
        self.jobs = self.sent = 0
        self.is_usable = True

    @classmethod
    async def start(cls, command: tuple[str, ...]) -> _Child:
        """Start a process without this one's environment."""
        environment = {name: value for name, value in os.environ.items() if name.casefold() in _names()}
        process = await asyncio.create_subprocess_exec(
            *command,
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        child = cls(process)
        try:
            async with asyncio.timeout(_START):
                await child._ready.wait()
        except BaseException as error:  # also a cancellation, when the server stops
            await child.kill()
            if isinstance(error, TimeoutError):
                raise OSError(errno.ETIMEDOUT, f"it was not ready within {_START:g} s") from error
            raise
        return child

    async def send(self, job: dict[str, Any], deadline: float) -> Outcome:
        """Let it do a job."""
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting[job["id"]] = answer
        self.sent += 1
        try:
            async with asyncio.timeout(deadline):
                assert self._process.stdin is not None  # noqa: S101 - it is a pipe
                self._process.stdin.write(json.dumps(job).encode() + b"\n")
                with suppress(OSError):  # it has died, which the reader finds
                    await self._process.stdin.drain()
                return await answer
        except TimeoutError:
            self.is_usable = False
            return Outcome("retry", f"no answer within {deadline:g} s")
        finally:
            self._waiting.pop(job["id"], None)

    def dismiss(self) -> None:
        """Let it end by itself."""
        self.is_usable = False
        if self._process.stdin is not None:
            self._process.stdin.close()

    async def kill(self) -> None:
        """End it at once."""
        self.is_usable = False
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._reader
        await self._process.wait()

    async def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        while line := await self._process.stdout.readline():
            self._ready.set()  # the first line says no more than that
            with suppress(ValueError, KeyError, TypeError):  # whatever a library prints is no outcome
                found = json.loads(line)
                answer = self._waiting.get(found["id"])
                if answer is not None and not answer.done():
                    answer.set_result(Outcome(found["result"], found["error"]))
        self.is_usable = False
        self._ready.set()  # whoever waits for it finds that it has died
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_result(Outcome("retry", "the process that sends has died"))


def _names() -> frozenset[str]:
    return frozenset(each.casefold() for each in _KEPT)
