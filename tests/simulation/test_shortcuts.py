"""What makes simulated calls quick changes nothing: the long way comes to the same."""

from __future__ import annotations

from base64 import b64encode

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.audio import mulaw
from agent.audio.pcm import Pcm16, to_bytes
from agent.sim.live_server import LiveServer
from agent.sim.server_io import Speech
from agent.sim.simulation import numbered
from agent.sim.simulation.draw import draw
from agent.sim.simulation.intake import Intake
from agent.sim.simulation.numbered import Doubling, Run
from agent.sim.simulation.simulated import simulate
from agent.sim.wire import read_audio
from tests.simulation.outcome import outcome

SEEDS = range(1, 31)
SILENCE = bytes([mulaw.SILENCE])
NOISE = mulaw.encode(np.full(8, 321, np.int16))


def outcomes() -> list[str]:
    return [outcome(simulate(draw(seed))) for seed in SEEDS]


def test_calls_come_out_as_they_do_the_long_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def hear(self: Intake, link: object, server: LiveServer, frame: bytes) -> None:
        blob = read_audio(frame)
        assert blob is not None
        server.received(frame, self._agenda.now)
        self._place(link, blob)  # type: ignore[arg-type]  # a private class

    def double(self: Doubling, pcm: Pcm16) -> Pcm16:
        return np.repeat(pcm, 2)

    def voice_runs(audio: bytes) -> list[Run]:
        return [run for run in numbered.mulaw_runs(audio) if run.first > 0]

    def speech(first: int, n: int) -> Speech:
        pcm8k = mulaw.decode(numbered.codes(first, n))
        return Speech(np.repeat(pcm8k, 3))

    quick = outcomes()
    monkeypatch.setattr(Intake, "_hear", hear)
    monkeypatch.setattr(Doubling, "process", double)
    monkeypatch.setattr(numbered, "voice_runs", voice_runs)
    monkeypatch.setattr(numbered, "speech", speech)
    assert outcomes() == quick


def test_a_call_does_not_depend_on_those_before_it() -> None:
    assert outcomes() == list(reversed([outcome(simulate(draw(s))) for s in reversed(SEEDS)]))


PIECES = st.one_of(
    st.tuples(st.integers(1, 5000), st.integers(1, 40)).map(lambda run: numbered.codes(*run)),
    st.integers(1, 300).map(lambda n: SILENCE * n),
    st.integers(1, 40).map(lambda n: NOISE * n),
)


@given(st.lists(PIECES, max_size=4), st.integers(0, 30))
def test_voice_is_found_as_runs_are(pieces: list[bytes], cut: int) -> None:
    audio = b"".join(pieces)[cut:]
    expected = [run for run in numbered.mulaw_runs(audio) if run.first > 0]
    assert numbered.voice_runs(audio) == expected


@given(st.integers(1, 3000), st.integers(1, 900), st.sampled_from([(400, 360), (40,), (1, 7)]))
def test_numbered_speech_is_encoded_as_any_other(
    first: int, n: int, chunk_ms: tuple[int, ...]
) -> None:
    speech = numbered.speech(first, n)
    assert speech.chunks(chunk_ms, 0.0) == Speech(speech.pcm24k).chunks(chunk_ms, 0.0)
    [whole] = speech.chunks(chunk_ms, 60.0)
    assert whole.base64 == b64encode(to_bytes(speech.pcm24k))


def test_parts_that_do_not_begin_at_a_whole_group_are_encoded() -> None:
    speech = Speech(np.arange(10, dtype=np.int16), b64encode(to_bytes(np.arange(10, dtype="<i2"))))
    plain = Speech(speech.pcm24k)
    assert [speech._chunk(*ends) for ends in ((0, 3), (3, 10), (1, 4), (0, 10))] == [
        plain._chunk(*ends) for ends in ((0, 3), (3, 10), (1, 4), (0, 10))
    ]


def test_looking_at_some_milliseconds_finds_their_numbers() -> None:
    pcm = mulaw.decode(SILENCE * 80 + numbered.codes(7, 105) + NOISE * 30 + b"\xff" * 3)
    each = numbered.numbers(pcm, 8).tolist()
    assert numbered.numbers(pcm, 8, 50).tolist() == each[::50]
    assert each[::50] == [numbered.first_number(pcm[at:], 8) for at in range(0, 1160, 400)]


def test_silence_is_doubled_whatever_its_length() -> None:
    doubling = Doubling()
    sizes = [doubling.process(np.zeros(n, np.int16)).size for n in (8, 8, 80, 0, 8)]
    assert sizes == [16, 16, 160, 0, 16]
