"""The service on a bad line: what the exchange does to it, and what becomes of the call."""

from base64 import b64decode
from pathlib import Path

import numpy as np
import pytest

from agent.audio.tones import DtmfDetector
from agent.sim.exchange.plan import CallOptions
from agent.sim.exchange.troubles import with_troubles
from agent.sim.script import Leave, Pause, Press, Script, WaitForAgent
from tests.exchange.town import Town, in_town
from tests.service.house import CALLER, NUMBER
from tests.service.model_side import Message, text_in

pytestmark = pytest.mark.socket

TALK: Script = [WaitForAgent(), Pause(12.0), Leave()]


def bad(*troubles: str) -> CallOptions:
    return with_troubles(CallOptions(), troubles)


def sound_in(frames: list[Message]) -> np.ndarray:
    """What the model heard of the caller, at 8 kHz, roughly: every second sample."""
    blobs = [frame.get("realtimeInput", {}).get("audio", {}) for frame in frames]
    audio = b"".join(b64decode(blob["data"]) for blob in blobs if "data" in blob)
    return np.frombuffer(audio, "<i2")[::2]


@pytest.mark.parametrize("seed", range(6))
def test_on_a_line_that_is_bad_at_random_the_call_lives_and_is_over_once(
    seed: int, tmp_path: Path
) -> None:
    async def test(town: Town) -> None:
        script = [step for _ in range(7) for step in (Press("1"), Pause(6.0))]
        report = await town.board.call(CALLER, NUMBER, script, bad(f"random={seed}"))
        await town.home.quiet(within_s=10)
        assert town.outcomes() == ["caller_hung_up"]
        assert report.violations == []
        assert set(town.codes()) <= {31903, 31930}
        assert len(town.model.sides) == 1

    in_town(tmp_path, test)


@pytest.mark.parametrize("trouble", ["stall=3:4", "stall=3:4:1", "deaf=3:4", "silenced=20"])
def test_what_passes_is_borne_and_the_same_stream_goes_on(trouble: str, tmp_path: Path) -> None:
    async def test(town: Town) -> None:
        leg = town.board.begin(CALLER, NUMBER, TALK, bad(trouble))
        await town.board.over(leg)
        await town.home.quiet(within_s=5)
        assert leg.n_streams == 1
        assert leg.report().failure is None
        assert town.outcomes() == ["caller_hung_up"]
        assert town.codes() == ([31930] if trouble.endswith(":1") else [])
        heard_s = len(sound_in(town.model.sides[0].frames)) / 8000
        assert heard_s == pytest.approx(leg.report().seconds, abs=1.0)

    in_town(tmp_path, test)


def test_a_key_that_is_told_and_sounds_is_one_key(tmp_path: Path) -> None:
    async def test(town: Town) -> None:
        script: Script = [WaitForAgent(), Press("12#"), Pause(4.0), Leave()]
        report = await town.board.call(CALLER, NUMBER, script, bad("tones"))
        await town.home.quiet(within_s=5)
        assert DtmfDetector().process(report.said) == list("12#")
        frames = town.model.sides[0].frames
        told = [text for frame in frames if (text := text_in(frame)) and "pressed" in text]
        assert told == ["The caller pressed these keys on the telephone: 12#"]
        assert DtmfDetector().process(sound_in(frames).astype(np.int16)) == list("12#")

    in_town(tmp_path, test)


def test_the_service_answers_the_carriers_pings_at_once(tmp_path: Path) -> None:
    async def test(town: Town) -> None:
        report = await town.board.call(CALLER, NUMBER, TALK, bad("pings=1"))
        assert report.failure is None
        assert report.n_pings > 10
        assert len(report.ping_waits_s) == report.n_pings
        assert max(report.ping_waits_s) < 0.1

    in_town(tmp_path, test)
