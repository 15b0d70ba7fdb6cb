"""In which order a call asks for what, and that it asks for each thing once."""

from agent.call.core import CallPlan
from agent.call.effects import CloseModel, HangUp, Keep, OpenModel, SaveAudio, StepAside
from tests.call.line import audio, opened

KEPT = CallPlan("b", record=True, keeps=True, reattach_s=20.0)


def test_nothing_is_asked_for_twice() -> None:
    line = opened(KEPT)
    assert line.performed(OpenModel) == [OpenModel(1)]
    assert line.performed(Keep) == [Keep(True)]
    assert line.call.effects(line.now) == []


def test_a_call_that_ends_closes_the_model_saves_the_rest_and_hangs_up_last() -> None:
    line = opened(KEPT)
    line.run(1.0)
    line.effects.clear()
    line.hang_up()
    kinds = [type(effect) for _, effect in line.effects]
    assert kinds[-3:] == [CloseModel, SaveAudio, HangUp]
    assert line.call.effects(line.now) == []


def test_sound_is_saved_as_it_goes() -> None:
    line = opened(KEPT)
    line.run(5.0)
    saved = line.performed(SaveAudio)
    assert 3 <= len(saved) <= 5
    assert sum(len(effect.stereo) for effect in saved) >= 3 * 8000 * 4


def test_nothing_goes_to_a_phone_that_is_away() -> None:
    line = opened(KEPT)
    line.break_phone()
    assert line.performed(StepAside) == [StepAside()]
    line.model(audio(1.0, "Hello?"))
    line.run(3.0)
    assert line.voice_s == 0
    assert line.carrier.counters["after_stop"] == 0


def test_a_barge_in_is_told_to_the_phone_before_any_other_sound() -> None:
    line = opened(CallPlan("b", barge_in="local", record=True))
    line.speak(5.0, "a long answer")
    line.run(1.0)
    line.talk(2.0)
    line.run(1.0)
    assert line.carrier.counters["clear"] == 1


def test_a_model_that_went_while_the_call_drains_is_closed() -> None:
    line = opened(KEPT)
    line.speak(3.0, "Goodbye.", speed=50.0)
    line.run(0.2)
    line.refusals = 100
    line.lose_model(1011)
    line.call.finish("operator", line.now)
    line.run(6.0)
    assert len(line.performed(HangUp)) == 1


def test_who_listens_hears_what_goes_out_and_what_is_cut() -> None:
    class Ears:
        def __init__(self) -> None:
            self.heard: list[str] = []

        def caller(self, mulaw: bytes) -> None:
            pass

        def agent(self, mulaw: bytes, at: float) -> None:
            self.heard.append("agent")

        def cleared(self, now: float) -> None:
            self.heard.append("cleared")

    line = opened(CallPlan("b", barge_in="local"))
    ears = line.call.tap = Ears()
    line.speak(3.0, "a long answer")
    line.run(1.0)
    line.talk(2.0)
    line.run(1.0)
    assert set(ears.heard) == {"agent", "cleared"}
