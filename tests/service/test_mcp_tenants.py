"""Tenants whose tools are of MCP servers, in a service that starts, reloads and stops."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.errors import ConfigError
from agent.service.app import read_tenants
from agent.service.reload import TenantStore
from agent.tools import CallContext
from agent.tools.runner import ToolRunner
from tests.service.house import house, settings_in
from tests.service.model_side import ModelSide, fake_model, tool_call
from tests.service.phone_side import phone_side
from tests.tools.mcp_files import alive, hostile, run

CONTEXT = CallContext("bakery", "CA1", None, Path("/nowhere"))


@pytest.fixture(autouse=True)
def _brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs know no other time than the real one."""
    monkeypatch.setattr("agent.tools.mcp_process.STOP_S", 0.3)


def write(folder: Path, *entries: dict[str, Any]) -> None:
    """A tenant with these servers."""
    whole = {
        "tenant": "bakery",
        "numbers": ["+15550100109"],
        "agent": {"instructions": "Be kind."},
        "tools": [{"mcp": {"name": "s", **entry}} for entry in entries],
    }
    (folder / "bakery.yaml").write_text(yaml.safe_dump(whole))


def store_of(folder: Path) -> TenantStore:
    return read_tenants(settings_in(folder))


def declared(store: TenantStore) -> list[str]:
    """What the model is told of."""
    setup = store.current.by_name["bakery"].prepared.setup
    return [d.name for tool in setup.tools for d in tool.function_declarations or ()]


async def ask(store: TenantStore, name: str) -> dict[str, Any]:
    runner = ToolRunner(store.current.by_name["bakery"].tools)
    return await runner.run("1", name, {}, "k", CONTEXT)


def test_the_agent_has_the_tools_of_its_servers_while_the_service_runs(tmp_path: Path) -> None:
    write(tmp_path, hostile(allow=["pid"]))

    async def main() -> int:
        store = store_of(tmp_path)
        assert declared(store) == []
        async with store.opened():
            assert declared(store) == ["s_pid"]
            return int((await ask(store, "s_pid"))["output"])

    assert not alive(run(main()))


def test_a_reload_takes_over_what_servers_have(tmp_path: Path) -> None:
    write(tmp_path, hostile(allow=["pid"]))

    async def main() -> None:
        store = store_of(tmp_path)
        async with store.opened():
            before = await ask(store, "s_pid")
            write(tmp_path, hostile(allow=["echo", "pid"]))
            assert await store.reload()
            assert declared(store) == ["s_echo", "s_pid"]
            assert await ask(store, "s_pid") == before  # the process goes on
            write(tmp_path, hostile(allow=["missing"]))
            assert not await store.reload()
            [problem] = store.refused
            assert problem.endswith('"missing" is not a tool of this server')
            assert declared(store) == ["s_echo", "s_pid"]
            assert await ask(store, "s_echo") == {"output": "echo"}

    run(main())


def test_a_service_whose_server_is_not_there_does_not_start(tmp_path: Path) -> None:
    write(tmp_path, {"command": ["/no/such/program"], "allow": ["x"]})

    async def main() -> None:
        async with house(tmp_path, "ws://127.0.0.1:1"):
            pass

    with pytest.raises(ConfigError, match="server s: it cannot be started: No such file"):
        asyncio.run(main())


@pytest.mark.socket
def test_a_service_that_stops_leaves_no_process(tmp_path: Path) -> None:
    write(tmp_path, hostile("stubborn", allow=["pid"]))

    async def main() -> int:
        async with house(tmp_path, "ws://127.0.0.1:1") as at:
            answer = await ask(at.service._store, "s_pid")
            return int(answer["output"])

    assert not alive(run(main()))


@pytest.mark.socket
def test_a_call_goes_on_when_the_server_dies_under_it(tmp_path: Path) -> None:
    write(tmp_path, hostile(allow=["echo", "die"]))
    answers = []

    async def model(side: ModelSide) -> None:
        await side.set_up()
        for name in ("s_echo", "s_die", "s_echo"):
            await side.send({**tool_call(name), "usageMetadata": {}})
            answer = await side.until(lambda message: "toolResponse" in message)
            [response] = answer["toolResponse"]["functionResponses"]
            answers.append(response["response"])
            await side.send({"serverContent": {"turnComplete": True}})
        answered.set()
        await side.until(lambda _: False)

    async def main() -> None:
        async with (
            fake_model(model) as fake,
            house(tmp_path, fake.url) as home,
            phone_side(home.local, media_every_s=0.02) as phone,
        ):
            await phone.open(tenant="bakery")
            async with asyncio.timeout(20):
                await answered.wait()
            await phone.hang_up()
            await home.quiet(within_s=5)
            assert home.ended()["outcome"] == "caller_hung_up"

    answered = asyncio.Event()
    run(main())
    assert answers[0] == {"output": "echo"}
    assert "went away while it ran" in answers[1]["error"]
    assert len(answers) == 3
