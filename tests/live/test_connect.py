"""From what a program says to an open session, or to a mistake that it is told of."""

import asyncio
import subprocess
import sys
from typing import Any

import msgspec
import pytest

from agent.errors import ConfigError, DialError
from agent.gemini.setup import SetupOptions, build_setup
from agent.gemini.setup_messages import SessionResumptionConfig
from agent.live.connect import connect_live, connect_resilient_live, resuming
from agent.live.session import AsyncSession
from agent.sim.emulator import Emulator
from tests.live.program import MODEL, VERTEX, Opened, ask, run, token


@pytest.mark.socket
@pytest.mark.parametrize(
    "setup", [MODEL, SetupOptions(MODEL), build_setup(SetupOptions(MODEL))], ids=type
)
def test_a_name_or_options_or_a_setup_will_do(setup: Any) -> None:
    async def talk(server: Emulator, session: AsyncSession) -> None:
        assert await ask(session, "Hello.") == "You said: Hello."

    run(talk, lambda server: connect_live(setup, api_key="k", base_url=server.url))


@pytest.mark.socket
@pytest.mark.parametrize("setup", [VERTEX, build_setup(VERTEX), build_setup(VERTEX).model])
def test_vertex_is_spoken_to_with_tokens(setup: Any) -> None:
    async def talk(server: Emulator, session: AsyncSession) -> None:
        assert session.profile.name == "vertex-3.8"
        assert await ask(session, "Hello.") == "You said: Hello."

    run(talk, lambda server: connect_live(setup, token=token, base_url=server.url))


def refused(opened: Opened) -> str:
    async def main() -> str:
        with pytest.raises(ConfigError) as caught:
            async with opened:
                pass
        return str(caught.value)

    return asyncio.run(main())


def test_what_the_model_would_refuse_is_refused_before_anything_is_dialled() -> None:
    options = SetupOptions(MODEL, thinking_budget=100)
    assert "thinkingBudget" in refused(connect_live(options, api_key="k"))


def test_no_credentials_are_a_mistake() -> None:
    assert "no credentials" in refused(connect_live(MODEL))
    assert "no credentials" in refused(connect_resilient_live(MODEL, api_key=""))


def test_an_address_that_is_none_is_a_mistake() -> None:
    assert "no address" in refused(connect_live(MODEL, api_key="k", base_url="here"))


@pytest.mark.parametrize("url", ["ws://10.0.0.1:8899", "http://stand-in:8899"])
def test_credentials_do_not_travel_in_clear(url: str) -> None:
    assert "in clear" in refused(connect_live(MODEL, api_key="k", base_url=url))


@pytest.mark.parametrize("url", ["ws://localhost:1", "ws://[::1]:1", "wss://127.0.0.1:1"])
def test_on_this_machine_they_may(url: str) -> None:
    async def main() -> None:
        with pytest.raises(DialError):
            async with connect_live(MODEL, api_key="k", base_url=url):
                pass

    asyncio.run(main())


def test_a_handle_joins_what_the_setup_says_of_resumption() -> None:
    setup = build_setup(SetupOptions(MODEL))
    transparent = SessionResumptionConfig(transparent=True)
    setups = [msgspec.structs.replace(setup, session_resumption=r) for r in (None, transparent)]
    assert [resuming(s, None) for s in setups] == setups
    assert [resuming(s, "h").session_resumption for s in setups] == [
        SessionResumptionConfig("h"),
        SessionResumptionConfig("h", transparent=True),
    ]


def test_importing_the_client_loads_nothing_that_a_plain_program_does_not_need() -> None:
    code = "import sys, agent.live; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in out.stdout.split()}
    assert not loaded & {"pydantic", "yaml", "structlog", "typer", "rich", "scipy", "google"}
    ours = {name for name in out.stdout.split() if name.startswith("agent.")}
    allowed = ("agent.live", "agent.gemini", "agent.errors", "agent.audio", "agent.service")
    assert all(name.startswith(allowed) for name in ours)
    assert {name for name in ours if name.startswith("agent.service.")} == {
        "agent.service.gemini_dial",
        "agent.service.vertex_token",
    }
