"""A phrase said by the model: just that, or nothing."""

import asyncio
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from agent.audio import mulaw
from agent.audio.pcm import Pcm16, level_dbfs, silence
from agent.call.plan import READER
from agent.errors import DialError
from agent.service.connection import Dialler
from agent.service.phrase_session import PhraseError, speak
from agent.service.sockets import ModelSocket
from agent.sim.emulator import Emulator, EmulatorOptions
from agent.sim.players import players
from tests.service.model_side import END_OF_TURN, Behaviour, ModelSide, fake_model
from tests.service.phrases import MOMENT, dialling, obedient, prepared, saying, speech
from tests.support.patient_loop import run_on_loopback

pytestmark = pytest.mark.socket
SCENARIO = Path("config/scenarios/restaurant.yaml")


def spoken(*behaviours: Behaviour, status: int | None = None) -> bytes:
    async def main() -> bytes:
        async with (
            fake_model(*behaviours, status=status) as model,
            dialling(model.url) as dialler,
        ):
            return await speak(dialler, prepared(), MOMENT)

    return run_on_loopback(main())


def test_the_model_is_told_to_say_it_and_its_speech_is_kept_without_the_silence() -> None:
    frames = []

    async def watched(side: ModelSide) -> None:
        try:
            await obedient(side)
        finally:
            frames.extend(side.frames)

    sound = spoken(watched)
    assert 1.1 <= len(sound) / 8000 <= 1.2
    assert len(sound) % 160 == 0
    instruction = frames[0]["setup"]["systemInstruction"]["parts"][0]["text"]
    assert instruction == READER


LOUD = speech(1.2)


@pytest.mark.parametrize(
    ("text", "pcm", "reason"),
    [
        ("Sure! " + MOMENT, LOUD, "other words were said"),
        ("", LOUD, "other words were said"),
        (None, speech(1.2, 60), "the speech is too quiet: -58 dBFS"),
        (None, speech(0.3), "0.3 s of speech for 22 characters"),
        (None, speech(7.0), "7.0 s of speech for 22 characters"),
        (None, speech(31.0), "more than 30 s of speech"),
    ],
)
def test_what_is_not_said_properly_is_not_kept(text: str | None, pcm: Pcm16, reason: str) -> None:
    with pytest.raises(PhraseError, match=reason):
        spoken(saying(text, pcm))


def test_a_turn_without_sound_is_not_the_one() -> None:
    async def hesitant(side: ModelSide) -> None:
        await side.set_up()
        await side.send(*END_OF_TURN)
        await side.ws.close()

    with pytest.raises(PhraseError, match="the service closed the connection"):
        spoken(hesitant)


def test_a_model_that_says_nothing_is_given_up() -> None:
    async def mute(side: ModelSide) -> None:
        await side.set_up()
        await side.until_closed()

    with pytest.raises(PhraseError, match="the session took more than 20 s"):
        spoken(mute)


def test_a_broken_connection_is_no_phrase() -> None:
    async def breaks(side: ModelSide) -> None:
        side.transport().abort()
        await asyncio.sleep(0)

    with pytest.raises(PhraseError, match=r"closed the connection|connection broke"):
        spoken(breaks)


def test_a_socket_that_takes_nothing_is_no_phrase() -> None:
    class Broken:
        def __init__(self, dialler: Dialler) -> None:
            self._dialler = dialler

        async def dial(self) -> ModelSocket:
            socket = await self._dialler.dial()
            await socket.close()
            return socket

    async def main() -> None:
        async with fake_model(obedient) as model, dialling(model.url) as dialler:
            await speak(Broken(dialler), prepared(), MOMENT)

    with pytest.raises(PhraseError, match="the connection broke"):
        run_on_loopback(main())


def test_what_makes_no_sense_for_too_long_ends_the_session() -> None:
    async def babbles(side: ModelSide) -> None:
        await side.set_up()
        for _ in range(50):
            await side.ws.send_str("{")
        await side.until_closed()

    with pytest.raises(PhraseError, match="the session failed in"):
        spoken(babbles)


def test_a_service_that_refuses_is_not_reached() -> None:
    with pytest.raises(DialError):
        spoken(obedient, status=503)


def test_silence_alone_is_too_quiet() -> None:
    with pytest.raises(PhraseError, match="too quiet"):
        spoken(saying(None, np.concatenate([silence(30000)])))


@pytest.mark.speech
@pytest.mark.slow
def test_the_stand_in_says_it_in_its_own_voice() -> None:
    async def main(executor: Executor) -> bytes:
        mind, senses = players(SCENARIO, executor)
        async with (
            Emulator(mind, senses, EmulatorOptions()) as stand_in,
            dialling(stand_in.url, key="k") as dialler,
        ):
            return await speak(dialler, prepared(), MOMENT)

    with ThreadPoolExecutor(1) as executor:
        sound = asyncio.run(main(executor))  # not faster than the stand-in's voice
    assert 1.0 < len(sound) / 8000 < 2.5
    assert level_dbfs(mulaw.decode(sound)) > -30
