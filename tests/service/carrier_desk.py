"""The carrier's desk: asks the service's webhooks, and dials the media sockets it is sent to."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import aiohttp

from tests.service.house import CALLER, NUMBER, House, house
from tests.service.model_side import Behaviour, ModelSide, fake_model
from tests.service.phone_side import PhoneSide, phone_side
from tests.support.patient_loop import run_on_loopback

SPEECH_S = 6.0


@dataclass
class Desk:
    """One call, as the carrier has it.

    Attributes:
        parameters: of the latest document's stream.
        then: where the latest document says to ask what next; None: nowhere.
    """

    home: House
    session: aiohttp.ClientSession
    number: int = 1
    to: str = NUMBER
    parameters: dict[str, str] = field(default_factory=dict)
    then: str | None = None
    _streams: int = 0

    @property
    def call_id(self) -> str:
        return f"CA{self.number:032x}"

    async def ask(self, path: str, *, token: str | None = None, **form: str) -> Element:
        """Ask a webhook what to do."""
        fields = {"CallSid": self.call_id, "From": CALLER, "To": self.to, **form}
        headers = {} if token is None else {"I-Twilio-Idempotency-Token": token}
        url = path if path.startswith("http") else f"{self.home.origin}{path}"
        async with self.session.post(url, data=fields, headers=headers) as response:
            assert response.status == 200, await response.text()
            document = fromstring(await response.text())
        found = document.findall("./Connect/Stream/Parameter")
        self.parameters = {p.attrib["name"]: p.attrib["value"] for p in found}
        self.then = document.findtext("Redirect")
        return document

    async def tell(self, path: str, **form: str) -> int:
        """Tell a callback something; returns the status."""
        fields = {"CallSid": self.call_id, **form}
        async with self.session.post(f"{self.home.origin}{path}", data=fields) as response:
            return response.status

    async def ring(self, **form: str) -> Element:
        return await self.ask("/twilio/voice", CallStatus="ringing", **form)

    async def go_on(self, **form: str) -> Element:
        """The stream is over: ask what next, where the document said."""
        assert self.then is not None
        return await self.ask(self.then, **{"CallStatus": "in-progress", **form})

    def dial(self, **options: Any) -> AbstractAsyncContextManager[PhoneSide]:
        """Open the media socket and start the stream."""
        return self._dial({"media_every_s": 0.02, **options})

    @asynccontextmanager
    async def _dial(self, options: dict[str, Any]) -> AsyncIterator[PhoneSide]:
        media = self.home.local.replace("/local", "/1")
        async with phone_side(media, number=self.number, **options) as phone:
            self._streams += 1
            phone.stream = f"MZ{self._streams:032x}"
            await phone.open(**self.parameters)
            yield phone


@asynccontextmanager
async def desk(home: House, **options: Any) -> AsyncIterator[Desk]:
    async with aiohttp.ClientSession() as session:
        yield Desk(home, session, **options)


type Test = Callable[[House, Desk], Awaitable[None]]


async def long_winded(side: ModelSide) -> None:
    """Greets for `SPEECH_S`, so that a socket can be lost in the middle of it."""
    await side.greet(SPEECH_S)
    await side.until_closed()


def with_desk(folder: Path, test: Test, behaviour: Behaviour = long_winded, **options: Any) -> None:
    """Run a test with a service and the carrier's desk.

    Args:
        behaviour: the model's.
        options: of the desk.
    """

    async def main() -> None:
        async with (
            fake_model(behaviour) as model,
            house(folder, model.url) as home,
            desk(home, **options) as carrier,
        ):
            await test(home, carrier)

    run_on_loopback(main())
