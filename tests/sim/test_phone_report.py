import wave
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest

from agent.sim.caller import Caller
from agent.sim.ears import Utterance
from agent.sim.heard import Gap
from agent.sim.phone_report import BankReport, PhoneReport, Spread, write_recording
from agent.sim.script import Say
from tests.sim.lines import CALL, LOUD, T0, media, opened, run, tone


def report(**measures: object) -> PhoneReport:
    made = PhoneReport(CALL)
    for name, value in measures.items():
        setattr(made, name, value)
    return made


def test_a_spread_is_its_percentiles() -> None:
    spread = Spread.of(n / 128 for n in range(101))

    assert astuple(spread) == (101, 50 / 128, 95 / 128, 99 / 128, 100 / 128)
    assert Spread.of([]) == Spread(0, 0.0, 0.0, 0.0, 0.0)


def test_a_report_takes_what_the_caller_and_the_line_know() -> None:
    clip = tone(0.1, "hi")
    caller = Caller([Say(clip)], opened())
    caller.handle_timer(T0)
    caller.line.receive(media(LOUD), T0 + 0.005)
    for frame in range(1, 7):
        caller.handle_timer(T0 + frame * 0.02)

    made = PhoneReport.of(caller)

    assert made.failure is None
    assert made.started_at == T0
    assert made.seconds == pytest.approx(0.12)
    assert made.first_audio_s == pytest.approx(0.005)
    assert len(made.said) == len(made.heard) == 960
    assert np.flatnonzero(made.heard)[[0, -1]].tolist() == [40, 199]
    assert [u.label for u in made.utterances] == ["hi"]
    assert made.n_received == 160
    assert made.leads_s == [0.0]


def test_audio_that_was_not_kept_is_not_reported() -> None:
    line = opened(keep_audio=False)
    run(line, 0.5)

    made = PhoneReport.of(Caller([], line))

    assert made.seconds == pytest.approx(0.5)
    assert len(made.heard) == len(made.said) == 0
    assert made.first_audio_s is None


def test_only_silence_inside_what_the_agent_said_is_a_hole() -> None:
    made = report(gaps=[Gap(0, 800, marked=True), Gap(4_000, 400, marked=False)])

    assert made.holes_s == [0.05]


def test_figures_of_a_late_phone_are_not_to_be_trusted() -> None:
    punctual, late = report(lateness_s=[0.0, 0.002]), report(lateness_s=[0.001, 0.02])

    assert report().reliable
    assert punctual.reliable
    assert not late.reliable
    assert not BankReport([punctual, late]).reliable


def test_a_bank_pools_its_calls() -> None:
    answered = Utterance("q", 0, 800, answered_at=1_600)
    interrupted = Utterance("stop", 1_600, 2_400, barge_in=True, silenced_at=2_000)
    bank = BankReport(
        [
            report(utterances=[answered, interrupted], first_audio_s=0.3, mark_waits_s=[0.1]),
            report(failure="refused"),
            report(utterances=[Utterance("q", 0, 800)], first_audio_s=0.1, leads_s=[0.2]),
        ]
    )

    spreads = bank.spreads()

    assert bank.failures == ["refused"]
    assert (spreads["answer"].n, spreads["answer"].p50) == (1, 0.1)
    assert (spreads["barge_in_stop"].n, spreads["barge_in_stop"].p50) == (1, 0.05)
    assert spreads["first_audio"].n == 2
    assert spreads["first_audio"].p50 == pytest.approx(0.2)
    assert spreads["mark_wait"].n == spreads["lead"].n == 1
    assert spreads["hole"].n == spreads["lateness"].n == 0


def test_the_recording_has_the_caller_left_and_the_agent_right(tmp_path: Path) -> None:
    said, heard = np.arange(800, dtype=np.int16), -np.arange(800, dtype=np.int16)
    path = tmp_path / "call.wav"

    write_recording(path, report(said=said, heard=heard))

    with wave.open(str(path), "rb") as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (2, 8_000, 2)
        stereo = np.frombuffer(file.readframes(800), "<i2").reshape(-1, 2)
    np.testing.assert_array_equal(stereo[:, 0], said)
    np.testing.assert_array_equal(stereo[:, 1], heard)
