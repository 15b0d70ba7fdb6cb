"""Names of voices and languages."""

import pytest

from agent.gemini.catalogue import LANGUAGES, VOICES, nearest


def test_there_are_thirty_voices_each_once() -> None:
    assert len(set(VOICES)) == len(VOICES) == 30
    assert len(set(LANGUAGES)) == len(LANGUAGES)


@pytest.mark.parametrize(
    ("name", "meant"), [("kore", "Kore"), ("Zephir", "Zephyr"), ("Puk", "Puck"), ("Xyz", None)]
)
def test_a_misspelt_voice_is_guessed(name: str, meant: str | None) -> None:
    assert nearest(name, VOICES) == meant
