"""Phrases in the tenant's own voice: spoken once, kept, and used by the next call."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from agent.call.phrases import shipped
from agent.service.phrase_cache import PAUSE_S, ROUNDS, PhraseCache, name_of
from tests.service.house import captured_log, house
from tests.service.model_side import FakeModel, ModelSide, fake_model
from tests.service.phrases import MOMENT, SORRY, dialling, obedient, prepared, saying, speech
from tests.support.patient_loop import run_on_loopback

pytestmark = pytest.mark.socket

WRONG = saying("No.", speech(1.0))


def filled(cache: PhraseCache, *behaviours: Any, **agent: Any) -> tuple[int, list[str]]:
    """Fill it for one tenant; returns (sessions, what was logged)."""

    async def main() -> tuple[int, list[str]]:
        async with fake_model(*behaviours) as model, dialling(model.url) as dialler:
            with captured_log() as log:
                await cache.fill([prepared(**agent)], dialler)
            return model.requests, log.getvalue().splitlines()

    return run_on_loopback(main())


def test_what_the_model_has_said_is_what_the_next_call_plays(tmp_path: Path) -> None:
    cache = PhraseCache(tmp_path / "phrases")
    before = cache.cover(prepared())
    assert (before.phrase, before.apology) == (shipped("en").moment, shipped("en").apology)
    sessions, log = filled(cache, obedient)
    assert sessions == 2
    cover = cache.cover(prepared())
    assert cover.phrase != before.phrase
    assert cover.apology != before.apology
    assert '"spoken":2' in log[-1].replace(" ", "")
    assert MOMENT not in "".join(log)


def test_it_is_spoken_once_and_anew_when_text_or_voice_changes(tmp_path: Path) -> None:
    assert filled(PhraseCache(tmp_path), obedient)[0] == 2
    cache = PhraseCache(tmp_path)
    assert filled(cache, obedient)[0] == 0
    assert cache.cover(prepared()).phrase != shipped("en").moment
    assert filled(cache, obedient, moment="One second.")[0] == 1
    assert filled(cache, obedient, voice="Kore")[0] == 2


def test_a_name_depends_on_all_that_makes_the_sound() -> None:
    plain = prepared()
    changes = ({"voice": "Kore"}, {"language": "en-US"}, {"model": "gemini-3.1-flash-live"})
    names = [name_of(plain, MOMENT), name_of(plain, SORRY)]
    names += [name_of(prepared(**change), MOMENT) for change in changes]
    assert len(set(names)) == len(names)
    assert name_of(prepared(greeting="Hi."), MOMENT) == names[0]


def test_what_goes_wrong_is_tried_again_later_but_not_for_ever(tmp_path: Path) -> None:
    cache = PhraseCache(tmp_path)
    sessions, log = filled(cache, WRONG, obedient)
    assert sessions == 3
    assert '"missing":0' in log[-1].replace(" ", "")
    assert any("phrase.not_spoken" in line for line in log)
    sessions, log = filled(PhraseCache(tmp_path / "b"), WRONG)
    assert sessions == 2 * ROUNDS
    assert '"missing":2' in log[-1].replace(" ", "")


def test_it_waits_between_the_rounds(tmp_path: Path) -> None:
    async def main() -> float:
        async with fake_model(WRONG, obedient) as model, dialling(model.url) as dialler:
            began = asyncio.get_running_loop().time()
            await PhraseCache(tmp_path).fill([prepared()], dialler)
            return asyncio.get_running_loop().time() - began

    assert run_on_loopback(main()) == pytest.approx(PAUSE_S, abs=10)


@pytest.mark.parametrize("content", [b"", b"x" * 161, b"x" * 160 * 1501])
def test_a_file_that_cannot_be_whole_is_spoken_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / f"{name_of(prepared(), MOMENT)}.ulaw").write_bytes(content)
    assert filled(PhraseCache(tmp_path), obedient)[0] == 2


def test_a_disk_that_takes_nothing_costs_nothing_but_the_next_start(tmp_path: Path) -> None:
    (tmp_path / "phrases").write_text("not a folder")
    cache = PhraseCache(tmp_path / "phrases")
    _, log = filled(cache, obedient)
    assert cache.cover(prepared()).phrase != shipped("en").moment
    assert any("phrase.not_kept" in line for line in log)
    assert list(tmp_path.iterdir()) == [tmp_path / "phrases"]


def test_nothing_but_whole_files_is_left(tmp_path: Path) -> None:
    filled(PhraseCache(tmp_path), obedient)
    assert {path.suffix for path in tmp_path.iterdir()} == {".ulaw"}


def test_the_service_has_them_spoken_when_it_starts_and_its_calls_play_them(
    tmp_path: Path,
) -> None:
    async def main() -> tuple[int, int]:
        async with (
            fake_model(obedient) as model,
            house(tmp_path, model.url, speak_phrases=True) as home,
        ):
            async with asyncio.timeout(30):
                while not home.lines("phrases.ready"):  # noqa: ASYNC110 (nobody tells of it)
                    await asyncio.sleep(0.1)
            ready = home.service.tenants.by_name["shop"]
            cover = home.service.phrases.cover(ready.prepared)
            assert cover.phrase != shipped("en").moment
            return model.requests, len(home.service.phrases.sounds)

    # Both tenants say the same with the same voice.
    assert run_on_loopback(main()) == (2, 2)


def test_the_service_stops_while_a_phrase_is_being_spoken(tmp_path: Path) -> None:
    async def main() -> FakeModel:
        async def mute(side: ModelSide) -> None:
            await side.set_up()
            await side.until_closed()

        async with fake_model(mute) as model:
            async with house(tmp_path, model.url, speak_phrases=True):
                while not model.sides:  # noqa: ASYNC110 (nobody tells of it)
                    await asyncio.sleep(0.01)
            return model

    assert len(run_on_loopback(main()).sides) == 1


def test_without_being_asked_the_service_has_nothing_spoken(tmp_path: Path) -> None:
    async def main() -> int:
        async with fake_model(obedient) as model, house(tmp_path, model.url):
            await asyncio.sleep(1.0)
            return model.requests

    assert run_on_loopback(main()) == 0
