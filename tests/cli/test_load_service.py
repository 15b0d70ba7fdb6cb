"""A service to be loaded, and whether somebody listens."""

import asyncio
import sys
from pathlib import Path

import pytest

from agent.cli import load_service
from agent.cli.load_service import environment_of, listens, program
from agent.errors import ConfigError
from agent.sim.exchange.plan import Account
from tests.support.ports import free_port

ACCOUNT = Account("AC1", "mine")
OPENS = """
import signal, socket, sys, time
{}
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
time.sleep(60)
"""


def held(arguments: tuple[str, ...], port: int, log: Path) -> None:
    async def main() -> None:
        async with program(arguments, port, log, {}):
            assert await listens("127.0.0.1", port) is None
        assert await listens("127.0.0.1", port) == "Connection refused"

    asyncio.run(main())


def test_nothing_of_the_operators_keys_and_stores_is_in_its_environment() -> None:
    mine = {
        "PATH": "/bin",
        "SEAMLINE_STORE": "postgresql://live",
        "TWILIO_AUTH_TOKEN": "live",
        "TWILIO_API_KEY": "live",
        "GEMINI_API_KEY": "live",
        "GOOGLE_APPLICATION_CREDENTIALS": "live",
    }
    assert environment_of(mine, ACCOUNT) == {
        "PATH": "/bin",
        "TWILIO_ACCOUNT_SID": "AC1",
        "TWILIO_AUTH_TOKEN": "mine",
    }


@pytest.mark.socket
@pytest.mark.parametrize("manner", ["", "signal.signal(signal.SIGTERM, signal.SIG_IGN)"])
def test_a_program_listens_and_is_ended_even_if_it_will_not(
    manner: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load_service, "COMMAND", (sys.executable, "-c", OPENS.format(manner)))
    monkeypatch.setattr(load_service, "PARTING_S", 0.2)
    port = free_port()
    held((str(port),), port, tmp_path / "log")


@pytest.mark.socket
def test_a_program_that_does_not_start_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    wrong = ("emulate", "gemini", "--profile", "nobody", "--port", str(port))
    with pytest.raises(ConfigError, match=r"emulate does not start; .* --profile nobody: there is"):
        held(wrong, port, tmp_path / "log")
    monkeypatch.setattr(load_service, "COMMAND", (sys.executable, "-c", "pass"))
    with pytest.raises(ConfigError, match="serve does not start; it said: nothing"):
        held(("serve",), port, tmp_path / "log")


@pytest.mark.socket
def test_a_program_that_never_listens_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load_service, "OPENS_S", 0.2)
    stays = "import time; time.sleep(60)"
    monkeypatch.setattr(load_service, "COMMAND", (sys.executable, "-c", stays))
    with pytest.raises(ConfigError, match="serve does not start"):
        held(("serve",), free_port(), tmp_path / "log")


@pytest.mark.socket
def test_why_nobody_answers_is_told() -> None:
    assert asyncio.run(listens("127.0.0.1", free_port())) == "Connection refused"
    name = asyncio.run(listens("nobody.invalid", 80))
    assert name is not None
    assert name != "Connection refused"
