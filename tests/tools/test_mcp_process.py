import asyncio
import os
import sys
from pathlib import Path

import mcp_types as types
import pytest
import structlog
from mcp.shared.message import SessionMessage

from agent.tools.mcp_bounds import Bounds
from agent.tools.mcp_process import QUEUE, process_streams
from tests.support.leaks import until
from tests.tools.mcp_files import HOSTILE, alive, run

PING = types.JSONRPCRequest(jsonrpc="2.0", id=1, method="tools/call", params={"name": "echo"})


@pytest.fixture(autouse=True)
def _brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs know no other time than the real one."""
    monkeypatch.setattr("agent.tools.mcp_process.STOP_S", 0.3)


def script(text: str) -> list[str]:
    return [sys.executable, "-S", "-E", "-c", text]


async def lost(bounds: Bounds) -> str:
    async with asyncio.timeout(20):
        await bounds.lost.wait()
    return bounds.why


def test_messages_go_and_come() -> None:
    async def main() -> object:
        async with process_streams("s", HOSTILE, {}, Bounds()) as (there, back):
            await back.send(SessionMessage(PING))
            message = await there.receive()
            assert isinstance(message, SessionMessage)
            return message.message

    assert run(main()) == types.JSONRPCResponse(
        jsonrpc="2.0", id=1, result={"content": [{"type": "text", "text": "echo"}]}
    )


def test_a_process_sees_nothing_of_ours_but_what_it_is_given(tmp_path: Path) -> None:
    out = tmp_path / "out"
    text = f"import os; open({str(out)!r}, 'w').write(repr(dict(os.environ)))"

    async def main() -> None:
        bounds = Bounds()
        async with process_streams("s", script(text), {"MODE": "fast"}, bounds):
            await lost(bounds)

    run(main())
    seen = set(eval(out.read_text())) - {"LC_CTYPE"}  # which the interpreter sets by itself
    assert seen == {"MODE"} | {name for name in ("PATH", "HOME", "LANG") if name in os.environ}


def test_a_program_that_does_not_exist_is_an_error() -> None:
    async def main() -> None:
        async with process_streams("s", ["/no/such/program"], {}, Bounds()):
            pass

    with pytest.raises(FileNotFoundError):
        run(main())


def test_a_process_that_ends_is_lost() -> None:
    async def main() -> str:
        bounds = Bounds()
        async with process_streams("s", script("pass"), {}, bounds) as streams:
            why = await lost(bounds)
            for _ in range(QUEUE // 2):  # nobody takes them, and nobody waits
                await streams[1].send(SessionMessage(PING))
        return why

    assert run(main()) == "it ended"


def test_a_process_that_closes_its_input_is_lost() -> None:
    async def main() -> str:
        bounds = Bounds()
        closes = script("import os, time; os.close(0); time.sleep(60)")
        async with process_streams("s", closes, {}, bounds) as (_, back):
            while not bounds.lost.is_set():
                await back.send(SessionMessage(PING))
                await asyncio.sleep(0.01)
        return bounds.why

    assert run(main()) == "it ended"


def test_a_process_that_takes_no_messages_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.tools.mcp_process.WRITE_S", 0.1)

    async def main() -> str:
        bounds = Bounds()
        deaf = script("import time; time.sleep(60)")
        long = PING.model_copy(update={"params": {"name": "x" * 1_000_000}})
        async with process_streams("s", deaf, {}, bounds) as (_, back):
            await back.send(SessionMessage(long))
            return await lost(bounds)

    assert run(main()) == "it takes no messages"


def test_a_process_that_only_makes_noise_is_lost() -> None:
    async def main() -> str:
        bounds = Bounds()
        async with process_streams("s", [*HOSTILE, "noisy"], {}, bounds):
            return await lost(bounds)

    assert run(main()) == "it sends what are no messages"


def test_a_process_that_does_not_go_is_killed_with_its_children() -> None:
    async def main() -> bool:
        command = [*HOSTILE, "stubborn"]
        with structlog.testing.capture_logs() as lines:
            async with process_streams("s", command, {}, Bounds()) as (there, back):
                call = PING.model_copy(update={"params": {"name": "pid"}})
                await back.send(SessionMessage(call))
                message = await there.receive()
                assert isinstance(message, SessionMessage)
                assert isinstance(message.message, types.JSONRPCResponse)
                pid = int(message.message.result["content"][0]["text"])
                while not lines:  # noqa: ASYNC110 (nobody tells of it)
                    await asyncio.sleep(0.01)
                child = int(lines[0]["pii.text"].split()[1])
                assert alive(pid)
                assert alive(child)
        return await until(lambda: not alive(pid) and not alive(child))

    assert run(main())


def test_a_process_is_ended_whatever_happens_meanwhile() -> None:
    async def main() -> bool:
        opened, pids = asyncio.Event(), list[int]()

        async def use() -> None:
            async with process_streams("s", [*HOSTILE, "stubborn"], {}, Bounds()) as (there, back):
                await back.send(SessionMessage(PING.model_copy(update={"params": {"name": "pid"}})))
                message = await there.receive()
                assert isinstance(message, SessionMessage)
                assert isinstance(message.message, types.JSONRPCResponse)
                pids.append(int(message.message.result["content"][0]["text"]))
                opened.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(use())
        await opened.wait()
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0.05)
        with pytest.raises(asyncio.CancelledError):
            await task
        return alive(pids[0])

    assert not run(main())
