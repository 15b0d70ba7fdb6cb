"""What a reload means for calls: the next one has the new file, and a running one the old."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from agent.call.phrases import shipped
from tests.service.house import OFFICE, house
from tests.service.model_side import ModelSide, fake_model, text_in, tool_call
from tests.service.phone_side import phone_side
from tests.service.phrases import obedient
from tests.support.patient_loop import run_on_loopback


@pytest.mark.socket
def test_the_next_call_has_the_new_file_and_a_running_one_the_old(tmp_path: Path) -> None:
    heard: list[str | None] = []
    results: list[Any] = []

    async def asks(side: ModelSide) -> None:
        await side.set_up()
        heard.append(text_in(await side.until(lambda message: text_in(message) is not None)))
        while len(heard) < 2:  # noqa: ASYNC110 (nobody tells of it)
            await asyncio.sleep(0.01)
        await side.send(tool_call("look_up", order="7"))
        results.append(await side.until(lambda message: "toolResponse" in message))
        await side.until_closed()

    async def main() -> None:
        async with (
            fake_model(asks) as model,
            house(tmp_path, model.url) as home,
            phone_side(home.local, number=1, media_every_s=0.02) as first,
            phone_side(home.local, number=2, media_every_s=0.02) as second,
        ):
            await first.open(tenant="office")
            async with asyncio.timeout(60):
                while not heard:  # noqa: ASYNC110 (nobody tells of it)
                    await asyncio.sleep(0.01)
            evening = OFFICE.replace("Good day.", "Good evening.")
            (tmp_path / "office.yaml").write_text(
                f"{evening}tools: [python: phone_errands.look_up]\n"
            )
            assert await home.service._store.reload()
            await second.open(tenant="office")
            async with asyncio.timeout(60):
                while len(results) < 2:  # noqa: ASYNC110 (nobody tells of it)
                    await asyncio.sleep(0.01)

    run_on_loopback(main())
    assert ["Good day." in text for text in heard if text] == [True, False]
    answers = sorted(str(result["toolResponse"]) for result in results)
    assert ["no function of that name" in text for text in answers] == [True, False]


@pytest.mark.socket
def test_the_phrases_of_new_tenants_are_spoken(tmp_path: Path) -> None:
    async def main() -> int:
        async with (
            fake_model(obedient) as model,
            house(tmp_path, model.url, speak_phrases=True) as home,
        ):
            await ready_for(home, 1)
            moment = "greeting: Good day., moment: Wait a second please."
            text = OFFICE.replace("greeting: Good day.", moment)
            (tmp_path / "office.yaml").write_text(text)
            assert await home.service._store.reload()
            await ready_for(home, 2)
            prepared = home.service.tenants.by_name["office"].prepared
            assert home.service.phrases.cover(prepared).phrase != shipped("en").moment
            return model.requests

    async def ready_for(home: Any, times: int) -> None:
        async with asyncio.timeout(60):
            while len(home.lines("phrases.ready")) < times:  # noqa: ASYNC110 (nobody tells of it)
                await asyncio.sleep(0.1)

    assert run_on_loopback(main()) == 3
