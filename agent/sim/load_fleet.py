"""The processes of callers, from the side of whoever starts them.

Source: docs/protocols/twilio.md 9 (E21).
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

import msgspec

from agent.errors import AgentError
from agent.sim.load_bank import Progress
from agent.sim.load_plan import Job
from agent.sim.load_worker import LONGEST_LINE, Done, Told

COMMAND: Final = (sys.executable, "-m", "agent.sim.load_worker")
PARTING_S: Final = 5.0


class WorkerDied(AgentError):
    """A process of callers ended before its calls did."""


class Fleet:
    """Processes that are ready; made by `fleet`."""

    def __init__(self, workers: Sequence[Process], tell: Callable[[Progress], None]) -> None:
        self._workers, self._tell = workers, tell
        self._stands = [Progress()] * len(workers)

    async def run(self, stop: asyncio.Event) -> list[Done]:
        """Let all begin together, and wait until the last call is over.

        Args:
            stop: set it to have all calls hung up; what is known by then is the result.

        Raises:
            WorkerDied: a process did.
        """
        for worker in self._workers:
            _input_of(worker).write(b"\n")
        async with asyncio.TaskGroup() as tasks:
            stopping = tasks.create_task(self._stop_when(stop))
            async with asyncio.TaskGroup() as followers:
                following = [
                    followers.create_task(self._follow(number, worker))
                    for number, worker in enumerate(self._workers)
                ]
            stopping.cancel()
        done = [told for task in following if (told := task.result()) is not None]
        if len(done) < len(self._workers):
            raise await _died(self._workers)
        return done

    async def _follow(self, number: int, worker: Process) -> Done | None:
        while (told := await _hear(worker)) is not None:
            if isinstance(told, Done):
                return told
            if isinstance(told, Progress):
                self._stands[number] = told
                self._tell(sum(self._stands, Progress()))
        self._end_all()  # it died; the others need not go on
        return None

    async def _stop_when(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._end_all()

    def _end_all(self) -> None:
        for worker in self._workers:
            _input_of(worker).close()


@asynccontextmanager
async def fleet(
    jobs: Sequence[Job],
    tell: Callable[[Progress], None],
    command: Sequence[str] = COMMAND,
) -> AsyncIterator[Fleet]:
    """Start a process for each job; when the block ends, none is left.

    Args:
        tell: told how all of them stand, whenever one has told.
        command: what is run.

    Raises:
        WorkerDied: a process did.
    """
    async with AsyncExitStack() as stack:
        workers = [await stack.enter_async_context(_worker(job, command)) for job in jobs]
        for worker in workers:
            if await _hear(worker) is None:  # that it is ready
                raise await _died(workers)
        yield Fleet(workers, tell)


@asynccontextmanager
async def _worker(job: Job, command: Sequence[str]) -> AsyncIterator[Process]:
    worker = await asyncio.create_subprocess_exec(
        *command,
        stdin=PIPE,
        stdout=PIPE,
        limit=LONGEST_LINE,
        start_new_session=True,  # Ctrl-C is for who started it, and its input ends with that
    )
    try:
        _input_of(worker).write(msgspec.json.encode(job) + b"\n")
        yield worker
    finally:
        _input_of(worker).close()
        try:
            async with asyncio.timeout(PARTING_S):
                await worker.wait()
        except TimeoutError:
            worker.kill()
            await worker.wait()


async def _hear(worker: Process) -> Told | None:
    """What a process tells next; None: nothing any more."""
    assert worker.stdout is not None
    line = await worker.stdout.readline()
    return msgspec.json.decode(line, type=Told) if line else None


async def _died(workers: Sequence[Process]) -> WorkerDied:
    codes = [await worker.wait() for worker in workers if worker.stdout and worker.stdout.at_eof()]
    return WorkerDied(f"a process of callers ended too soon, with exit code {codes[0]}")


def _input_of(worker: Process) -> asyncio.StreamWriter:
    assert worker.stdin is not None
    return worker.stdin
