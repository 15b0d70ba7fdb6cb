"""Listening to a call over a socket: where it is allowed, and until it is over."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType

from agent.audio import mulaw
from agent.service.live_listen import MOST_WAITING
from tests.service.house import House, house
from tests.service.model_side import ModelSide, fake_model
from tests.service.phone_side import PhoneSide, phone_side
from tests.support.patient_loop import run_on_loopback

pytestmark = pytest.mark.socket

STUDIO = """
tenant: studio
numbers: [+15550100106]
agent: {greeting: Good day., instructions: Be kind.}
record: {listen: yes}
"""


async def talkative(side: ModelSide) -> None:
    await side.greet(6.0)
    await side.until_closed()


def listening(
    folder: Path,
    test: Callable[[House, PhoneSide, aiohttp.ClientSession], Awaitable[None]],
    tenant: str = "studio",
    **changes: Any,
) -> None:
    (folder / "studio.yaml").write_text(STUDIO)

    async def main() -> None:
        async with (
            fake_model(talkative) as model,
            house(folder, model.url, **changes) as home,
            phone_side(home.local, media_every_s=0.02) as phone,
            aiohttp.ClientSession() as session,
        ):
            await phone.open(tenant=tenant)
            await phone.until("media")
            await test(home, phone, session)

    run_on_loopback(main())


def opened(home: House, phone: PhoneSide, session: aiohttp.ClientSession, **headers: str) -> Any:
    url = f"{home.origin}/api/calls/{phone.call_id}/listen"
    return session.ws_connect(url, headers=headers)


def test_both_sides_are_heard_until_the_call_is_over(tmp_path: Path) -> None:
    async def test(home: House, phone: PhoneSide, session: aiohttp.ClientSession) -> None:
        async with opened(home, phone, session) as ws:
            heard = b""
            while len(heard) < 8000:
                heard += await ws.receive_bytes()
            assert abs(mulaw.decode(heard)).max() > 5000
            [line] = home.lines("call.listened_to")
            assert (line["call_id"], line["tenant"]) == (phone.call_id, "studio")
            await phone.hang_up()
            while (message := await ws.receive()).type is WSMsgType.BINARY:
                pass
            assert message.type is WSMsgType.CLOSE
            assert ws.close_code == 1000
        await home.quiet(5)

    listening(tmp_path, test)


def test_who_stops_listening_leaves_nothing_behind(tmp_path: Path) -> None:
    async def test(home: House, phone: PhoneSide, session: aiohttp.ClientSession) -> None:
        [running] = home.service.running.values()
        for _ in range(3):
            async with opened(home, phone, session) as ws:
                await ws.receive_bytes()
                tap: Any = running.call.tap
                assert len(tap.ears) == 1
            await asyncio.sleep(0.1)
            assert tap.ears == []

    listening(tmp_path, test)


def test_a_listener_who_is_slow_misses_something_and_holds_up_nobody(tmp_path: Path) -> None:
    async def test(home: House, phone: PhoneSide, session: aiohttp.ClientSession) -> None:
        async with opened(home, phone, session) as ws:
            await ws.receive_bytes()
            [running] = home.service.running.values()
            tap: Any = running.call.tap
            for _ in range(10 * MOST_WAITING):
                tap.caller(bytes(160))
            await asyncio.sleep(0.5)
            n = 0
            while ws._reader.exception() is None and ws._reader._buffer:
                await ws.receive_bytes()
                n += 1
            assert n < 2 * MOST_WAITING

    listening(tmp_path, test)


def test_where_the_tenant_does_not_allow_it_nobody_listens(tmp_path: Path) -> None:
    async def test(home: House, phone: PhoneSide, session: aiohttp.ClientSession) -> None:
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await opened(home, phone, session)
        assert caught.value.status == 403

    listening(tmp_path, test, tenant="shop")


def test_who_it_is_and_which_call_is_asked_first(tmp_path: Path) -> None:
    async def test(home: House, phone: PhoneSide, session: aiohttp.ClientSession) -> None:
        for headers, status in (
            ({}, 401),
            ({"Authorization": "Bearer wrong"}, 401),
            ({"Origin": "https://elsewhere.example"}, 403),
        ):
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                await opened(home, phone, session, **headers)
            assert caught.value.status == status
        signed_in = {"Authorization": "Bearer a-token-of-some-length"}
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await session.ws_connect(f"{home.origin}/api/calls/CA0/listen", headers=signed_in)
        assert caught.value.status == 404

    listening(tmp_path, test, api_token="a-token-of-some-length")
