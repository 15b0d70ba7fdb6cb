"""A server of tools as a process of ours, which takes messages by its input and answers by its
output, a line each.

The process gets nothing of our environment but where programs, home and language are; secrets only
by name. It leads a process group of its own, so that it ends with all that it has started.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import anyio
import structlog
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage

from agent.tools.mcp_bounds import WRITE_S, Bounds
from agent.tools.mcp_lines import Lines, Noise

if TYPE_CHECKING:
    from mcp.client._transport import TransportStreams

INHERITED = ("PATH", "HOME", "LANG")
QUEUE = 256
"""Messages that may wait for the process to take them."""
STOP_S = 1.0
"""How long the process may take to end by itself, and how long when it is asked to."""
CHUNK = 64 * 1024

_log = structlog.stdlib.get_logger()

type _Incoming = MemoryObjectSendStream[SessionMessage | Exception]
type _Outgoing = MemoryObjectReceiveStream[SessionMessage]


@asynccontextmanager
async def process_streams(
    server: str, command: Sequence[str], env: Mapping[str, str], bounds: Bounds
) -> AsyncIterator[TransportStreams]:
    """Run a server for as long as the context lasts; when that is over, no process is left.

    Args:
        server: its name, for the log.
        command: the program and its arguments.
        env: what its environment has besides `INHERITED`.
        bounds: told when the process has ended.

    Raises:
        OSError: the program cannot be started.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={name: os.environ[name] for name in INHERITED if name in os.environ} | dict(env),
        start_new_session=True,
    )
    incoming, to_session = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    from_session, outgoing = anyio.create_memory_object_stream[SessionMessage](QUEUE)
    tasks = [
        asyncio.create_task(_read(process, incoming, bounds)),
        asyncio.create_task(_write(process, outgoing, bounds)),
        asyncio.create_task(_log_errors(server, process)),
    ]
    try:
        yield to_session, from_session
    finally:
        bounds.lose("")
        try:
            await _surely(_end(process, tasks))
        finally:
            for stream in (incoming, to_session, from_session, outgoing):
                stream.close()


async def _read(process: asyncio.subprocess.Process, incoming: _Incoming, bounds: Bounds) -> None:
    """Bring the process's messages to the session, as long as both are there."""
    assert process.stdout is not None
    lines = Lines(bounds)
    with incoming, suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
        try:
            while chunk := await process.stdout.read(CHUNK):
                for message in lines.received(chunk):
                    await incoming.send(message)
            bounds.lose("it ended")
        except Noise:
            bounds.lose("it sends what are no messages")
    while await process.stdout.read(CHUNK):
        pass  # whoever waits for us to read does not end


async def _write(process: asyncio.subprocess.Process, outgoing: _Outgoing, bounds: Bounds) -> None:
    """Bring the session's messages to the process."""
    assert process.stdin is not None
    try:
        async for message in outgoing:
            text = message.message.model_dump_json(by_alias=True, exclude_unset=True)
            process.stdin.write(text.encode() + b"\n")
            async with asyncio.timeout(WRITE_S):
                await process.stdin.drain()
    except TimeoutError:
        bounds.lose("it takes no messages")
    except (OSError, RuntimeError):  # its input is closed
        bounds.lose("it ended")


async def _log_errors(server: str, process: asyncio.subprocess.Process) -> None:
    """What the process writes as errors: it may quote a caller."""
    assert process.stderr is not None
    while chunk := await process.stderr.read(CHUNK):
        text = chunk.decode("utf-8", "replace").strip()
        _log.debug("mcp.stderr", server=server, **{"pii.text": text[-2_000:]})


async def _surely(work: Coroutine[Any, Any, None]) -> None:
    """Do something to its end, even if this is cancelled meanwhile."""
    task, cancelled = asyncio.create_task(work), None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    task.result()
    if cancelled is not None:
        raise cancelled


async def _end(process: asyncio.subprocess.Process, tasks: Sequence[asyncio.Task[None]]) -> None:
    """Close its input, which asks it to end; then ask by signal; then end it, and its children."""
    assert process.stdin is not None
    process.stdin.close()
    for number in (None, signal.SIGTERM, signal.SIGKILL):
        if number is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, number)
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_S):
                await process.wait()  # until nobody holds its pipes either
    with suppress(AttributeError):  # a process that left its group may hold the pipes for ever
        process._transport.close()  # type: ignore[attr-defined]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
