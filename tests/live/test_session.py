"""What a plain program does with a session, in virtual time."""

import asyncio

import numpy as np
import pytest

from agent.errors import LocalProtocolError
from agent.gemini.closes import ConnectionLostError
from agent.gemini.content import text_content
from agent.gemini.ledger import OVERHEAD_BYTES
from agent.gemini.session_events import (
    ModelAudio,
    Ready,
    ToolCallsRequested,
    TurnComplete,
)
from agent.gemini.setup import SetupOptions
from agent.gemini.tools import FunctionResponse
from agent.live.driver import HELD_SHARE, UNSENT_LIMIT
from agent.live.event_queue import MEMORY_LIMIT
from agent.live.lifetime import SessionClosedError
from agent.live.session import PIECE_SAMPLES
from tests.live.fakes import TURN_COMPLETE, FakeDialler, speech
from tests.live.opened import opened, take
from tests.support.virtual_loop import run_virtually

RING_BYTES = 60 * 32_000
CALL = {"toolCall": {"functionCalls": [{"id": "c1", "name": "look_up", "args": {}}]}}


def test_what_is_sent_goes_out_and_what_comes_is_iterated_over() -> None:
    async def main() -> None:
        dialler = FakeDialler()
        async with opened(dialler) as session:
            await session.send_text("hello")
            await session.send_content([text_content("before")], turn_complete=False)
            await session.send_activity(True)
            await session.send_audio(np.zeros(1600, np.int16))
            await session.send_activity(False)
            await session.send_video(b"picture", "image/png")
            dialler.socket.say(speech(2400), CALL)
            ready, audio, called = await take(session, 3)
            assert isinstance(ready, Ready)
            assert isinstance(audio, ModelAudio)
            assert audio.pcm24k.size == 2400
            assert isinstance(called, ToolCallsRequested)
            await session.send_tool_response(FunctionResponse("c1", "look_up", {"output": 1}))
            dialler.socket.say(TURN_COMPLETE)
            assert await take(session, 1) == [TurnComplete(None, None)]
        assert dialler.socket.kinds == [
            "setup", "text", "clientContent", "activityStart", "audio", "activityEnd", "video",
            "toolResponse",
        ]  # fmt: skip
        assert dialler.socket.closed_with == 1000

    run_virtually(main())


def test_a_text_is_answered_by_models_that_only_answer_turns() -> None:
    async def main() -> None:
        dialler = FakeDialler()
        older = SetupOptions("gemini-2.5-flash-native-audio-latest")
        async with opened(dialler, options=older) as session:
            await session.send_text("hello")
        assert dialler.socket.kinds == ["setup", "clientContent"]

    run_virtually(main())


def test_iteration_goes_on_after_a_break() -> None:
    async def main() -> None:
        dialler = FakeDialler()
        async with opened(dialler) as session:
            for _ in range(2):
                dialler.socket.say(speech(), TURN_COMPLETE)
                async for event in session:
                    if isinstance(event, TurnComplete):
                        break
            assert session.profile.name == "dev-3.8"
            assert not session.counters

    run_virtually(main())


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_audio_may_be_bytes_of_any_kind_and_length(kind: type) -> None:
    async def main() -> None:
        dialler = FakeDialler()
        pcm = np.arange(2 * PIECE_SAMPLES + 10, dtype="<i2")
        async with opened(dialler) as session:
            await session.send_audio(kind(pcm.tobytes()))
        assert dialler.socket.kinds == ["setup", "audio", "audio", "audio"]

    run_virtually(main())


def test_audio_of_another_type_is_refused() -> None:
    async def main() -> None:
        async with opened(FakeDialler()) as session:
            with pytest.raises(LocalProtocolError, match="in the middle of a sample"):
                await session.send_audio(b"123")
            with pytest.raises(LocalProtocolError, match="not float32 of shape"):
                await session.send_audio(np.zeros(4, np.float32))
            with pytest.raises(LocalProtocolError, match=r"not int16 of shape \(2, 2\)"):
                await session.send_audio(np.zeros((2, 2), np.int16))

    run_virtually(main())


def test_no_audio_follows() -> None:
    async def main() -> None:
        async with opened(FakeDialler()) as session:
            await session.end_audio()  # nothing to flush where activity is told by hand

    run_virtually(main())


