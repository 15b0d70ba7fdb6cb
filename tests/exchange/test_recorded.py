"""What is kept of a call's sound, here and at the carrier, while a card number is said."""

import io
import re
import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from agent.service import twilio_http
from agent.sim.clips import RATE_HZ, Clip
from agent.sim.exchange.plan import CallOptions
from agent.sim.script import Leave, Pause, Say, Script, WaitForAgent
from tests.call.line import voice
from tests.exchange.town import ACCOUNT, PUBLIC, TOKEN, Town, in_town
from tests.service.house import CALLER
from tests.service.model_side import END_OF_TURN, ModelSide, audio, tool_call
from tests.service.passing_line import NUMBER
from tests.support.ports import free_port

pytestmark = pytest.mark.socket

SHOP = f"""
tenant: bella
numbers: [{NUMBER}]
agent: {{greeting: Good day., instructions: Be kind.}}
tools: [builtin: pause_recording]
record: {{audio: yes, carrier: yes, consent: This call is recorded.}}
idle: {{prompt_after: 500s}}
"""


async def takes_a_card(side: ModelSide) -> None:
    """Greets, listens four seconds, pauses for four, and goes on."""
    await side.greet()
    for tool in ("pause_recording", "resume_recording"):
        for _ in range(100):  # two seconds of the caller in messages of 40 ms, twice
            await side.until(lambda message: "realtimeInput" in message)
        await side.send(tool_call(tool))
        await side.until(lambda message: "toolResponse" in message)
        await side.send(audio(0.4), *END_OF_TURN)
    await side.until_closed()


def loud_seconds(sound: bytes) -> list[bool]:
    """Whether the caller is heard, second by second; the caller is left, or alone."""
    with wave.open(io.BytesIO(sound)) as file:
        frames = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        caller: NDArray[np.int16] = frames.reshape(-1, file.getnchannels())[:, 0]
    seconds = len(caller) // RATE_HZ
    whole = caller[: seconds * RATE_HZ].reshape(seconds, RATE_HZ)
    return [bool(np.abs(second.astype(int)).max() > 500) for second in whole]


def test_neither_recording_has_what_is_said_while_they_are_paused(tmp_path: Path) -> None:
    (tmp_path / "bella.yaml").write_text(SHOP)
    script: Script = [WaitForAgent(), *[Say(Clip.of(voice(1.0)))] * 16, Pause(1.0), Leave()]
    port = free_port()
    account = twilio_http.Account(ACCOUNT.sid, ACCOUNT.sid, TOKEN, f"http://127.0.0.1:{port}")

    async def main(town: Town) -> None:
        town.board.exchange.add_number(NUMBER, f"{PUBLIC}/twilio/voice")
        leg = town.board.begin(CALLER, NUMBER, script, CallOptions())
        await town.board.over(leg)
        await town.home.quiet(within_s=30)
        [theirs] = town.board.exchange.desk.recordings.values()
        assert [end > begin for begin, end in theirs.pauses] == [True]
        [path] = (tmp_path / "recordings" / "bella").glob("*.wav")
        for sound in (theirs.wav(), path.read_bytes()):
            heard = "".join("#" if loud else "." for loud in loud_seconds(sound))
            assert re.fullmatch(r"\.*#{3,}\.{2,5}#{3,}\.*", heard), heard

    in_town(tmp_path, main, takes_a_card, port=port, carrier=account)
