"""Whole calls of a tenant that looks its callers up, asks for consent and deletes recordings."""

import asyncio
import os
import wave
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.service.house import CALLER, House, house
from tests.service.model_side import ModelSide, fake_model, text_in
from tests.service.phone_side import phone_side
from tests.support.patient_loop import run_on_loopback

pytestmark = pytest.mark.socket

NUMBER, SLOW_CALLER = "+15550100107", "+15550199000"
CRM = f"""
tenant: crm
numbers: [{NUMBER}]
agent:
  greeting: Hello {{caller.name|there}}.
  instructions: You talk to {{caller.name|somebody new}}.
tools: [python: phone_errands.find_customer]
lookup: {{tool: find_customer, timeout: 300ms, arguments: {{phone: "{{caller.number}}"}}}}
record: {{audio: yes, consent: We record., keep: 30d}}
"""


class Told:
    """A model that greets, and remembers what it was told."""

    def __init__(self) -> None:
        self.prompt = self.greeting = ""

    async def behave(self, side: ModelSide) -> None:
        await side.greet(0.8)
        setup: dict[str, Any] = side.frames[0]["setup"]
        self.prompt = setup["systemInstruction"]["parts"][0]["text"]
        self.greeting = next(filter(None, map(text_in, side.frames)))
        await side.until_closed()


async def ring(home: House, call_id: str, caller: str) -> float:
    """Announce a call as the carrier does; returns how long it rang."""
    clock = asyncio.get_running_loop().time
    form = {"CallSid": call_id, "From": caller, "To": NUMBER}
    async with aiohttp.ClientSession() as session:
        began = clock()
        async with session.post(f"{home.origin}/twilio/voice", data=form) as response:
            assert response.status == 200
            return clock() - began


async def until(true: Callable[[], bool]) -> None:
    """Wait for what a thread does."""
    for _ in range(1000):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen within ten seconds")


def with_crm(folder: Path, test: Callable[[House, Told], Awaitable[None]]) -> None:
    async def main() -> None:
        (folder / "crm.yaml").write_text(CRM)
        told = Told()
        async with fake_model(told.behave) as model, house(folder, model.url) as home:
            await test(home, told)

    run_on_loopback(main())


@pytest.mark.parametrize(
    ("caller", "name", "who", "counted"),
    [
        (CALLER, "Anna 99 Miller", "Anna 99 Miller", "lookup_found"),
        (SLOW_CALLER, "there", "somebody new", "lookup_timed_out"),
        ("anonymous", "there", "somebody new", "lookup_withheld"),
    ],
)
def test_the_caller_is_known_before_the_model_is(
    caller: str, name: str, who: str, counted: str, tmp_path: Path
) -> None:
    async def test(home: House, told: Told) -> None:
        async with phone_side(home.local, number=1, media_every_s=0.02) as phone:
            rang_s = await ring(home, phone.call_id, caller)
            assert rang_s < 0.3 + 1.0  # the limit, and what a busy machine needs
            await phone.open(tenant="crm")
            await phone.until("mark")
            await phone.hang_up()
        await home.quiet(5)
        assert told.greeting == f'Greet the caller now. Say exactly: "We record. Hello {name}."'
        assert told.prompt.startswith(f"You talk to {who}.\n\nIt is now ")
        assert home.service.counters == {counted: 1, "answered": 1}
        [line] = home.lines("lookup.finished")
        assert (line["tenant"], line["tool"]) == ("crm", "find_customer")
        assert "Anna" not in home.log.getvalue()
        assert CALLER not in home.log.getvalue()

    with_crm(tmp_path, test)


def test_a_call_on_loopback_that_nobody_announced_is_looked_up_as_it_begins(tmp_path: Path) -> None:
    async def test(home: House, told: Told) -> None:
        async with phone_side(home.local, number=1, media_every_s=0.02) as phone:
            await phone.open(tenant="crm", **{"from": CALLER})
            await phone.until("mark")
            await phone.hang_up()
        await home.quiet(5)
        assert "Hello Anna 99 Miller." in told.greeting
        assert home.service.counters == {"lookup_found": 1, "answered": 1}

    with_crm(tmp_path, test)


def test_a_recording_begins_after_the_consent(tmp_path: Path) -> None:
    async def test(home: House, told: Told) -> None:
        async with phone_side(home.local, number=1, media_every_s=0.02) as phone:
            await phone.open(tenant="crm")
            await phone.until("mark")
            await asyncio.sleep(1.0)
            await phone.hang_up()
        await home.quiet(5)
        duration_s = home.lines("call.ended")[0]["duration_s"]
        path = tmp_path / "recordings" / "crm" / f"{phone.call_id}.wav"
        with wave.open(str(path), "rb") as file:
            recorded_s = file.getnframes() / 8000
        assert 0.3 < recorded_s < duration_s - 0.5

    with_crm(tmp_path, test)


def test_recordings_are_deleted_when_the_service_starts(tmp_path: Path) -> None:
    old = tmp_path / "recordings" / "crm" / "CA7.wav"
    kept = tmp_path / "recordings" / "shop" / "CA7.wav"  # whose tenant keeps them for ever
    for path in (old, kept):
        path.parent.mkdir(parents=True)
        path.touch()
        os.utime(path, (0, 0))

    async def test(home: House, told: Told) -> None:
        await until(lambda: bool(home.service.counters["recordings_deleted"]))
        assert not old.exists()
        assert home.service.counters["recordings_deleted"] == 1
        [line] = home.lines("recordings.deleted")
        assert (line["tenant"], line["files"]) == ("crm", 1)

    with_crm(tmp_path, test)
    assert kept.exists()


def test_a_recording_that_is_being_written_is_in_use(tmp_path: Path) -> None:
    async def test(home: House, told: Told) -> None:
        async with phone_side(home.local, number=1, media_every_s=0.02) as phone:
            await phone.open(tenant="crm")
            await phone.until("mark")
            path = tmp_path / "recordings" / "crm" / f"{phone.call_id}.wav"
            await until(path.exists)
            os.utime(path, (0, 0))
            deleting = asyncio.create_task(home.service.delete_recordings())
            await asyncio.sleep(0.3)
            assert path.exists()
            deleting.cancel()
            await asyncio.wait([deleting])
            await phone.hang_up()
        await home.quiet(5)

    with_crm(tmp_path, test)