def test_the_context_can_be_changed() -> None:
    async def main() -> None:
        dialler = FakeDialler()
        async with opened(dialler) as session:
            await session.update_context(instruction="Be brief.", declarations=[])
        assert dialler.socket.kinds == ["setup", "contextUpdate"]

    run_virtually(main())


def test_a_picture_is_not_kept_but_waits_for_the_connection() -> None:
    async def main() -> None:
        dialler = FakeDialler()
        async with opened(dialler) as session:
            dialler.delay_s = 5.0
            resuming = asyncio.create_task(session.resume("h1"))
            await asyncio.sleep(1.0)
            showing = asyncio.create_task(session.send_video(b"picture"))
            await session.send_text("before it")
            await asyncio.sleep(1.0)
            assert not showing.done()
            await asyncio.gather(resuming, showing)
        assert dialler.socket.kinds == ["setup", "text", "video"]

    run_virtually(main())


def test_what_is_no_picture_is_refused() -> None:
    async def main() -> None:
        async with opened(FakeDialler()) as session:
            with pytest.raises(LocalProtocolError, match="'video/mp4' is no picture: image/jpeg"):
                await session.send_video(b"film", "video/mp4")

    run_virtually(main())


def test_a_picture_waits_no_longer_than_the_session_lives() -> None:
    async def main() -> None:
        dialler = FakeDialler()
        async with opened(dialler) as session:
            dialler.delay_s = 5.0
            resuming = asyncio.create_task(session.resume("h1"))
            await asyncio.sleep(1.0)
            showing = asyncio.create_task(session.send_video(b"picture"))
            await asyncio.sleep(1.0)
            await session.close()
            for task in (showing, resuming):
                with pytest.raises(SessionClosedError):
                    await task

    run_virtually(main())


def test_resuming_without_a_handle_is_refused() -> None:
    async def main() -> None:
        async with opened(FakeDialler()) as session:
            with pytest.raises(LocalProtocolError, match="no handle"):
                await session.resume(session.handle)
            await session.send_text("still here")

    run_virtually(main())


def test_a_program_that_takes_nothing_makes_the_service_wait_and_loses_nothing() -> None:
    async def main() -> None:
        dialler = FakeDialler()
        n_samples = 48_000
        n_chunks = 2 * MEMORY_LIMIT // (2 * n_samples)
        async with opened(dialler) as session:
            chunk = speech(n_samples)
            dialler.socket.say(*[chunk] * n_chunks)
            await asyncio.sleep(60.0)
            assert dialler.socket.reads < 0.6 * n_chunks
            events = await take(session, 1 + n_chunks)
            assert sum(e.pcm24k.size for e in events[1:]) == n_chunks * n_samples

    run_virtually(main())


def test_a_sender_waits_for_a_peer_that_reads_slowly() -> None:
    async def main() -> None:
        dialler = FakeDialler()
        async with opened(dialler) as session:
            dialler.socket.stuck = True
            audio = np.zeros(3 * UNSENT_LIMIT, np.int16)
            sending = asyncio.create_task(session.send_audio(audio))
            await asyncio.sleep(5.0)
            assert session._lifetime.driver._links[1].unsent == pytest.approx(
                UNSENT_LIMIT, rel=0.01
            )
            with pytest.raises(ConnectionLostError):  # but not for ever
                await sending

    run_virtually(main())


def test_a_sender_waits_while_too_much_is_kept_for_the_next_connection() -> None:
    async def main() -> None:
        dialler = FakeDialler()
        async with opened(dialler) as session:
            dialler.delay_s = 5.0
            resuming = asyncio.create_task(session.resume("h1"))
            await asyncio.sleep(0.5)
            for _ in range(int(HELD_SHARE * RING_BYTES / (2 * PIECE_SAMPLES + OVERHEAD_BYTES))):
                await session.send_audio(np.zeros(PIECE_SAMPLES, np.int16))
            assert not resuming.done()
            await session.send_audio(np.zeros(PIECE_SAMPLES, np.int16))
            assert dialler.socket.kinds[0] == "setup"
            await resuming
            assert session.counters["audio_samples_dropped"] == 0

    run_virtually(main())
