"""`seamline emulate twilio` as a program of its own."""

import asyncio
import re
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from agent.cli.emulate_twilio import parties_of, run_twilio
from agent.errors import ConfigError
from agent.service.twilio_http import Account, TwilioHttp
from agent.service.twilio_rest import TwilioRest

NUMBER, DESK = "+15550100100", "+15550100199"


@asynccontextmanager
async def emulator(*arguments: str) -> AsyncIterator[tuple[str, Account]]:
    """The command, until it listens; gives its address and the account it says."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "agent", "emulate", "twilio", "--port", "0", *arguments),
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        lines = [(await process.stderr.readline()).decode() for _ in range(3)]
        found = re.search(
            r"SEAMLINE_TWILIO_URL=(\S+) TWILIO_ACCOUNT_SID=(\S+) TWILIO_AUTH_TOKEN=(\S+)", lines[1]
        )
        assert found is not None, lines
        url, sid, token = found.groups()
        assert lines[0].startswith(f"Twilio's stand-in listens on {url}")
        assert lines[2].strip() == f"curl -d To={NUMBER} {url}/stand-in/calls"
        yield url, Account(sid, sid, token, url)
    finally:
        process.terminate()
        rest = (await process.stderr.read()).decode()
        assert await process.wait() == 0, rest


@asynccontextmanager
async def answering_machine() -> AsyncIterator[tuple[str, list[str]]]:
    """A service that says one thing to everybody."""
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        assert "X-Twilio-Signature" in request.headers
        text = "<Response><Say>Nobody is here.</Say></Response>"
        return web.Response(text=text, content_type="text/xml")

    app = web.Application()
    app.router.add_post("/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", asked
    finally:
        await runner.cleanup()


@pytest.mark.socket
def test_somebody_calls_the_number_and_the_service_is_asked() -> None:
    async def main() -> None:
        async with (
            answering_machine() as (service, asked),
            emulator("--service", service, "--token", "t0ken") as (url, account),
            aiohttp.ClientSession() as session,
        ):
            assert account.secret == "t0ken"
            as_curl_does = {"Content-Type": "application/x-www-form-urlencoded"}
            async with session.post(
                f"{url}/stand-in/calls", data=f"To={NUMBER}", headers=as_curl_does
            ) as response:
                sid = (await response.json())["sid"]
            story: Any = {"over": False}
            while not story["over"]:
                await asyncio.sleep(0.1)
                async with session.get(f"{url}/stand-in/calls/{sid}") as response:
                    story = await response.json()
            assert "said" in [one["name"] for one in story["happened"]]
            assert asked[0] == "/twilio/voice"

    asyncio.run(main())


@pytest.mark.socket
def test_what_goes_wrong_with_every_call_is_said_on_the_command_line() -> None:
    async def main() -> None:
        async with (
            answering_machine() as (service, asked),
            emulator("--service", service, "--trouble", "twice", "--trouble", "tones") as (url, _),
            aiohttp.ClientSession() as session,
        ):
            form = {"To": NUMBER, "Press": "0.1:7"}
            async with session.post(f"{url}/stand-in/calls", data=form) as response:
                assert response.status == 201
            for _ in range(200):
                if len(asked) > 1:
                    break
                await asyncio.sleep(0.05)
            assert asked[:2] == ["/twilio/voice", "/twilio/voice"]

    asyncio.run(main())


@pytest.mark.socket
def test_the_services_client_finds_the_party_that_was_asked_for() -> None:
    async def main() -> None:
        async with (
            emulator("--party", f"{DESK}=busy", "--late-callbacks") as (_, account),
            aiohttp.ClientSession() as session,
        ):
            rest = TwilioRest(TwilioHttp(account, session, random=lambda: 0.5))
            call = await rest.create_call(DESK, NUMBER, twiml="<Response/>", time_limit_s=60)
            status = call.status
            for _ in range(100):
                status = (await rest.fetch_call(call.sid)).status
                if status == "busy":
                    break
                await asyncio.sleep(0.1)
            assert status == "busy"

    asyncio.run(main())


def test_what_is_no_number_and_no_party_is_refused() -> None:
    with pytest.raises(ConfigError, match="--number 12: write it as"):
        run_twilio(0, service=None, numbers=["12"], token=None)
    with pytest.raises(ConfigError, match="--service nonsense: write it as"):
        run_twilio(0, service="nonsense", numbers=[NUMBER], token=None)
    with pytest.raises(ConfigError, match="--trouble 'rain': one of stall="):
        run_twilio(0, service=None, numbers=[NUMBER], token=None, troubles=["rain"])
    for text in ("x", f"{DESK}=asleep", "12=busy", DESK):
        with pytest.raises(ConfigError, match="write NUMBER=KIND, of the kinds human"):
            parties_of([text])
    assert parties_of([f"{DESK}=machine"])[DESK].answered_by == "machine"


@pytest.mark.socket
def test_a_port_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"cannot listen on port {port}: "):
            run_twilio(port, service=None, numbers=[NUMBER], token=None)
