"""The carrier's side of the webhook that it asks for a call, signed or not."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import aiohttp

from agent.telephony.twilio.signature import sign
from tests.service.house import CALLER, NUMBER, House, house
from tests.support.patient_loop import run_on_loopback

TOKENS = ("new-token", "old-token")
PUBLIC = "https://voice.example.com"
CALL = {"CallSid": "CA1", "From": CALLER, "To": NUMBER, "Direction": "inbound"}
SIGNED: dict[str, Any] = {
    "insecure_local": False,
    "carrier_tokens": TOKENS,
    "public_url": PUBLIC,
}
type Test = Callable[[House, aiohttp.ClientSession], Awaitable[None]]


def with_house(folder: Path, test: Test, **changes: Any) -> None:
    """Run a test with a service that nobody of the model's side answers."""

    async def main() -> None:
        async with (
            house(folder, "ws://127.0.0.1:1", **changes) as home,
            aiohttp.ClientSession() as session,
        ):
            await test(home, session)

    run_on_loopback(main())


async def ask(
    home: House, session: aiohttp.ClientSession, token: str | None = None, **form: str
) -> tuple[int, Element | str]:
    """What the webhook says to a call."""
    form = {**CALL, **form}
    headers = {}
    if token is not None:
        headers["X-Twilio-Signature"] = sign(token, f"{PUBLIC}/twilio/voice", form.items())
    url = f"{home.origin}/twilio/voice"
    async with session.post(url, data=form, headers=headers) as response:
        text = await response.text()
        return response.status, fromstring(text) if response.status == 200 else text
