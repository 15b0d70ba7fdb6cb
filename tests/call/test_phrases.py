import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from agent.audio import mulaw
from agent.audio.pcm import level_dbfs, silence
from agent.call.phrases import FILE, WORDS, coded, language_of, shipped, shipped_texts
from agent.gemini.catalogue import LANGUAGES
from tests.call.sounds import voice

SCRIPT = Path(__file__).parents[2] / "scripts" / "make_phrases.py"


def make_phrases() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_phrases", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("code", "language"),
    [("de", "de"), ("de-AT", "de"), ("PT-br", "pt"), ("ja-JP", "en"), ("", "en"), (None, "en")],
)
def test_a_language_is_itself_or_its_base_or_english(code: str | None, language: str) -> None:
    assert language_of(code) == language


def test_every_language_is_one_that_the_model_speaks() -> None:
    spoken = {code.partition("-")[0] for code in LANGUAGES}
    assert set(WORDS) <= spoken


def test_the_shipped_sound_was_made_from_these_words() -> None:
    assert shipped_texts() == dict(WORDS)


@pytest.mark.parametrize("language", WORDS)
def test_the_shipped_sound_is_speech_of_a_sensible_length(language: str) -> None:
    sound = shipped(language)
    for coded_sound, most_s in ((sound.moment, 1.6), (sound.apology, 5.0)):
        assert len(coded_sound) % 160 == 0
        assert 0.8 < len(coded_sound) / 8000 < most_s
        assert -26 < level_dbfs(mulaw.decode(coded_sound)) < -18
        assert level_dbfs(mulaw.decode(coded_sound[:800])) > -50  # begins at once


def test_the_shipped_file_is_small() -> None:
    assert FILE.stat().st_size < 300_000


@pytest.mark.speech
def test_the_shipped_sound_is_what_the_script_makes() -> None:
    made = make_phrases().arrays()
    with np.load(FILE) as file:
        assert set(file) == set(made)
        for name in file:
            if name != "texts":
                then, now = (mulaw.decode(bytes(a)).astype(int) for a in (file[name], made[name]))
                assert then.size == now.size
                assert np.abs(then - now).max() <= 1024  # one step of the coding, at its coarsest


@pytest.mark.speech
def test_the_script_writes_the_same_file_again(tmp_path: Path) -> None:
    path = tmp_path / "phrases.npz"
    make_phrases().write(path)
    with np.load(path) as again, np.load(FILE) as file:
        assert set(again) == set(file)
        assert again["texts"].tolist() == file["texts"].tolist()


def test_silence_around_speech_is_cut_off() -> None:
    speech = voice(0.5)
    sound = coded(np.concatenate([silence(4000), speech, silence(6000)]))
    assert 0.5 <= len(sound) / 8000 <= 0.5 + 0.08
    assert coded(silence(4000)) == b""
