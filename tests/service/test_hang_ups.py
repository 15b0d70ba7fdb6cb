"""The caller hangs up, at any point and in any manner: the call ends and nothing is left of it."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.service.house import house
from tests.service.model_side import (
    Behaviour,
    ModelSide,
    audio,
    fake_model,
    polite,
    says_goodbye,
    tool_call,
)
from tests.service.phone_side import PhoneSide, phone_side
from tests.support.patient_loop import run_on_loopback

pytestmark = pytest.mark.socket


async def silent(side: ModelSide) -> None:
    """Accept and say nothing."""
    await side.until_closed()


async def long_winded(side: ModelSide) -> None:
    """Speak for half a minute, sent in one go."""
    await side.set_up()
    for _ in range(30):
        await side.send(audio(1.0))
    await side.until_closed()


async def asks(side: ModelSide) -> None:
    """Ask for a function that takes an hour."""
    await side.set_up()
    await side.send(tool_call("think_long"))
    await side.until_closed()


async def once_media_came(phone: PhoneSide) -> None:
    await phone.until("media")


async def a_second_later(phone: PhoneSide) -> None:
    await asyncio.sleep(1)


async def at_the_goodbye(phone: PhoneSide) -> None:
    await phone.until("mark")  # the greeting was heard; the last words follow
    await asyncio.sleep(0.5)


type When = Callable[[PhoneSide], Awaitable[None]]
POINTS: dict[str, tuple[Behaviour | None, When]] = {
    "dialling": (None, a_second_later),
    "set-up": (silent, a_second_later),
    "reply": (long_winded, once_media_came),
    "pause": (polite, a_second_later),
    "function": (asks, a_second_later),
    "ending": (says_goodbye, at_the_goodbye),
}


async def closes(phone: PhoneSide) -> None:
    await phone.ws.close()


async def resets(phone: PhoneSide) -> None:
    phone.reset()


@pytest.mark.parametrize(
    ("manner", "outcome"),
    [(PhoneSide.hang_up, "caller_hung_up"), (closes, "phone_lost"), (resets, "phone_lost")],
)
@pytest.mark.parametrize("point", POINTS)
def test_hanging_up_ends_the_call(point: str, manner: When, outcome: str, tmp_path: Path) -> None:
    behaviour, when = POINTS[point]

    async def main() -> None:
        never = None if behaviour else asyncio.Event()
        async with (
            fake_model(behaviour or silent, answer=never) as model,
            house(tmp_path, model.url) as home,
        ):
            async with phone_side(home.local, media_every_s=0.02) as phone:
                await phone.open()
                await when(phone)
                await manner(phone)
            await home.quiet(within_s=3)
        line = home.ended()
        assert line["outcome"] == ("agent_ended" if point == "ending" else outcome)
        assert line["duration_s"] < 2.5
        assert [side.close_code for side in model.sides] == [1000] * (behaviour is not None)
        cancelled = line["tools"].get("cancelled", 0)
        assert cancelled == (1 if point == "function" else 0)

    run_on_loopback(main())


@pytest.mark.parametrize("manner", [PhoneSide.stop, closes, resets])
def test_hanging_up_before_the_start_is_no_call(manner: When, tmp_path: Path) -> None:
    async def main() -> None:
        async with (
            fake_model(polite) as model,
            house(tmp_path, model.url) as home,
            phone_side(home.local) as phone,
        ):
            await phone.connected()
            await manner(phone)
            await phone.closed
        assert home.lines("call.ended") == []
        [refused] = home.lines("call.refused")
        assert refused["reason"] in {"closed", "stopped"}
        assert model.requests == 0

    run_on_loopback(main())
