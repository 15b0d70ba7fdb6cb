"""The live feed's socket: who may look, at what, and for how long."""

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType

from agent.service import live_socket
from agent.service.auth import SESSION_COOKIE, SESSION_S, open_session
from agent.service.live_socket import ASK_AGAIN_S, NOT_ALLOWED
from tests.service.console_house import SIGNED_IN, TOKEN, Desk, at_the_desk
from tests.service.live_calls import Talk

pytestmark = pytest.mark.socket

CLOSED: dict[str, Any] = {"insecure_local": False, "api_token": TOKEN}


class Page:
    """One page of the console, as far as its socket goes."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws

    async def want(self, **wants: Any) -> None:
        await self.ws.send_json(wants)

    async def next(self) -> dict[str, Any]:
        message: dict[str, Any] = await self.ws.receive_json()
        return message

    async def until_closed(self) -> int | None:
        while (message := await self.ws.receive()).type is WSMsgType.TEXT:
            pass
        assert message.type is WSMsgType.CLOSE
        return self.ws.close_code


def call(desk: Desk, id: str = "CA1") -> Talk:
    talk = Talk(id)
    desk.service.running[id] = talk.running
    return talk


def opened(desk: Desk, **headers: str) -> Any:
    return desk.session.ws_connect(f"{desk.origin}/api/live", headers=headers)


def test_a_page_sees_the_calls_and_what_becomes_of_them(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        talk = call(desk)
        async with opened(desk) as ws:
            page = Page(ws)
            await page.want(list=True)
            whole = await page.next()
            assert [row["id"] for row in whole["rows"]] == ["CA1"]
            talk.add(1.0, "caller.said", turn=1, pii_text="<b>A table</b>")
            news = await page.next()
            assert news["rows"] == [{"id": "CA1", "who": "caller", "words": "<b>A table</b>"}]
            del desk.service.running["CA1"]
            assert (await page.next())["gone"] == ["CA1"]

    at_the_desk(tmp_path, test)


def test_a_page_sees_the_words_of_the_call_it_watches_from_where_it_was(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        talk = call(desk)
        for k in range(3):
            talk.add(float(k), "agent.said", turn=k, pii_text=str(k))
        async with opened(desk) as ws:
            page = Page(ws)
            await page.want(watch="CA1", **{"from": 1})
            found = await page.next()
            assert (found["id"], found["from"]) == ("CA1", 1)
            assert [entry[2]["pii.text"] for entry in found["entries"]] == ["1", "2"]
            talk.add(4.0, "agent.said", turn=4, pii_text="more")
            assert (await page.next())["from"] == 3

    at_the_desk(tmp_path, test)


def test_who_wants_nothing_gets_nothing_and_who_wants_the_list_again_gets_it_whole(
    tmp_path: Path,
) -> None:
    async def test(desk: Desk) -> None:
        call(desk)
        async with opened(desk) as ws:
            page = Page(ws)
            for _ in range(2):
                await page.want(list=True)
                assert (await page.next())["whole"]
                await page.want(list=False, watch="CA9")
                await asyncio.sleep(1.0)

    at_the_desk(tmp_path, test)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"list": 5}', '{"watch": 7}', '{"from": "x"}', "[" * 3000]
)
def test_a_page_that_talks_nonsense_is_sent_away(text: str, tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        async with opened(desk) as ws:
            await ws.send_str(text)
            assert await Page(ws).until_closed() == 1008

    at_the_desk(tmp_path, test)


def test_a_message_that_is_too_long_ends_the_socket(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        async with opened(desk) as ws:
            await ws.send_str(json.dumps({"watch": "x" * 10_000}))
            assert await Page(ws).until_closed() == 1009

    at_the_desk(tmp_path, test)


def test_bytes_and_strange_places_in_a_timeline_are_borne(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        call(desk).add(0.0, "call.started")
        async with opened(desk) as ws:
            page = Page(ws)
            await ws.send_bytes(b"\xff")
            await page.want(watch="CA1", **{"from": 2**60})
            await page.want(watch="CA1", **{"from": -5})
            assert (await page.next())["from"] == 0

    at_the_desk(tmp_path, test)


def test_without_a_session_the_socket_says_so(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        for cookie in ("", f"{SESSION_COOKIE}=9999999999.0000"):
            async with opened(desk, Cookie=cookie) as ws:
                assert await Page(ws).until_closed() == NOT_ALLOWED
        async with opened(desk, **SIGNED_IN) as ws:
            await Page(ws).want(list=True)
            assert (await Page(ws).next())["whole"]

    at_the_desk(tmp_path, test, **CLOSED)


def test_pages_of_other_sites_get_no_socket(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        for origin in ("https://elsewhere.example", "null"):
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                await opened(desk, Origin=origin)
            assert caught.value.status == 403

    at_the_desk(tmp_path, test)


def test_a_session_that_runs_out_ends_the_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(desk: Desk) -> None:
        loop = asyncio.get_running_loop()
        monkeypatch.setattr("agent.service.auth.time.time", loop.time)
        response = aiohttp.web.Response()
        open_session(response, TOKEN, secure=False, now=loop.time() - SESSION_S + 90)
        cookie = f"{SESSION_COOKIE}={response.cookies[SESSION_COOKIE].value}"
        began = loop.time()
        async with opened(desk, Cookie=cookie) as ws:
            assert await Page(ws).until_closed() == NOT_ALLOWED
        assert 90 <= loop.time() - began < 90 + ASK_AGAIN_S + 1

    at_the_desk(tmp_path, test, **CLOSED)


def test_so_many_pages_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_socket, "MOST_VIEWERS", 1)

    async def test(desk: Desk) -> None:
        async with opened(desk), opened(desk) as second:
            assert await Page(second).until_closed() == 1013
        async with opened(desk) as third:
            await Page(third).want(list=True)
            assert (await Page(third).next())["whole"]

    at_the_desk(tmp_path, test)


def test_a_page_that_reads_nothing_is_given_up(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        talk = call(desk)
        for k in range(4000):
            talk.add(float(k), "agent.said", turn=k, pii_text="x" * 2000)
        async with opened(desk) as ws:
            assert ws._conn is not None
            await Page(ws).want(watch="CA1")
            ws._conn.transport.pause_reading()
            await asyncio.sleep(60)
            ws._conn.transport.resume_reading()
            n = 0
            while (await ws.receive()).type is WSMsgType.TEXT:
                n += 1
            assert n < 10

    at_the_desk(tmp_path, test)


def test_when_the_service_ends_so_do_the_sockets(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        async with opened(desk) as ws:
            page = Page(ws)
            await page.want(list=True)
            await page.next()
            async with asyncio.TaskGroup() as tasks:
                ended = tasks.create_task(page.until_closed())
                tasks.create_task(desk.runner.shutdown())
            assert ended.result() == 1001

    at_the_desk(tmp_path, test)
