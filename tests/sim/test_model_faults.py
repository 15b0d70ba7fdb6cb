"""Scripted misbehaviour of the model's stand-in, on the wire (E-17, E-21)."""

import pytest

from agent.sim.faults import Faults, TurnFault
from tests.sim.model_line import Line, fault


def answered(*faults: TurnFault, profile: str = "dev-3.8", seconds: float = 12.0) -> Line:
    line = Line(profile, faults=fault(*faults), reply_s=4.0).set_up().forget()
    return line.text("hi").run(seconds)


def test_a_premature_end_is_a_turn_complete_in_mid_sentence() -> None:
    line = answered(TurnFault.PREMATURE_END)
    assert line.labels[-4:] == ["audio", "generationComplete", "turnComplete", "usage"]
    assert 1.5 < line.audio_s < 2.5


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (TurnFault.EMPTY, None),
        (TurnFault.REJECTED, "RESPONSE_REJECTED"),
        (TurnFault.MALFORMED_CALL, "MALFORMED_FUNCTION_CALL"),
    ],
)
def test_an_empty_turn_has_its_reason(kind: TurnFault, reason: str | None) -> None:
    [complete] = answered(kind).got
    assert complete.content.get("turnCompleteReason") == reason
    assert complete.content["turnComplete"] is True


def test_an_unknown_enum_is_the_reason_of_a_whole_turn() -> None:
    line = answered(TurnFault.UNKNOWN_ENUM)
    assert line.audio_s == pytest.approx(4.0)
    assert line.first("turnComplete").content["turnCompleteReason"] == "REASON_OF_TOMORROW"


def test_an_unknown_key_is_alone_in_its_frame() -> None:
    [tomorrow] = [
        got for got in answered(TurnFault.UNKNOWN_KEY).got if "weatherReport" in got.labels
    ]
    assert list(tomorrow.message) == ["weatherReport"]


def test_garbage_is_no_json() -> None:
    line = answered(TurnFault.GARBAGE)
    assert len(line.garbage) == 1
    assert line.labels[-2:] == ["turnComplete", "usage"]


def test_late_audio_comes_after_generation_complete() -> None:
    line = answered(TurnFault.LATE_AUDIO)
    assert line.labels[-5:] == ["audio", "generationComplete", "audio", "turnComplete", "usage"]


def test_a_turn_without_turn_complete_is_over_all_the_same() -> None:
    line = answered(TurnFault.LOST_TURN_COMPLETE)
    assert line.labels[-1] == "generationComplete"
    assert line.forget().text("again").run(6.0).labels[-2:] == ["turnComplete", "usage"]


def test_a_stalled_turn_is_silent_until_it_is_interrupted() -> None:
    line = answered(TurnFault.STALL, seconds=60.0)
    assert line.labels[-1] in ("audio", "outputTranscription")
    assert line.forget().run(60.0).got == []
    assert line.forget().text("hello?").run(6.0).labels[:2] == ["interrupted", "turnComplete"]


def test_a_burst_comes_at_once_and_a_slow_turn_slower_than_it_plays() -> None:
    burst = answered(TurnFault.BURST)
    assert burst.first("generationComplete").at - burst.first("audio").at < 0.01
    slow = answered(TurnFault.SLOW)
    assert slow.first("generationComplete").at - slow.first("audio").at > 4.0 / 0.8


def test_a_fault_befalls_its_own_turn_or_every_one() -> None:
    second = Line(faults=fault(TurnFault.EMPTY, turn=2)).set_up().forget()
    assert "audio" in second.text("one").run(5.0).labels
    assert "audio" not in second.forget().text("two").run(5.0).labels
    assert "audio" in second.forget().text("three").run(5.0).labels
    every = Line(faults=fault(TurnFault.EMPTY, turn=0)).set_up()
    assert "audio" not in every.text("one").run(5.0).text("two").run(5.0).labels
    assert Faults().of_turn(1) == frozenset()
