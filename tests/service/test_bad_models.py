"""A model's service that refuses, stalls, talks nonsense or goes: the call ends and says why."""

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest
from aiohttp.connector import AddrInfoType

from agent.service import app
from tests.service.house import house
from tests.service.model_side import (
    END_OF_TURN,
    Behaviour,
    ModelSide,
    audio,
    fake_model,
    tool_call,
)
from tests.service.phone_side import phone_side
from tests.support.leaks import until
from tests.support.patient_loop import run_on_loopback

pytestmark = pytest.mark.socket


def ended(
    folder: Path, behaviour: Behaviour | None = None, url: str = "", **options: Any
) -> dict[str, Any]:
    """The line of a call with this model, which the caller does not end; nothing is left of it."""

    async def main() -> dict[str, Any]:
        async with (
            fake_model(behaviour or ModelSide.set_up, **options) as model,
            house(folder, url or model.url) as home,
            phone_side(home.local, media_every_s=0.02) as phone,
        ):
            await phone.open()
            assert await phone.closed == 1000
        assert home.lines("call.crashed") == []
        return home.ended()

    return run_on_loopback(main())


@pytest.mark.parametrize(
    ("status", "text"), [(401, "not accepted"), (429, "quota"), (503, "HTTP 503")]
)
def test_a_refused_upgrade(status: int, text: str, tmp_path: Path) -> None:
    line = ended(tmp_path, status=status)
    assert line["outcome"] == "model_lost"
    assert line["model_loss"].startswith("dial")
    assert text in line["model_loss"]


def test_an_upgrade_that_is_never_answered(tmp_path: Path) -> None:
    async def main() -> None:
        async with (
            fake_model(answer=asyncio.Event()) as model,
            house(tmp_path, model.url) as home,
            phone_side(home.local, media_every_s=0.02) as phone,
        ):
            await phone.open()
            assert await phone.closed == 1000
        line = home.ended()
        assert line["outcome"] == "model_lost"
        assert " s" in line["model_loss"]

    run_on_loopback(main())


def test_nobody_listens(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    line = ended(tmp_path, url=f"ws://127.0.0.1:{port}")
    assert line["outcome"] == "model_lost"
    assert "does not take connections" in line["model_loss"]


async def stall(side: ModelSide) -> None:
    await side.until_closed()


async def stall_after_setup(side: ModelSide) -> None:
    await side.set_up()
    await side.until_closed()


async def close_at_once(side: ModelSide) -> None:
    await side.ws.close(code=1008, message=b"models/gemini-3.8-live is not found")


async def close_without_status(side: ModelSide) -> None:
    await side.set_up()
    assert side.ws._writer is not None
    await side.ws._writer.send_frame(b"", 0x8)
    await side.until_closed()


async def talk_garbage(side: ModelSide) -> None:
    await side.set_up()
    for number in range(10):
        await (side.ws.send_str("{") if number % 2 else side.ws.send_bytes(b"\xff\x00"))
    await side.until_closed()


async def break_the_protocol(side: ModelSide) -> None:
    """A frame with reserved bits that nobody agreed on."""
    await side.set_up()
    side.transport().write(b"\xf2\x01x")
    await side.until_closed()


async def die_mid_reply(side: ModelSide) -> None:
    await side.set_up()
    await side.send(audio(1.0))
    side.transport().abort()


async def close_mid_reply(side: ModelSide) -> None:
    await side.set_up()
    await side.send(audio(1.0))
    await side.ws.close(code=1011, message=b"Internal error encountered.")


@pytest.mark.parametrize(
    ("behaviour", "outcome", "loss", "least_s", "most_s"),
    [
        (stall, "model_lost", "setup: no setupComplete within 10 s", 32, 37),
        (stall_after_setup, "model_silent", None, 37, 42),
        (
            close_at_once,
            "model_lost",
            "setup 1008: models/gemini-3.8-live is not found",
            3,
            6,
        ),
        (close_without_status, "model_lost", "live 1005", 3, 6),
        (talk_garbage, "model_lost", "live: model: malformed", 3, 6),
        (break_the_protocol, "model_lost", "live 1002: ", 3, 6),
        (die_mid_reply, "model_lost", "live 1006: ", 9, 12),
        (close_mid_reply, "model_lost", "live 1011: Internal error encountered.", 9, 12),
    ],
)
def test_a_bad_session(
    behaviour: Behaviour,
    outcome: str,
    loss: str | None,
    least_s: float,
    most_s: float,
    tmp_path: Path,
) -> None:
    line = ended(tmp_path, behaviour)
    assert line["outcome"] == outcome
    assert (line["model_loss"] or "").startswith(loss or "")
    assert least_s <= line["duration_s"] <= most_s


@pytest.mark.parametrize("unacknowledged_ms", [60_000, 100])
def test_a_service_that_stops_reading_is_left(
    unacknowledged_ms: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By us in the end, or earlier by the system, which also lets go of the socket."""
    monkeypatch.setattr(app, "UNACKNOWLEDGED_MS", unacknowledged_ms)
    made: list[socket.socket] = []

    def narrow(address: AddrInfoType, make: Any = app._model_socket) -> socket.socket:
        made.append(make(address))
        made[-1].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        return made[-1]

    monkeypatch.setattr(app, "_model_socket", narrow)

    async def deaf(side: ModelSide) -> None:
        await side.set_up()
        side.transport().pause_reading()
        await asyncio.Event().wait()

    async def main() -> None:
        async with (
            fake_model(deaf, buffer=4096) as model,
            house(tmp_path, model.url) as home,
            phone_side(home.local, media_every_s=0.02) as phone,
        ):
            await phone.open()
            assert await phone.closed == 1000
            if unacknowledged_ms == 100:
                assert await until(lambda: made[0].fileno() == -1)
        assert len(made) > 1  # another was dialled, and was no better
        assert home.ended()["outcome"] in {"model_lost", "model_silent"}

    run_on_loopback(main())


def test_the_caller_does_not_wait_for_a_service_that_never_answers_the_close(
    tmp_path: Path,
) -> None:
    async def rude(side: ModelSide) -> None:
        await side.set_up()
        await side.send(audio(1.0), tool_call("end_call"))
        await side.until(lambda message: "toolResponse" in message)
        await side.send(*END_OF_TURN)
        await asyncio.Event().wait()

    async def main() -> None:
        async with (
            fake_model(rude) as model,
            house(tmp_path, model.url) as home,
            phone_side(home.local, media_every_s=0.02) as phone,
        ):
            await phone.open()
            began = asyncio.get_running_loop().time()
            assert await phone.closed == 1000
            assert asyncio.get_running_loop().time() - began < 1.2
            assert len(home.service.running) == 1
            await asyncio.sleep(2)
            assert home.service.running == {}
        assert home.ended()["outcome"] == "agent_ended"

    run_on_loopback(main())
