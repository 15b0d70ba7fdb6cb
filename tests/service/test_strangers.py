"""Who is let in: not what the carrier did not sign, and no form that is none."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from agent.telephony.twilio.signature import sign
from tests.service.house import House
from tests.service.webhook_side import CALL, PUBLIC, SIGNED, TOKENS, ask, with_house

pytestmark = pytest.mark.socket


@pytest.mark.parametrize("token", [None, "wrong-token", ""])
def test_a_request_that_the_carrier_did_not_sign_is_refused(
    token: str | None, tmp_path: Path
) -> None:
    async def test(home: House, session: aiohttp.ClientSession) -> None:
        assert await ask(home, session, token) == (403, "the signature does not match\n")
        assert home.service.counters == {"refused_signature": 1}
        [line] = home.lines("request.refused")
        assert (line["reason"], line["path"]) == ("signature", "/twilio/voice")

    with_house(tmp_path, test, **SIGNED)


def test_a_signed_form_cannot_be_changed(tmp_path: Path) -> None:
    async def test(home: House, session: aiohttp.ClientSession) -> None:
        signature = sign(TOKENS[0], f"{PUBLIC}/twilio/voice", CALL.items())
        async with session.post(
            f"{home.origin}/twilio/voice",
            data={**CALL, "To": "+15550100199"},
            headers={"X-Twilio-Signature": signature},
        ) as response:
            assert response.status == 403

    with_house(tmp_path, test, **SIGNED)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"To=+1", "text/plain", 415),
        (b"--x\r\n", "multipart/form-data; boundary=x", 415),
        (b"To=%2B1", "application/x-www-form-urlencoded; charset=klingon", 400),
        (b"To=\xff\xfe", "application/x-www-form-urlencoded; charset=utf-8", 400),
        (b"To=" + b"1" * 70_000, "application/x-www-form-urlencoded", 413),
    ],
)
def test_what_is_no_form_is_refused_without_a_traceback(
    body: bytes, kind: str, status: int, tmp_path: Path
) -> None:
    async def test(home: House, session: aiohttp.ClientSession) -> None:
        url, headers = f"{home.origin}/twilio/voice", {"Content-Type": kind}
        async with session.post(url, data=body, headers=headers) as response:
            assert response.status == status
        assert home.log.getvalue() == ""

    with_house(tmp_path, test)


def test_a_form_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    async def test(home: House, _: aiohttp.ClientSession) -> None:
        host, port = home.origin.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            b"POST /twilio/voice HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n\r\nTo="
        )
        assert (await reader.readline()).startswith(b"HTTP/1.1 408 ")
        writer.close()
        await writer.wait_closed()
        await asyncio.sleep(11)  # the server lingers for ten seconds, for the rest of the form

    with_house(tmp_path, test)


async def upgrade(home: House, path: str, signature: str | None) -> int:
    """The status that the media socket's upgrade is answered with; 101 when it is taken."""
    headers = {} if signature is None else {"X-Twilio-Signature": signature}
    url = f"{home.origin.replace('http', 'ws')}{path}"
    async with aiohttp.ClientSession() as session:
        try:
            async with session.ws_connect(url, headers=headers):
                return 101
        except aiohttp.WSServerHandshakeError as error:
            return error.status


def test_a_media_socket_is_taken_from_the_carrier_only(tmp_path: Path) -> None:
    media = f"{PUBLIC.replace('https', 'wss')}/twilio/media/1"

    async def test(home: House, _: aiohttp.ClientSession) -> None:
        for url in (media, f"{media}/", media.replace(".com", ".com:443")):
            assert await upgrade(home, "/twilio/media/1", sign(TOKENS[0], url)) == 101
        assert await upgrade(home, "/twilio/media/1", sign("wrong-token", media)) == 403
        assert await upgrade(home, "/twilio/media/1", sign(TOKENS[0], f"{media}x")) == 403
        assert await upgrade(home, "/twilio/media/1", None) == 403
        assert await upgrade(home, "/twilio/media/local", sign(TOKENS[0], media)) == 404
        await home.quiet(within_s=1)

    with_house(tmp_path, test, **SIGNED)


def test_a_media_socket_is_no_page(tmp_path: Path) -> None:
    async def test(home: House, session: aiohttp.ClientSession) -> None:
        async with session.get(f"{home.origin}/twilio/media/local") as response:
            assert response.status == 400

    with_house(tmp_path, test)
