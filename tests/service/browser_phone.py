"""The browser's telephone, hand-driven: what its page asks for and sends."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp

from tests.service.house import House, house
from tests.service.model_side import fake_model, polite
from tests.service.phone_side import MULAW
from tests.support.patient_loop import run_on_loopback

TOKEN = "a-token-of-some-length"
type Test = Callable[[House, aiohttp.ClientSession], Awaitable[None]]


def with_phone(folder: Path, test: Test, model: Any = polite, **changes: Any) -> None:
    """Run a test with a service and somebody's browser, which keeps no cookies."""

    async def main() -> None:
        async with (
            fake_model(model) as served,
            house(folder, served.url, **changes) as home,
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
        ):
            await test(home, session)

    run_on_loopback(main())


async def post(
    home: House, session: aiohttp.ClientSession, path: str, **body: Any
) -> tuple[int, Any]:
    """The status of a request, and what came: an object where all is well, else words."""
    async with session.post(home.origin + path, json=body) as response:
        text = await response.text()
        return response.status, json.loads(text) if response.status == 200 else text


class Browser:
    """What the page does on its media socket."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse, dialled: dict[str, Any]) -> None:
        self.ws = ws
        self.dialled = dialled
        self.sequence = 0

    async def send(self, event: str, **fields: Any) -> None:
        self.sequence += 1
        message = {"event": event, "sequenceNumber": str(self.sequence), **fields}
        await self.ws.send_str(json.dumps({**message, "streamSid": self.dialled["stream"]}))

    async def start(self, **changes: Any) -> None:
        start = {
            "streamSid": self.dialled["stream"],
            "callSid": self.dialled["call"],
            "accountSid": self.dialled["account"],
            "tracks": ["inbound"],
            "mediaFormat": MULAW,
            "customParameters": self.dialled["parameters"],
            **changes,
        }
        await self.ws.send_str('{"event": "connected", "protocol": "Call", "version": "1.0.0"}')
        await self.send("start", start=start)

    async def until(self, event: str) -> dict[str, Any]:
        while True:
            message: dict[str, Any] = await self.ws.receive_json()
            if message["event"] == event:
                return message

    async def stop(self) -> None:
        await self.send(
            "stop", stop={"accountSid": self.dialled["account"], "callSid": self.dialled["call"]}
        )
        await self.ws.close()


def dialled_by(home: House, session: aiohttp.ClientSession) -> Any:
    """The media socket of the page."""
    return session.ws_connect(f"{home.origin}/phone/media")
