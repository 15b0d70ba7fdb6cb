"""The service between the exchange and a hand-played model, under its public name."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.sim.exchange.plan import Account, World
from agent.sim.exchange.switchboard import Switchboard, switchboard
from tests.service.house import NUMBER, OTHER_NUMBER, House, house
from tests.service.model_side import Behaviour, FakeModel, fake_model, polite
from tests.support.patient_loop import run_on_loopback

PUBLIC = "https://voice.example.com"
TOKEN = "0123456789abcdef0123456789abcdef"
ACCOUNT = Account("AC" + "0" * 32, TOKEN)


@dataclass(frozen=True, slots=True)
class Town:
    """Everybody a call needs.

    Attributes:
        home: the service. board: the carrier. model: the model's service.
    """

    home: House
    board: Switchboard
    model: FakeModel

    def outcomes(self) -> list[str]:
        """How the service's calls ended."""
        return [line["outcome"] for line in self.home.lines("call.ended")]

    def codes(self) -> list[int]:
        """What the carrier would show its customer, but that we closed sockets."""
        return [code for code, _, _ in self.board.exchange.errors if code != 31921]


@asynccontextmanager
async def town(
    folder: Path,
    *behaviours: Behaviour,
    world: World | None = None,
    port: int | None = None,
    **changes: Any,
) -> AsyncIterator[Town]:
    """A service that asks for signatures, and an exchange that makes them."""
    reach: dict[str, str] = {}
    settings = {"insecure_local": False, "carrier_tokens": (TOKEN,), "public_url": PUBLIC}
    async with (
        fake_model(*(behaviours or (polite,))) as model,
        switchboard(ACCOUNT, world, reach=reach, port=port) as board,
        house(folder, model.url, gemini_key="k", **{**settings, **changes}) as home,
    ):
        reach[PUBLIC] = home.origin
        for number in (NUMBER, OTHER_NUMBER):
            board.exchange.add_number(
                number,
                f"{PUBLIC}/twilio/voice",
                status_callback=f"{PUBLIC}/twilio/status",
            )
        yield Town(home, board, model)


def in_town(
    folder: Path,
    test: Callable[[Town], Awaitable[None]],
    *behaviours: Behaviour,
    **changes: Any,
) -> None:
    """Run a test there, in jumping time."""

    async def main() -> None:
        async with town(folder, *behaviours, **changes) as there:
            await test(there)

    run_on_loopback(main())
