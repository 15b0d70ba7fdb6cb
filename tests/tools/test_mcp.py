import asyncio
import builtins
import sys
from typing import Any

import pytest

from agent.errors import ConfigError
from agent.tools.mcp import LINGER_S, MISSING, McpServers
from agent.tools.mcp_function import McpFunction
from tests.tools.mcp_files import Desk, file, hostile, kind, run

ECHO = hostile(allow=["echo"])


@pytest.fixture(autouse=True)
def _brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs know no other time than the real one."""
    monkeypatch.setattr("agent.tools.mcp_process.STOP_S", 0.3)


def problems(*entries: dict[str, Any], **more: Any) -> list[str]:
    """Why the servers of these entries cannot be used."""

    async def main() -> None:
        async with McpServers(**more) as servers:
            await servers.serve({"x": file(*entries)})

    with pytest.raises(ConfigError) as caught:
        run(main())
    return [problem.partition(": ")[2] for problem in caught.value.problems]


def test_only_allowed_tools_are_functions_in_the_order_of_the_file() -> None:
    async def main() -> list[str]:
        async with McpServers() as servers:
            second = {**kind("refuse"), "name": "t"}
            await servers.serve({"x": file(kind("key", "greet"), second)})
            assert servers.functions("y") == []
            return [function.declaration.name for function in servers.functions("x")]

    assert run(main()) == ["s_key", "s_greet", "t_refuse"]


def test_no_server_is_needed_where_none_is_named() -> None:
    async def main() -> None:
        async with McpServers() as servers:
            await servers.serve({"x": file()})
            assert servers.functions("x") == []

    run(main())


def test_tenants_that_name_the_same_server_share_it() -> None:
    async def main() -> int:
        async with McpServers() as servers:
            x, y = file(ECHO), file(hostile(allow=["pid"]), name="y", number=1)
            await servers.serve({"x": x, "y": y})
            [echo], [pid] = servers.functions("x"), servers.functions("y")
            assert isinstance(echo, McpFunction)
            assert isinstance(pid, McpFunction)
            assert echo.server is pid.server
            return servers.counters["opened"]

    assert run(main()) == 1


def test_every_problem_is_told_at_its_place() -> None:
    first = {**hostile(allow=["echo", "missing", "strange"]), "name": "a"}
    second = {"command": ["/no/such/program"], "allow": ["x"], "name": "b"}
    third = {**ECHO, "name": "c", "env": {"KEY": "${ENV:NONE}"}}
    found = problems(first, second, third, read_env=lambda _: None)
    assert [problem.split(": ", 1) for problem in sorted(found)] == [
        ["tools[0].mcp.allow[1]", 'server a: "missing" is not a tool of this server'],
        [
            "tools[0].mcp.allow[2]",
            'server a: "strange" cannot be told to the model: x: an object of any shape cannot be '
            "told",
        ],
        [
            "tools[1].mcp",
            "server b: it cannot be started: No such file or directory",
        ],
        ["tools[2].mcp", "${ENV:NONE} is not set"],
    ]


def test_a_server_whose_tools_cannot_be_listed_is_refused() -> None:
    command = [*hostile(allow=["x"])["command"], "listless"]
    [problem] = problems({"command": command, "allow": ["echo"]}, open_s=1.0)
    assert (
        problem == "tools[0].mcp: server s: its tools cannot be listed: it does not answer in time"
    )


def test_ten_thousand_tools_are_no_hindrance() -> None:
    async def main() -> list[str]:
        async with McpServers() as servers:
            await servers.serve({"x": file(hostile("many", allow=["tool_9999", "echo"]))})
            assert (await Desk(servers).ask("echo")) == {"output": "echo"}
            return [function.declaration.name for function in servers.functions("x")]

    assert run(main()) == ["s_tool_9999", "s_echo"]


def test_a_list_that_never_ends_is_left_in_the_end() -> None:
    [problem] = problems(hostile("endless", allow=["echo", "missing"]))
    assert problem.endswith('"missing" is not a tool of this server')


def test_the_missing_library_is_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    present = builtins.__import__

    def absent(name: str, *args: Any, **more: Any) -> Any:
        if name.partition(".")[0] in {"mcp", "mcp_types"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return present(name, *args, **more)

    for name in list(sys.modules):
        if name.startswith("agent.tools.mcp_") and name != "agent.tools.mcp_bounds":
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", absent)
    assert problems(ECHO) == [f"tools[0].mcp: server s: {MISSING}"]


def test_another_module_that_is_missing_is_our_own_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "agent.tools.mcp_server", None)

    async def main() -> None:
        async with McpServers() as servers:
            await servers.serve({"x": file(ECHO)})

    with pytest.raises(ModuleNotFoundError, match=r"agent\.tools\.mcp_server"):
        run(main())


def test_what_is_served_already_is_not_asked_again() -> None:
    async def main() -> None:
        async with McpServers() as servers:
            await servers.serve({"x": file(ECHO)})
            before = servers.functions("x")
            more = {**hostile(allow=["pid"]), "name": "more"}
            await servers.serve({"x": file(ECHO, more)})
            after = servers.functions("x")
            assert after[0] is before[0]
            assert [function.declaration.name for function in after] == ["s_echo", "more_pid"]
            assert servers.counters["opened"] == 1

    run(main())


def test_files_that_cannot_be_served_leave_everything_as_it_was() -> None:
    async def main() -> None:
        async with McpServers() as servers:
            await servers.serve({"x": file(ECHO)})
            other = {**hostile("many", allow=["missing"]), "name": "other"}
            with pytest.raises(ConfigError, match="missing"):
                await servers.serve({"x": file(other)})
            assert await Desk(servers).ask("echo") == {"output": "echo"}
            assert servers.counters["opened"] == 1

    run(main())


def test_a_server_that_nobody_names_any_more_serves_until_its_calls_are_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def main() -> None:
        async with McpServers() as servers:
            await servers.serve({"x": file(ECHO)})
            at = Desk(servers)
            await servers.serve({"x": file()})
            assert servers.functions("x") == []
            assert await at.ask("echo") == {"output": "echo"}
            await servers.serve({"x": file(ECHO)})  # named again in time
            assert servers.counters["opened"] == 1
            monkeypatch.setattr("agent.tools.mcp.LINGER_S", 0.0)
            await servers.serve({"x": file()})
            async with asyncio.timeout(20):
                while "cannot be reached" not in str(await at.ask("echo")):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            assert not servers.counters

    assert LINGER_S == 4 * 3600
    run(main())


def test_a_server_that_is_leaving_is_ended_with_the_others() -> None:
    async def main() -> None:
        async with McpServers() as servers:
            await servers.serve({"x": file(ECHO)})
            await servers.serve({"x": file()})

    run(main())
