"""The websocket shell of the model's stand-in, on loopback."""

import asyncio
import json
import math
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from agent.sim.connection import Senses
from agent.sim.emulator import Emulator, EmulatorOptions
from agent.sim.faults import Faults
from agent.sim.mind import Timing
from agent.sim.mishaps import At, Cut, Planned, Refusal
from agent.sim.scripted import Script, Scripted, Tones, marker
from agent.sim.server_profiles import PROFILES
from tests.sim.model_line import FRAME, audio_frame

pytestmark = pytest.mark.socket

DEVELOPER = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
VERTEX = "/ws/google.cloud.aiplatform.v1beta1.LlmBidiService/BidiGenerateContent"
KEY = {"x-goog-api-key": "k"}
SETUP = {"setup": {"model": "models/gemini-3.8-live"}}
UPGRADE = f"""GET {DEVELOPER}?key=k HTTP/1.1\r
Host: localhost\r
Connection: Upgrade\r
Upgrade: websocket\r
Sec-WebSocket-Version: 13\r
Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r
\r
"""
QUICK = Timing(think_s=0.0, realtime_playback=False)


def emulator(senses: Senses | None = None, **options: Any) -> Emulator:
    tones = Tones(reply_s=0.5)
    options.setdefault("timing", QUICK)
    return Emulator(
        lambda _: Scripted(Script()),
        senses or Senses(tones.hear, tones.speak),
        EmulatorOptions(**options),
    )


@asynccontextmanager
async def connected(
    server: Emulator, path: str = DEVELOPER
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(server.url + path, headers=KEY) as ws,
    ):
        yield ws


async def status_of(server: Emulator, path: str = DEVELOPER, **headers: str) -> int:
    async with aiohttp.ClientSession() as session:
        try:
            async with session.ws_connect(server.url + path, headers=headers):
                return 101
        except aiohttp.WSServerHandshakeError as refused:
            return refused.status


async def until(ws: aiohttp.ClientWebSocketResponse, key: str) -> list[dict[str, Any]]:
    messages = []
    async with asyncio.timeout(10.0):
        async for message in ws:
            messages.append(json.loads(message.data))
            if key in messages[-1] or key in messages[-1].get("serverContent", {}):
                return messages
    raise AssertionError(f"closed with {ws.close_code} before {key}")


def run[T](main: Callable[[], Any]) -> None:
    """Run one test; nothing may be left behind but the test itself."""

    async def checked() -> None:
        await main()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, f"left behind: {left}"

    asyncio.run(checked())


def test_a_conversation_over_a_real_socket() -> None:
    async def main() -> None:
        async with emulator() as server, connected(server) as ws:
            await ws.send_json(SETUP)
            first = await ws.receive(timeout=5.0)
            assert first.type is aiohttp.WSMsgType.BINARY
            assert json.loads(first.data) == {"setupComplete": {}}
            await ws.send_json({"realtimeInput": {"text": "hello"}})
            assert len(await until(ws, "turnComplete")) > 3
            utterance = marker(1, 1.0, 16_000)
            for start in range(0, utterance.size, FRAME):
                await ws.send_bytes(audio_frame(utterance[start : start + FRAME]))
            await ws.send_json({"realtimeInput": {"audioStreamEnd": True}})
            assert any(
                "inputTranscription" in str(m) for m in await until(ws, "inputTranscription")
            )
            assert server.recording.n_samples == 16_000

    run(main)


def test_text_frames_where_they_are_asked_for() -> None:
    async def main() -> None:
        async with emulator(text_frames=True) as server, connected(server) as ws:
            await ws.send_json(SETUP)
            assert (await ws.receive(timeout=5.0)).type is aiohttp.WSMsgType.TEXT

    run(main)


def test_upgrades_are_refused_with_their_status() -> None:
    async def main() -> None:
        async with emulator() as server:
            assert await status_of(server, "/elsewhere", **KEY) == 404
            assert await status_of(server) == 403
            assert await status_of(server, VERTEX) == 401
            assert await status_of(server, **KEY) == 101
        async with emulator(keys=frozenset({"other"})) as server:
            assert await status_of(server, **KEY) == 403
        async with emulator(profile=PROFILES["vertex-3.8"]) as server:
            assert await status_of(server, **KEY) == 404
            assert await status_of(server, VERTEX, Authorization="Bearer t") == 101
        for status in (401, 429, 503):
            async with emulator(faults=Faults(refuse_status=status)) as server:
                assert await status_of(server, **KEY) == status

    run(main)


def test_a_bad_key_can_be_told_by_a_close() -> None:
    async def main() -> None:
        async with emulator(faults=Faults(refuse_key=True)) as server, connected(server) as ws:
            message = await ws.receive(timeout=5.0)
            assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1007)
            assert message.extra == "API key not valid. Please pass a valid API key."

    run(main)


def test_a_refused_frame_closes_with_code_and_reason() -> None:
    async def main() -> None:
        async with emulator() as server, connected(server) as ws:
            await ws.send_json({"setup": {"model": "models/gemini-3.8-live", "toolConfig": {}}})
            message = await ws.receive(timeout=5.0)
            assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1007)
            assert "toolConfig" in (message.extra or "")

    run(main)


