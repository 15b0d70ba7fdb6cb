"""Callers passed on through the exchange: cold, warm and to a recording, with bad manners too."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from agent.service.twilio_http import Account, TwilioHttp
from agent.service.twilio_rest import TwilioRest
from agent.sim.clips import Clip
from agent.sim.exchange.leg import Leg
from agent.sim.exchange.plan import CallbackManners, CallOptions, Party, World
from agent.sim.exchange.rest_faults import Fault, RestFault
from agent.sim.script import Leave, Pause, Press, Say, Script, WaitForAgent, WaitForEnd
from agent.tools.messages import path_of, read
from tests.call.line import voice
from tests.exchange.town import ACCOUNT, PUBLIC, Town, in_town
from tests.service.house import CALLER
from tests.service.model_side import ModelSide, text_in
from tests.service.passing_line import BELLA, NUMBER, passes_on

pytestmark = pytest.mark.socket

KITCHEN, OWNER = "+15550100198", "+15550100199"
STAYS: Script = [WaitForEnd(timeout_s=200)]
COMES_BACK: Script = [Pause(3.0), WaitForAgent(timeout_s=200), Leave()]
PATIENT: Script = [Pause(40.0), Leave()]
TAKES_IT = Party(script=[Pause(6.0), Press("1"), Pause(5.0), Leave()])

type Test = Callable[["Street"], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Street:
    """A town with a restaurant.

    Attributes:
        sides: the connections to the model.
    """

    town: Town
    sides: list[ModelSide]

    def told(self, words: str) -> bool:
        """Whether the model was told these words."""
        return any(words in (text_in(f) or "") for side in self.sides for f in side.frames)

    async def call(self, script: Script, options: CallOptions | None = None) -> Leg:
        board = self.town.board
        leg = board.begin(CALLER, NUMBER, script, options or CallOptions())
        await board.over(leg)
        await self.town.home.quiet(within_s=200)
        return leg

    def others(self, leg: Leg) -> list[Leg]:
        """The other calls that there were."""
        return [other for other in self.town.board.exchange.legs.values() if other is not leg]


def on_the_street(
    folder: Path,
    test: Test,
    world: World,
    tool: str = "transfer",
    more: str = "",
    file: str = BELLA,
    **args: object,
) -> None:
    """Run a test with a model that uses a tool of the line once."""
    idle = "idle: {prompt_after: 500s}\n"
    (folder / "bella.yaml").write_text(file + more + idle)
    sides: list[ModelSide] = []

    async def model(side: ModelSide) -> None:
        sides.append(side)
        await passes_on(tool, **args)(side)

    async def main(town: Town) -> None:
        town.board.exchange.add_number(
            NUMBER, f"{PUBLIC}/twilio/voice", status_callback=f"{PUBLIC}/twilio/status"
        )
        account = Account(ACCOUNT.sid, ACCOUNT.sid, ACCOUNT.token, town.board.url)
        async with aiohttp.ClientSession() as session:
            http = TwilioHttp(account, session, random=lambda: 0.5)
            town.home.service.rest = TwilioRest(http)
            await test(Street(town, sides))
        assert town.codes() == []

    in_town(folder, main, model, world=world, port=0)


def manners(how: str) -> CallbackManners:
    return CallbackManners(spread_s=1.0, doubled=True) if how == "bad" else CallbackManners()


MANNERS = pytest.mark.parametrize("how", ["good", "bad"])


@pytest.mark.parametrize(
    ("party", "why"),
    [
        (Party("busy"), "the line is busy"),
        (Party("no-answer"), "nobody answered"),
        (Party("failed"), "the call could not be put through"),
    ],
)
def test_a_caller_nobody_answers_is_back_with_the_same_agent(
    party: Party, why: str, tmp_path: Path
) -> None:
    async def test(street: Street) -> None:
        leg = await street.call(COMES_BACK)
        assert street.town.outcomes() == ["caller_hung_up"]
        assert len(street.sides) == 1
        assert street.told(why)
        assert leg.report().violations == []

    world = World({KITCHEN: party}, callbacks=manners("bad"))
    on_the_street(tmp_path, test, world, target="kitchen")


@MANNERS
def test_a_caller_talks_to_whom_the_agent_has_reached(how: str, tmp_path: Path) -> None:
    async def test(street: Street) -> None:
        leg = await street.call(STAYS)
        assert street.town.outcomes() == ["transferred"]
        [other] = street.others(leg)
        assert (other.call.to, other.over) == (KITCHEN, True)

    world = World({KITCHEN: Party(script=[Pause(5.0), Leave()])}, callbacks=manners(how))
    on_the_street(tmp_path, test, world, target="kitchen")


@MANNERS
def test_a_person_takes_the_call_with_a_key(how: str, tmp_path: Path) -> None:
    async def test(street: Street) -> None:
        leg = await street.call(STAYS)
        assert street.town.outcomes() == ["transferred"]
        [person] = street.others(leg)
        assert (person.call.to, person.over) == (OWNER, True)
        counters = street.town.home.service.counters
        assert counters["transfers_connected"] == 1
        assert not street.told("could not be connected")

    world = World({OWNER: TAKES_IT}, callbacks=manners(how))
    on_the_street(tmp_path, test, world, target="owner", summary="Ann wants a party.")


@pytest.mark.parametrize(
    ("party", "why"),
    [
        (Party("busy"), "the line is busy"),
        (Party("no-answer"), "nobody answered"),
        (Party(answered_by="machine"), "an answering machine took the call"),
        (Party(script=[Pause(6.0), Press("2"), Pause(5.0)]), "cannot take the call now"),
        (Party(script=[Pause(300.0)]), "did not take the call"),
        (Party(script=[Pause(3.0), Leave()]), "did not take the call"),
    ],
)
def test_whoever_does_not_take_the_call_sends_the_caller_back(
    party: Party, why: str, tmp_path: Path
) -> None:
    async def test(street: Street) -> None:
        leg = await street.call(PATIENT)
        assert street.town.outcomes() == ["caller_hung_up"]
        assert len(street.sides) == 1
        assert street.told(why)
        assert all(other.over for other in street.others(leg))

    world = World({OWNER: party}, callbacks=manners("bad"))
    on_the_street(tmp_path, test, world, target="owner", summary="Ann.")


@MANNERS
def test_a_caller_who_hangs_up_while_waiting_is_not_connected(how: str, tmp_path: Path) -> None:
    async def test(street: Street) -> None:
        leg = await street.call([WaitForAgent(), WaitForAgent(), Pause(4.0), Leave()])
        assert street.town.outcomes() == ["caller_hung_up"]
        await asyncio.sleep(5)
        assert all(other.over for other in street.others(leg))

    slow = Party(after_s=3.0, script=[Pause(20.0), Press("1"), Pause(5.0)])
    world = World({OWNER: slow}, callbacks=manners(how))
    on_the_street(tmp_path, test, world, target="owner", summary="Ann.")


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.LOST])
def test_an_order_that_the_carrier_refuses_brings_the_caller_back(
    fault: Fault, tmp_path: Path
) -> None:
    async def test(street: Street) -> None:
        street.town.board.faults.planned.append(RestFault(fault, r"Calls\.json"))
        leg = await street.call(PATIENT)
        assert street.told("could not be put through")
        assert street.town.outcomes() == ["caller_hung_up"]
        await asyncio.sleep(30)
        assert all(other.over for other in street.others(leg))

    on_the_street(tmp_path, test, World({OWNER: TAKES_IT}), target="owner", summary="Ann.")


@MANNERS
def test_a_message_is_left_and_noted(how: str, tmp_path: Path) -> None:
    async def test(street: Street) -> None:
        leg = await street.call([Pause(8.0), Say(Clip.of(voice(3.0))), Pause(1.0), Leave()])
        assert street.town.outcomes() == ["voicemail"]
        await asyncio.sleep(3)  # the callback may be late
        [message] = read(path_of(tmp_path, "bella"))
        assert (message.call_id, message.caller) == (leg.sid, CALLER)

    on_the_street(tmp_path, test, World(callbacks=manners(how)), tool="voicemail")


def test_a_call_by_sip_is_handed_over(tmp_path: Path) -> None:
    async def test(street: Street) -> None:
        await street.call(STAYS, CallOptions(fields={"SipCallId": "abc"}))
        assert street.town.outcomes() == ["transferred"]

    more = "  desk: {to: 'sip:desk@pbx.example.com', how: refer}\n"
    on_the_street(tmp_path, test, World(), more=more, target="desk")
