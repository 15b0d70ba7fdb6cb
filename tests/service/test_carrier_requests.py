# mypy: disable-error-code="import-untyped, no-untyped-call"
"""Who is believed to be the carrier: whoever signs as the carrier's own library does."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from multidict import MultiDict
from twilio.request_validator import RequestValidator
from yarl import URL

from agent.service.twilio_http import Account
from tests.service.house import CALLER, NUMBER, House, house
from tests.service.phone_side import phone_side
from tests.support.patient_loop import run_on_loopback

pytestmark = pytest.mark.socket

TOKEN, PUBLIC, SIGNATURE = "0123456789abcdef", "https://voice.example.com", "X-Twilio-Signature"
FORM = {"CallSid": "CA1", "From": CALLER, "To": NUMBER}
SIGNED: dict[str, Any] = {
    "insecure_local": False,
    "carrier_tokens": ("newer", TOKEN),
    "public_url": PUBLIC,
}
OURS = Account("AC" + "1" * 32, "AC" + "1" * 32, "secret", PUBLIC)
type Test = Callable[[House, aiohttp.ClientSession], Awaitable[None]]


def with_house(folder: Path, test: Test, **changes: Any) -> None:
    async def main() -> None:
        async with (
            house(folder, "ws://127.0.0.1:1", **{**SIGNED, **changes}) as home,
            aiohttp.ClientSession() as session,
        ):
            await test(home, session)

    run_on_loopback(main())


def signed(url: str, form: Any = None, token: str = TOKEN) -> str:
    """What the carrier's own library makes of it."""
    return str(RequestValidator(token).compute_signature(url, form or {}))


async def send(
    home: House, session: aiohttp.ClientSession, path: str, signature: str, **options: Any
) -> int:
    """The status of a POST, or of whatever `method` says."""
    method = options.pop("method", "POST")
    headers = {SIGNATURE: signature, **options.pop("headers", {})}
    url = URL(home.origin + path, encoded=True)
    async with session.request(method, url, headers=headers, **options) as response:
        return response.status


def test_requests_of_every_kind_are_taken_as_the_carrier_s_library_would(tmp_path: Path) -> None:
    """Generated requests, some of them tampered with; the library says which are valid."""
    rng = Random(7)
    letters = "abZ09 &=+%<>\"'ü字\u00a0"

    def text(most: int) -> str:
        return "".join(rng.choices(letters, k=rng.randint(0, most)))

    def query() -> str:
        pairs = [f"{quote(text(4) or 'x')}={quote(text(6))}" for _ in range(rng.randint(0, 3))]
        return "?" + "&".join(pairs) if pairs else ""

    async def test(home: House, session: aiohttp.ClientSession) -> None:
        oracle = RequestValidator(TOKEN)
        verdicts = []
        for _ in range(300):
            path = rng.choice(["/twilio/voice", "/twilio/voice/", "/twilio/status"]) + query()
            form: MultiDict[str] = MultiDict(FORM)
            for _ in range(rng.randint(0, 4)):
                form.add(text(5) or "Empty", text(8))
            port = rng.choice(["", ":443"])
            asked = f"{PUBLIC.replace('.com', '.com' + port)}{path}"
            method = rng.choice(["POST", "GET"])
            if method == "GET":
                asked, path, form = f"{asked}&" if "?" in asked else f"{asked}?", path, MultiDict()
                path = asked[asked.index(".com" + port) + 4 + len(port) :]
            signature = oracle.compute_signature(asked, form)
            match rng.randint(0, 5):
                case 0:
                    form.add("Extra", "1")
                case 1:
                    signature = signed(asked, form, "another token")
                case 2:
                    path += "&x=1" if "?" in path else "?x=1"
                case _:
                    pass
            data = form if method == "POST" else None
            expected = oracle.validate(PUBLIC + path, form if method == "POST" else {}, signature)
            status = await send(home, session, path, signature, method=method, data=data)
            assert (status != 403) == expected, (method, path, status)
            verdicts.append(expected)
        assert 100 < sum(verdicts) < 260

    with_house(tmp_path, test)


def test_a_body_that_is_no_form_is_signed_by_its_hash(tmp_path: Path) -> None:
    body = json.dumps({**FORM, "n": 1}).encode()

    def path_of(data: bytes) -> str:
        return f"/twilio/voice?bodySHA256={hashlib.sha256(data).hexdigest()}"

    async def test(home: House, session: aiohttp.ClientSession) -> None:
        json_of: dict[str, Any] = {"headers": {"Content-Type": "application/json"}}
        path = path_of(body)
        signature = signed(PUBLIC + path)
        assert RequestValidator(TOKEN).validate(PUBLIC + path, body.decode(), signature)
        assert await send(home, session, path, signature, data=body, **json_of) == 200
        assert await send(home, session, path, signature, data=body + b" ", **json_of) == 403
        bare = "/twilio/voice"
        assert await send(home, session, bare, signed(PUBLIC + bare), data=body, **json_of) == 403
        assert await send(home, session, path, signed(PUBLIC + bare), data=body, **json_of) == 403
        for odd in (b"nonsense", b"[1]", b"[" * 50_000, b"\xff"):
            path = path_of(odd)
            assert (
                await send(home, session, path, signed(PUBLIC + path), data=odd, **json_of) == 400
            )

    with_house(tmp_path, test)