def test_pings_are_answered_at_once_or_late_and_never_sent() -> None:
    async def pong_after(server: Emulator) -> float:
        async with aiohttp.ClientSession() as session:
            url = server.url + DEVELOPER
            async with session.ws_connect(url, headers=KEY, autoping=False) as ws:
                loop = asyncio.get_running_loop()
                begun = loop.time()
                await ws.ping(b"x")
                message = await ws.receive(timeout=5.0)
                assert (message.type, message.data) == (aiohttp.WSMsgType.PONG, b"x")
                return loop.time() - begun

    async def main() -> None:
        async with emulator() as server:
            assert await pong_after(server) < 0.2
        async with emulator(faults=Faults(slow_pong_s=0.3)) as server:
            assert await pong_after(server) >= 0.3

    run(main)


def test_pings_may_never_be_answered() -> None:
    async def main() -> None:
        async with (
            emulator(faults=Faults(slow_pong_s=math.inf)) as server,
            aiohttp.ClientSession() as session,
            session.ws_connect(server.url + DEVELOPER, headers=KEY, autoping=False) as ws,
        ):
            await ws.ping(b"x")
            await ws.send_json(SETUP)
            first = await ws.receive(timeout=5.0)
            assert json.loads(first.data) == {"setupComplete": {}}
            with pytest.raises(TimeoutError):
                await ws.receive(timeout=0.2)

    run(main)


def test_a_client_that_drops_in_mid_reply_leaves_nothing_behind() -> None:
    async def main() -> None:
        async with emulator(faults=Faults(slow_pong_s=60.0)) as server:
            async with connected(server) as ws:
                await ws.send_json(SETUP)
                await ws.receive(timeout=5.0)
                await ws.ping()
                await ws.send_json({"realtimeInput": {"text": "hello"}})
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(UPGRADE.encode())
            await reader.readuntil(b"\r\n\r\n")
            writer.transport.abort()
            await asyncio.sleep(0.05)

    run(main)


def test_stopping_closes_what_is_open() -> None:
    async def main() -> None:
        server = emulator()
        await server.__aenter__()
        async with connected(server) as ws:
            await ws.send_json(SETUP)
            await ws.receive(timeout=5.0)
            stopping = asyncio.create_task(server.__aexit__(None, None, None))
            message = await ws.receive(timeout=5.0)
            assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1001)
            await stopping

    run(main)


def test_ear_and_voice_in_an_executor_do_not_hold_up_the_loop() -> None:
    async def main() -> None:
        tones = Tones(["hello there"], reply_s=0.5)
        with ThreadPoolExecutor(1) as executor:
            senses = Senses(tones.hear, tones.speak, executor)
            async with emulator(senses) as server, connected(server) as ws:
                await ws.send_json(SETUP)
                await ws.receive(timeout=5.0)
                utterance = marker(0, 0.5, 16_000)
                await ws.send_bytes(audio_frame(utterance))
                await ws.send_json({"realtimeInput": {"audioStreamEnd": True}})
                messages = await until(ws, "inputTranscription")
                assert "hello there" in json.dumps(messages)

    run(main)


def test_a_port_in_use_is_an_error_and_leaves_nothing_behind() -> None:
    async def main() -> None:
        async with emulator() as server:
            with pytest.raises(OSError, match="address already in use"):
                await emulator(port=server.port).__aenter__()

    run(main)


def test_fifty_sessions_at_once() -> None:
    async def one(server: Emulator) -> int:
        async with connected(server) as ws:
            await ws.send_json(SETUP)
            await ws.receive(timeout=10.0)
            await ws.send_json({"realtimeInput": {"text": "hello"}})
            return len(await until(ws, "turnComplete"))

    async def main() -> None:
        async with emulator() as server:
            counts = await asyncio.gather(*(one(server) for _ in range(50)))
            assert len(set(counts)) == 1
            assert server.recording.n_setups == 50

    run(main)


def test_a_session_goes_on_over_another_socket() -> None:
    async def main() -> None:
        async with emulator() as server:
            async with connected(server) as ws:
                await ws.send_json({"setup": SETUP["setup"] | {"sessionResumption": {}}})
                messages = await until(ws, "sessionResumptionUpdate")
                update = messages[-1]["sessionResumptionUpdate"]
            handle = {"handle": update["newHandle"]}
            async with connected(server) as ws:
                await ws.send_json({"setup": SETUP["setup"] | {"sessionResumption": handle}})
                await until(ws, "setupComplete")
                async with connected(server) as other:
                    await other.send_json({"setup": SETUP["setup"] | {"sessionResumption": handle}})
                    assert (await other.receive(timeout=5.0)).data == 1011
            assert list(server.recording.sessions) == ["session-1"]

    run(main)


def test_a_socket_can_be_taken_away_without_a_close() -> None:
    async def main() -> None:
        faults = Faults(planned=(Planned(At(0.2), Cut()),))
        async with emulator(faults=faults) as server, connected(server) as ws:
            await ws.send_json(SETUP)
            await until(ws, "setupComplete")
            message = await ws.receive(timeout=5.0)
            assert message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
            assert ws.close_code == 1006

    run(main)


def test_upgrades_can_be_refused_a_few_times() -> None:
    async def main() -> None:
        faults = Faults(refusals=(Refusal(first=2, times=2, status=503),))
        async with emulator(faults=faults) as server:
            assert [await status_of(server, **KEY) for _ in range(4)] == [101, 503, 503, 101]

    run(main)
