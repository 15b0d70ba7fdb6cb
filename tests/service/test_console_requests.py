"""Bodies that come slowly, or in many pieces."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest
from yarl import URL

from agent.service.console_requests import BODY_TIMEOUT_S, answer_json
from tests.service.console_house import Desk, at_the_desk

pytestmark = pytest.mark.socket

JSON = {"Content-Type": "application/json"}


async def pieces(*parts: bytes, pause_s: float) -> AsyncIterator[bytes]:
    for part in parts:
        yield part
        await asyncio.sleep(pause_s)


def test_a_body_in_pieces_is_read_whole(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        body = pieces(b'{"tok', b'en": "x"}', pause_s=0.1)
        response = await desk.ask("POST", "/console/session", data=body, headers=JSON)
        assert response.status == 200

    at_the_desk(tmp_path, test)


def test_a_body_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        port = URL(desk.origin).port
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        loop = asyncio.get_running_loop()
        began = loop.time()
        writer.write(
            f"POST /console/session HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            "Content-Type: application/json\r\nContent-Length: 12\r\n\r\n{".encode()
        )
        assert (await reader.readline()).startswith(b"HTTP/1.1 408 ")
        assert loop.time() - began < BODY_TIMEOUT_S + 1
        writer.close()
        await writer.wait_closed()
        await asyncio.sleep(11)  # the server lingers for ten seconds, for the rest of the body

    at_the_desk(tmp_path, test)


def test_answers_are_kept_by_nobody_and_money_is_a_number() -> None:
    response = answer_json({"cost": Decimal("0.0125")}, status=201)
    assert response.body == b'{"cost":0.0125}'
    assert response.status == 201
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
