"""The carrier's side of whole calls that are passed on, hand-driven."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urljoin
from xml.etree.ElementTree import Element, fromstring

import aiohttp
from aiohttp import web

from tests.service.house import CALLER, House, house
from tests.service.model_side import END_OF_TURN, ModelSide, audio, fake_model, text_in, tool_call
from tests.service.phone_side import PhoneSide, phone_side
from tests.service.rest_side import Carrier, account_of
from tests.support.patient_loop import run_on_loopback

NUMBER = "+15550100102"
CALL, PERSON = f"CA{1:032x}", "CA" + "2" * 32
BELLA = f"""\
tenant: bella
numbers: [{NUMBER}]
agent: {{greeting: Good day., instructions: Be kind.}}
tools:
  - builtin: transfer
  - builtin: voicemail
  - builtin: send_sms
  - builtin: send_digits
  - builtin: end_call
transfers:
  kitchen: {{to: +15550100198, ring: 15s}}
  owner: {{to: +15550100199, how: warm, about: Mario}}
"""
LIVE = web.json_response({"sid": PERSON, "status": "queued"}, status=201)

type Story = Callable[["Line"], Awaitable[None]]


class Line:
    """The carrier's side of one call.

    Attributes:
        asked: where the last document came from.
    """

    def __init__(self, home: House, session: aiohttp.ClientSession, carrier: Carrier) -> None:
        self.home, self.carrier = home, carrier
        self.asked = f"{home.origin}/twilio/voice"
        self._session = session
        self._streams = 0

    async def ask(self, url: str, **fields: str) -> Element:
        """What the service answers; an address is completed as the carrier does it."""
        self.asked = urljoin(self.asked, url)
        form = {"CallSid": CALL, "From": CALLER, "To": NUMBER, "CallStatus": "in-progress"}
        async with self._session.post(self.asked, data={**form, **fields}) as response:
            text = await response.text()
            assert response.status in (200, 204), text
            return fromstring(text) if text else Element("Nothing")

    async def call(self) -> Element:
        return await self.ask("/twilio/voice", CallStatus="ringing")

    @asynccontextmanager
    async def stream(self, document: Element) -> AsyncIterator[PhoneSide]:
        """The media stream that a document asks for."""
        [stream] = document.iter("Stream")
        [after] = document.findall("Redirect")
        parameters = {p.get("name", ""): p.get("value", "") for p in stream.iter("Parameter")}
        self._streams += 1
        async with phone_side(
            stream.get("url", ""), number=self._streams, media_every_s=0.02
        ) as phone:
            phone.call_id = CALL
            phone.after = after.text  # type: ignore[attr-defined]
            await phone.open(**parameters)
            yield phone

    async def next(self, phone: PhoneSide) -> Element:
        """The service has closed the socket: what now?"""
        assert await phone.closed == 1000
        return await self.ask(phone.after)  # type: ignore[attr-defined]

    def ended(self) -> dict[str, object]:
        return self.home.ended()


def told(
    folder: Path,
    story: Story,
    *models: Callable[[ModelSide], Awaitable[None]],
    more: str = "",
    file: str = BELLA,
) -> House:
    """Play a story of a call; returns the service.

    Args:
        more: keys of the tenant, behind its file.
    """
    (folder / "bella.yaml").write_text(file + more)
    found: list[House] = []

    async def main() -> None:
        carrier = Carrier(LIVE)
        async with (
            asyncio.timeout(20),
            fake_model(*models) as model,
            account_of(carrier) as rest,
            house(folder, model.url) as home,
            aiohttp.ClientSession() as session,
        ):
            home.service.rest = rest
            found.append(home)
            await story(Line(home, session, carrier))

    run_on_loopback(main())
    return found[0]


def passes_on(name: str, **args: object) -> Callable[[ModelSide], Awaitable[None]]:
    """A model that greets, uses a tool of the line, says one sentence, and answers texts."""

    async def model(side: ModelSide) -> None:
        await side.greet()
        await side.send(tool_call(name, **args))
        await side.until(lambda message: "toolResponse" in message)
        await side.send(audio(0.4), *END_OF_TURN)
        while True:
            await side.until(lambda message: text_in(message) is not None)
            await side.say(0.4)

    return model
