"""Our own speech detection in a simulation takes as long as the real one to be sure."""

from __future__ import annotations

import numpy as np

from agent.audio import mulaw
from agent.audio.pcm import Pcm16
from agent.audio.speech import SpeechEnded, SpeechStarted
from agent.sim.simulation.detector import HANGOVER, ONSET, NumberedDetector
from agent.sim.simulation.numbered import codes

QUIET: Pcm16 = np.zeros(800, np.int16)


def speech(ms: int) -> Pcm16:
    return mulaw.decode(codes(1, ms))


def test_speech_is_told_with_the_sample_at_which_it_began() -> None:
    detector = NumberedDetector()
    assert detector.process(QUIET) == []
    assert detector.process(speech(100)) == [SpeechStarted(800)]
    assert detector.speaking


def test_a_short_pause_does_not_end_it() -> None:
    detector = NumberedDetector()
    detector.process(speech(100))
    assert detector.process(QUIET[: HANGOVER // 8]) == []
    assert detector.speaking


def test_silence_for_the_hangover_ends_it_where_it_was_last_heard() -> None:
    detector = NumberedDetector()
    detector.process(speech(100))
    found = [event for _ in range(4) for event in detector.process(QUIET)]
    assert found == [SpeechEnded(800)]
    assert not detector.speaking


def test_a_click_is_no_speech() -> None:
    detector = NumberedDetector()
    click = speech(ONSET // 8 - 10)
    assert detector.process(np.concatenate((click, QUIET))) == []
    assert not detector.speaking


def test_a_packet_without_audio_is_no_sign_of_speech() -> None:
    detector = NumberedDetector()
    detector.process(speech(100))
    packets = (QUIET[:0], QUIET, QUIET[:0]) * 4
    found = [event for packet in packets for event in detector.process(packet)]
    assert found == [SpeechEnded(800)]
