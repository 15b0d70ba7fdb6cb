"""Ear, mind and voice of the model's stand-in together: speech in, speech out."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest

from agent.audio.mulaw import decode, encode
from agent.audio.noise import ComfortNoise
from agent.audio.pcm import Pcm16, level_dbfs
from agent.audio.resample import Resampler
from agent.errors import ConfigError
from agent.sim.emulator import Emulator, EmulatorOptions
from agent.sim.mind import Timing
from agent.sim.players import players, senses_executor
from agent.sim.session_config import VadConfig
from agent.sim.vad import ActivityDetector, ActivityEnded, ActivityStarted
from agent.sim.voice import Voice
from tests.sim.model_line import FRAME, Got, audio_frame
from tests.sim.test_emulator import DEVELOPER, KEY

pytestmark = [pytest.mark.speech]

SCENARIOS = Path("config/scenarios")


def telephoned(text: str) -> Pcm16:
    """A sentence as it arrives over the telephone, with a second of line on both sides, 16 kHz."""
    spoken = Voice("en-us", rate_wpm=145).speak(text, 8000)
    line = ComfortNoise(1, -60.0).take(spoken.size + 16_000)
    line[8000:-8000] += spoken
    return Resampler(8000, 16_000).process(decode(encode(line)))


@pytest.mark.parametrize("text", ["Yes.", "Six sixty six.", "A table for four, at seven, please."])
def test_one_sentence_is_one_utterance(text: str) -> None:
    detector = ActivityDetector(VadConfig(False, True, 40, 500))
    audio = telephoned(text)
    found = [
        activity
        for start in range(0, audio.size, FRAME)
        for activity in detector.process(audio[start : start + FRAME])
    ]
    assert [type(activity) for activity in found] == [ActivityStarted, ActivityEnded]
    assert found[0].at_sample == pytest.approx(16_000, abs=3_200)


async def conversation(server: Emulator, sentence: str) -> list[Got]:
    """Say one sentence; everything that comes until the end of the answer."""
    setup = {
        "model": "models/gemini-3.8-live",
        "inputAudioTranscription": {},
        "outputAudioTranscription": {},
        "tools": [{"functionDeclarations": [{"name": "book_table"}, {"name": "end_call"}]}],
    }
    got: list[Got] = []
    async with (
        asyncio.timeout(30.0),
        aiohttp.ClientSession() as session,
        session.ws_connect(server.url + DEVELOPER, headers=KEY) as ws,
    ):
        await ws.send_json({"setup": setup})
        await ws.receive()
        audio = telephoned(sentence)
        for start in range(0, audio.size, FRAME):
            await ws.send_bytes(audio_frame(audio[start : start + FRAME]))
        async for message in ws:
            got.append(Got(0.0, message.json()))
            if "turnComplete" in got[-1].labels:
                return got
    raise AssertionError("closed")


def text_of(got: list[Got], name: str) -> str:
    return "".join(one.content.get(name, {}).get("text", "") for one in got)


def check(got: list[Got]) -> None:
    assert text_of(got, "inputTranscription") == "what is your address"
    assert text_of(got, "outputTranscription").startswith("We are on Court Street in Brooklyn")
    reply = np.concatenate([one.pcm for one in got])
    assert reply.size > 3 * 24_000
    assert -30.0 < level_dbfs(reply) < -15.0


@pytest.mark.socket
@pytest.mark.parametrize("make", [lambda: ThreadPoolExecutor(1), senses_executor])
def test_a_spoken_question_is_recognised_and_answered_by_voice(make: Any) -> None:
    timing = Timing(realtime_playback=False, transcript_late_s=0.0)

    async def main(server: Emulator) -> None:
        async with server:
            check(await conversation(server, "what is your address"))

    with make() as executor:
        mind, senses = players(SCENARIOS, executor)
        asyncio.run(main(Emulator(mind, senses, EmulatorOptions(timing=timing))))


def test_a_missing_scenario_is_told_by_name(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as executor:
        with pytest.raises(ConfigError, match=r"nowhere\.yaml: cannot be read: No such file"):
            players(tmp_path / "nowhere.yaml", executor)
        with pytest.raises(ConfigError, match="there is no scenario"):
            players(tmp_path, executor)
