"""What is no HTTP is refused, counted, and no way to fill the log."""

import asyncio
import logging
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from agent.service.malformed import ServerLog
from tests.service.house import house
from tests.support.patient_loop import run_on_loopback

pytestmark = pytest.mark.socket

NO_HTTP = (
    b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: " + b"x" * 20_000 + b"\r\n\r\n",
    b"GET /" + b"y" * 20_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST /twilio/voice HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nBad Name: 1\r\n\r\n",
)


def test_strangers_who_do_not_speak_http_are_counted_and_hardly_logged(tmp_path: Path) -> None:
    async def main() -> None:
        async with asyncio.timeout(30), house(tmp_path, "ws://127.0.0.1:1") as home:
            there = urlsplit(home.origin)
            for text in NO_HTTP * 5:
                reader, writer = await asyncio.open_connection(there.hostname, there.port)
                writer.write(text)
                answer = await reader.readline()
                writer.close()
                await writer.wait_closed()
                assert answer.endswith(b" 400 Bad Request\r\n"), text[:60]
            assert home.service.counters["refused_malformed"] == 5 * len(NO_HTTP)
            assert home.lines("library.logged") == []
            assert [line["reason"] for line in home.lines("request.refused")] == ["malformed"]

    run_on_loopback(main())


def test_other_errors_of_the_server_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    log = ServerLog(lambda: None)
    with caplog.at_level(logging.ERROR, "aiohttp.server"):
        log.exception("Error handling request from %s", "somebody", exc_info=ValueError("x"))
        log.error("Unhandled")
    assert [record.getMessage() for record in caplog.records] == [
        "Error handling request from somebody",
        "Unhandled",
    ]