def test_what_a_proxy_says_of_host_and_scheme_is_not_read(tmp_path: Path) -> None:
    async def test(home: House, session: aiohttp.ClientSession) -> None:
        path = "/twilio/voice"
        proxied = {
            "X-Forwarded-Proto": "http",
            "X-Forwarded-Host": "elsewhere.example",
            "Forwarded": "host=elsewhere.example",
            "Host": "internal:8080",
        }
        ours, theirs = signed(PUBLIC + path, FORM), signed(f"http://elsewhere.example{path}", FORM)
        assert await send(home, session, path, ours, data=FORM, headers=proxied) == 200
        assert await send(home, session, path, theirs, data=FORM, headers=proxied) == 403

    with_house(tmp_path, test)


def test_capitals_in_the_host_are_those_that_the_carrier_was_given(tmp_path: Path) -> None:
    async def test(home: House, session: aiohttp.ClientSession) -> None:
        path, host = "/twilio/voice", "Voice.Example.COM"
        signature = signed(f"https://{host}{path}", FORM)
        typed = {"Host": host}
        assert await send(home, session, path, signature, data=FORM, headers=typed) == 200
        assert await send(home, session, path, signature, data=FORM) == 403

    with_house(tmp_path, test)


def test_a_path_is_signed_byte_for_byte(tmp_path: Path) -> None:
    async def test(home: House, session: aiohttp.ClientSession) -> None:
        for path in ("/twilio/voice?a=%7e&b=~&c=+%20", "/twilio/voice/?x", "/twilio/voice?a=1&a=2"):
            good, bad = signed(PUBLIC + path, FORM), signed(PUBLIC + path + "&", FORM)
            assert await send(home, session, path, good, data=FORM) == 200
            assert await send(home, session, path, bad, data=FORM) == 403

    with_house(tmp_path, test)


def test_another_account_is_refused_where_ours_is_known(tmp_path: Path) -> None:
    async def test(home: House, session: aiohttp.ClientSession) -> None:
        path = "/twilio/voice"
        for account, status in ((OURS.sid, 200), ("AC" + "2" * 32, 403)):
            form = {**FORM, "AccountSid": account}
            signature = signed(PUBLIC + path, form)
            assert await send(home, session, path, signature, data=form) == status
        assert home.service.counters["refused_account"] == 1

    with_house(tmp_path, test, carrier=OURS)


def test_a_stream_of_another_account_is_refused(tmp_path: Path) -> None:
    media = f"{PUBLIC.replace('https', 'wss')}/twilio/media/1"

    async def test(home: House, _: aiohttp.ClientSession) -> None:
        url = f"{home.origin.replace('http', 'ws')}/twilio/media/1"
        async with phone_side(url, headers={SIGNATURE: signed(media)}) as phone:
            await phone.open()
            assert await phone.closed == 1008
        [line] = home.lines("call.refused")
        assert line["reason"] == "account"

    with_house(tmp_path, test, carrier=OURS)


def test_nothing_of_an_unsigned_request_is_read(tmp_path: Path) -> None:
    async def test(home: House, session: aiohttp.ClientSession) -> None:
        host, port = home.origin.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            b"POST /twilio/voice HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n"
            b"Connection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\nTo="
        )
        began = asyncio.get_running_loop().time()
        assert (await reader.readline()).startswith(b"HTTP/1.1 403 ")
        assert asyncio.get_running_loop().time() - began < 1
        writer.close()
        await writer.wait_closed()
        await asyncio.sleep(11)  # the server lingers for ten seconds, for the rest of the form

    with_house(tmp_path, test)


@pytest.mark.parametrize("path", ["/twilio/voice", "/twilio/continue", "/twilio/status"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_webhook_asks_for_a_signature(path: str, method: str, tmp_path: Path) -> None:
    async def test(home: House, session: aiohttp.ClientSession) -> None:
        for headers in ({}, {SIGNATURE: ""}, {SIGNATURE: "x" * 5000}):
            url = home.origin + path
            async with session.request(method, url, data=None, headers=headers) as response:
                assert response.status in {403, 415}
        assert home.service.counters["refused_signature"] >= 1

    with_house(tmp_path, test)
