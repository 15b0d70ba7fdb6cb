import asyncio
from typing import Any

import pytest
import structlog

from agent.errors import ConfigError
from agent.tools.mcp_server import UNANSWERED, McpServer
from agent.tools.mcp_target import Target
from tests.tools.mcp_files import HOSTILE, Desk, desk, hostile, kind, run

UNREADABLE = "ran, but its answer cannot be read. It may have taken effect: tell the caller so."


@pytest.fixture(autouse=True)
def _brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs know no other time than the real one."""
    monkeypatch.setattr("agent.tools.mcp_process.STOP_S", 0.3)
    monkeypatch.setattr("agent.tools.mcp_server.FIRST_PAUSE_S", 0.1)


async def when_back(at: Desk, tool: str) -> dict[str, Any]:
    """Ask again until the server is there."""
    async with asyncio.timeout(20):
        while "cannot be reached" in str(answer := await at.ask(tool)):  # noqa: ASYNC110
            await asyncio.sleep(0.05)  # nobody tells of it
    return answer


def test_a_server_made_with_the_protocols_library_is_used() -> None:
    async def main() -> list[dict[str, Any]]:
        allow = ("find_order", "greet", "refuse", "environment", "key")
        async with desk(kind(*allow, env={"MODE": "fast"})) as at:
            return [
                await at.ask("find_order", number=3),
                await at.ask("greet", name="Anna"),
                await at.ask("refuse", why="no"),
                await at.ask("environment"),
                await at.ask("key"),
                await at.ask("find_order", number="three"),
            ]

    order, hello, refused, environment, key, invalid = run(main())
    assert order == {"output": {"number": 3, "state": "on its way"}}
    assert hello == {"output": {"result": "Hello, Anna!"}}
    assert refused == {"error": "Error executing tool refuse", "retryable": False}
    assert "MODE" in environment["output"]["result"].split()
    assert "PYTEST_CURRENT_TEST" not in environment["output"]["result"]
    assert key == {"output": {"result": "key5"}}
    assert "valid integer" in invalid["error"]


def test_many_calls_share_a_server() -> None:
    async def main() -> list[dict[str, Any]]:
        async with desk(kind("meet")) as at:
            return await asyncio.gather(*(at.ask("meet", people=5) for _ in range(5)))

    assert run(main()) == [{"output": {"result": "met"}}] * 5


def test_whatever_a_server_answers_the_model_is_told_something() -> None:
    async def main() -> dict[str, Any]:
        tools = ["echo", "nothing", "wrong", "garbage", "huge"]
        async with desk(hostile(allow=tools)) as at:
            answers = {tool: await at.ask(tool) for tool in tools}
            assert await at.ask("echo") == {"output": "echo"}
            assert at.servers.counters["opened"] == 1
        return answers

    assert run(main()) == {
        "echo": {"output": "echo"},
        "nothing": {"output": {"status": "done"}},
        "wrong": {"error": f"s_wrong {UNREADABLE}", "retryable": False},
        "garbage": {"output": "echo"},
        "huge": {"error": f"s_huge {UNREADABLE}", "retryable": False},
    }


def test_a_process_that_dies_is_started_again() -> None:
    async def main() -> list[Any]:
        with structlog.testing.capture_logs() as lines:
            async with desk(hostile(allow=["pid", "die"])) as at:
                first = await at.ask("pid")
                hanging = asyncio.create_task(at.ask("die"))
                died = await hanging
                meanwhile = await at.ask("pid")
                again = await when_back(at, "pid")
                assert first["output"] != again["output"]
                counters = at.servers.counters
        events = [line["event"] for line in lines if line["event"].startswith("mcp.")]
        return [died, meanwhile, counters["opened"], counters["lost"], events]

    died, meanwhile, opened, lost, events = run(main())
    assert died == {
        "error": "The service behind s_die went away while it ran. It is not known whether it "
        "took effect: tell the caller so.",
        "retryable": False,
    }
    assert meanwhile == {
        "error": "The service behind s_pid cannot be reached at the moment. Nothing was done; "
        "tell the caller, or try once more later in the call.",
        "retryable": True,
    }
    assert (opened, lost) == (2, 1)
    assert events == ["mcp.lost", "mcp.opened"]


def test_a_server_that_cannot_be_started_again_is_tried_until_it_can(tmp_path: Any) -> None:
    flag = tmp_path / "flag"
    flag.touch()
    script = f"if [ -e {flag} ]; then exec {' '.join(HOSTILE)}; fi; sleep 0.05; exit 1"

    async def main() -> dict[str, Any]:
        entry = {"command": ["sh", "-c", script], "allow": ["echo", "die"]}
        async with desk(entry) as at:
            flag.unlink()
            await at.ask("die")
            async with asyncio.timeout(20):
                while at.servers.counters["failed"] < 2:  # noqa: ASYNC110 (nobody tells of it)
                    await asyncio.sleep(0.05)
            flag.touch()
            return await when_back(at, "echo")

    assert run(main()) == {"output": "echo"}


def test_a_call_that_hangs_is_answered_in_time_and_the_next_is_served() -> None:
    async def main() -> list[dict[str, Any]]:
        async with desk(hostile(allow=["hang", "echo"], timeout="500ms")) as at:
            answers = [await at.ask("hang"), await at.ask("echo")]
            assert at.servers.counters["unanswered"] == 1
        return answers

    hung, echo = run(main())
    assert hung["error"].startswith("s_hang did not answer in time.")
    assert echo == {"output": "echo"}


def test_a_server_that_never_answers_is_started_again() -> None:
    async def main() -> dict[str, Any]:
        async with desk(hostile(allow=["hang", "echo"], timeout="300ms")) as at:
            await asyncio.gather(*(at.ask("hang") for _ in range(UNANSWERED)))
            answer = await when_back(at, "echo")
            assert at.servers.counters["lost"] == 1
        return answer

    assert run(main()) == {"output": "echo"}


def test_calls_that_are_given_up_early_do_not_count() -> None:
    async def main() -> int:
        async with desk(hostile(allow=["hang", "echo"])) as at:
            for _ in range(UNANSWERED):
                call = asyncio.create_task(at.functions["s_hang"].run({"arguments": {}, "key": ""}))
                await asyncio.sleep(0.01)
                call.cancel()
                await asyncio.wait([call])
            assert await at.ask("echo") == {"output": "echo"}
            return at.servers.counters["unanswered"]

    assert run(main()) == 0


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (["/no/such/program"], "it cannot be started: No such file or directory"),
        (["sh", "-c", "exit 3"], "it ended"),
        ([*HOSTILE, "silent"], "it does not answer in time"),
        ([*HOSTILE, "noisy"], "it sends what are no messages"),
        ([*HOSTILE, "refusing"], "it says: Too old"),
        ([*HOSTILE, "odd"], "it breaks the protocol: ValidationError"),
    ],
)
def test_a_server_that_cannot_be_used_is_refused_with_the_reason(
    command: list[str], why: str
) -> None:
    async def main() -> None:
        server = McpServer("s", Target(tuple(command), "", (), ()), open_s=1.5)
        try:
            await server.start()
        finally:
            await server.stop()

    with pytest.raises(ConfigError) as caught:
        run(main())
    assert str(caught.value) == why


def test_a_server_that_was_not_started_can_be_stopped() -> None:
    async def main() -> None:
        server = McpServer("s", Target((), "", (), ()))
        with pytest.raises(ConfigError, match="cannot be reached"):
            await server.tools({"a"})
        await server.stop()

    run(main())


def test_a_list_without_end_is_left_once_all_is_found() -> None:
    async def main() -> list[str]:
        server = McpServer("s", Target((*HOSTILE, "endless"), "", (), ()))
        await server.start()
        try:
            await server.tools({"echo", "missing"})
            return list(await server.tools({"echo"}))
        finally:
            await server.stop()

    assert run(main()) == ["echo"]
