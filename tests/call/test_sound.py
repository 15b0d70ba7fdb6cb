"""The real parts of a call's sound, unless others are given."""

from agent.audio.pcm import silence
from agent.call.sound import MODEL_IN_HZ, MODEL_OUT_HZ, REAL_SOUND, TELEPHONE_HZ


def test_the_callers_audio_goes_up_to_the_rate_of_the_model() -> None:
    assert REAL_SOUND.up().process(silence(TELEPHONE_HZ)).size == MODEL_IN_HZ


def test_the_agents_audio_comes_down_to_the_telephones() -> None:
    down = REAL_SOUND.down()
    down.reset()
    assert down.process(silence(MODEL_OUT_HZ)).size == TELEPHONE_HZ


def test_each_call_has_a_detector_of_its_own() -> None:
    first, second = REAL_SOUND.detector(), REAL_SOUND.detector()
    assert first is not second
    assert not first.speaking
    assert first.process(silence(160)) == []
    assert first.floor_dbfs < second.floor_dbfs
