import pytest

from agent.sim.carrier import HeardFrame
from agent.sim.ears import Ears, Utterance


def hear(ears: Ears, loud: str, *, offset: int = 0) -> None:
    """One frame for each character: `x` loud from `offset`, anything else quiet."""
    for character in loud:
        end = ears.position + 160
        ears.hear(HeardFrame(end, end - 160 + offset if character == "x" else None))


def test_speech_and_quiet_are_counted_from_what_was_forgotten() -> None:
    ears = Ears()
    hear(ears, "..xx.x..")

    assert (ears.position, ears.loud, ears.quiet) == (1_280, 480, 320)
    ears.forget()
    hear(ears, "x")
    assert (ears.loud, ears.quiet) == (160, 0)


def test_the_first_sound_is_known_to_the_sample() -> None:
    ears = Ears()
    hear(ears, "...")
    assert ears.first_at is None
    hear(ears, "xx", offset=37)

    assert ears.first_at == 517


def test_an_answer_is_the_first_speech_after_the_callers_last_word() -> None:
    ears = Ears()
    hear(ears, "xx" + "." * 20)
    said = Utterance("q", 3_520, 4_000)
    ears.said(said)
    hear(ears, "." * 7)
    assert said.answered_after_s is None
    hear(ears, "xx" + "." * 20 + "xx", offset=80)

    assert said.answered_after_s == pytest.approx((4_640 + 80 - 4_000) / 8_000)


def test_the_very_first_sound_may_be_an_answer() -> None:
    ears = Ears()
    said = Utterance("hello?", 0, 320)
    ears.said(said)
    hear(ears, "...x")

    assert said.answered_at == 480


def test_speech_that_only_went_on_is_no_answer() -> None:
    ears = Ears()
    hear(ears, "x" * 10)
    said = Utterance("q", 1_600, 1_760)
    ears.said(said)
    hear(ears, "x" * 5 + "." * 9 + "xx")

    assert said.answered_at is None


def test_a_barge_in_ends_with_the_last_sound_before_lasting_silence() -> None:
    ears = Ears()
    hear(ears, "x" * 10)
    said = Utterance("stop", 1_600, 4_800, barge_in=True)
    ears.said(said)
    hear(ears, "xx" + "." * 5 + "x" + "." * 14)
    assert said.silenced_after_s is None
    hear(ears, "." + "." * 20)

    assert said.silenced_after_s == pytest.approx(8 * 160 / 8_000)


def test_an_agent_that_paused_just_then_was_silenced_at_once() -> None:
    ears = Ears()
    hear(ears, "x" * 10 + "." * 12)
    said = Utterance("stop", 3_520, 4_800, barge_in=True)
    ears.said(said)
    hear(ears, "." * 5)

    assert said.silenced_after_s == 0.0
    assert Utterance("plain", 0, 1).silenced_after_s is None
