"""A service that makes calls, its carrier's account, and a client of its API."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from tests.service.house import House, house
from tests.service.model_side import Behaviour, fake_model, polite
from tests.service.rest_side import LIVE, Answer, Carrier, listening
from tests.support.patient_loop import run_on_loopback

TO = "+15550100199"
SELLER = """
tenant: seller
numbers: [+15550100105]
agent: {greeting: Thank you for calling., instructions: Be kind.}
outbound:
  number: +15550100105
  to: [+1555, +44]
  hours: {mon-sun: '0:00-24:00'}
  do_not_call: never.txt
  message: Please call us back.
  greeting: 'Hello {caller.name|there}.'
  instructions: You call {caller.name|somebody}.
"""
ASKED = {"tenant": "seller", "to": TO, "zone": "America/New_York", "context": {"name": "Ada"}}


@dataclass
class Desk:
    """A service, its carrier, and a client of its API."""

    home: House
    carrier: Carrier
    session: aiohttp.ClientSession

    async def ask(
        self, body: object = ASKED, key: str | None = None, **headers: str
    ) -> tuple[int, dict[str, Any]]:
        given = headers if key is None else {"Idempotency-Key": key, **headers}
        async with self.session.post(
            f"{self.home.origin}/api/calls", json=body, headers=given
        ) as response:
            text = await response.text()
            return response.status, json.loads(text) if text.startswith("{") else {"text": text}

    async def order(self, id: str) -> dict[str, Any]:
        async with self.session.get(f"{self.home.origin}/api/orders/{id}") as response:
            assert response.status == 200
            return dict(await response.json())

    async def until(self, id: str, state: str) -> dict[str, Any]:
        async with asyncio.timeout(60):
            while (order := await self.order(id))["state"] != state:  # noqa: ASYNC110  another side
                await asyncio.sleep(0.1)
        return order

    async def carrier_asks(self, url: str, **fields: str) -> str:
        async with self.session.post(url, data=fields) as response:
            assert response.status < 300, await response.text()
            return await response.text()

    def url(self, name: str) -> str:
        """What the carrier was told to ask, for the last call."""
        return dict(self.carrier.asked[-1][2])[name]


def at_desk(
    folder: Path,
    test: Callable[[Desk], Awaitable[None]],
    *answers: Answer,
    text: str = SELLER,
    never: str = "",
    behaviour: Behaviour = polite,
    run: Callable[[Coroutine[Any, Any, None]], None] = run_on_loopback,
    **changes: Any,
) -> None:
    """Run a test with a service whose one more tenant makes calls.

    Args:
        answers: of the carrier; none: it makes every call.
        text: the tenant's file.
        never: the numbers that it may not call.
        behaviour: the model's.
        run: runs it all; in real time where a store's thread needs that.
        changes: of the service's settings.
    """
    (folder / "seller.yaml").write_text(text)
    (folder / "never.txt").write_text(never)

    async def main() -> None:
        carrier = Carrier(*(answers or (web.json_response(LIVE, status=201),)))
        async with (
            listening(carrier) as account,
            fake_model(behaviour) as model,
            house(folder, model.url, **{"carrier": account, **changes}) as home,
            aiohttp.ClientSession() as session,
        ):
            await test(Desk(home, carrier, session))

    run(main())
