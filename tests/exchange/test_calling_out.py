"""Calls that an agent makes, through the exchange: people, machines, nobody."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from agent.service import twilio_http
from agent.sim.exchange.plan import CallbackManners, Party, World
from agent.sim.exchange.rest_faults import Fault, RestFault
from agent.sim.script import Leave, Pause, WaitForAgent, WaitForEnd
from tests.exchange.town import ACCOUNT, PUBLIC, TOKEN, Town, in_town
from tests.service.model_side import Behaviour, ModelSide, audio, text_in
from tests.support.ports import free_port

pytestmark = pytest.mark.socket

TO, LINE = "+15550100199", "+15550100105"
ASKED = {"tenant": "seller", "to": TO, "zone": "America/New_York"}
SELLER = """
tenant: seller
numbers: [+15550100105]
agent: {greeting: Hello., instructions: Be kind.}
outbound:
  number: +15550100105
  to: +1555
  hours: {mon-sun: '0:00-24:00'}
  message: Please call us back.
"""


async def obeys(side: ModelSide) -> None:
    """Says whatever it is told to say."""
    await side.set_up()
    while True:
        await side.until(lambda message: text_in(message) is not None)
        await side.say(1.0)


class Office:
    """Who asks for calls."""

    def __init__(self, town: Town, session: aiohttp.ClientSession) -> None:
        self.town, self._session = town, session

    async def order(self, **changes: Any) -> dict[str, Any]:
        url = f"{self.town.home.origin}/api/calls"
        async with self._session.post(url, json={**ASKED, **changes}) as response:
            assert response.status == 202, await response.text()
            return dict(await response.json())

    async def done(self, order: dict[str, Any], within_s: float = 120) -> dict[str, Any]:
        url = f"{self.town.home.origin}/api/orders/{order['id']}"
        async with asyncio.timeout(within_s):
            while True:
                async with self._session.get(url) as response:
                    found = dict(await response.json())
                if found["state"] == "done":
                    return found
                await asyncio.sleep(0.5)


def calling_out(
    folder: Path,
    party: Party,
    test: Callable[[Office], Awaitable[None]],
    *,
    text: str = SELLER,
    behaviour: Behaviour = obeys,
    callbacks: CallbackManners | None = None,
) -> None:
    (folder / "seller.yaml").write_text(text)
    port = free_port()
    carrier = twilio_http.Account(ACCOUNT.sid, ACCOUNT.sid, TOKEN, f"http://127.0.0.1:{port}")
    world = World({TO: party}, callbacks=callbacks or CallbackManners())

    async def main(town: Town) -> None:
        town.board.exchange.add_number(LINE, f"{PUBLIC}/twilio/voice")
        headers = {"Authorization": "Bearer api"}
        async with aiohttp.ClientSession(headers=headers) as session:
            await test(Office(town, session))

    in_town(folder, main, behaviour, world=world, port=port, carrier=carrier, api_token="api")


def test_a_person_is_called_greeted_and_hangs_up(tmp_path: Path) -> None:
    async def test(office: Office) -> None:
        found = await office.done(await office.order())
        assert (found["result"], found["answered_by"]) == ("completed", "person")
        assert office.town.outcomes() == ["caller_hung_up"]
        assert office.town.codes() == []
        [leg] = office.town.board.exchange.legs.values()
        report = office.town.board.report(leg)
        assert report.violations == []
        assert report.first_audio_s is not None

    calling_out(tmp_path, Party(script=[WaitForAgent(), Pause(3.0), Leave()]), test)


@pytest.mark.parametrize(("protect", "cut"), [("", 0), ("  protect: 0s\n", 1)])
def test_the_first_words_of_the_called_do_not_cut_the_greeting(
    protect: str, cut: int, tmp_path: Path
) -> None:
    async def interrupted(side: ModelSide) -> None:
        await side.set_up()
        await side.until(lambda message: text_in(message) is not None)
        await side.send(audio(3.0))
        await asyncio.sleep(1.0)  # the called says hello, and the model takes it for a wish
        await side.send({"serverContent": {"interrupted": True}})
        await side.until_closed()

    async def test(office: Office) -> None:
        await office.done(await office.order())
        [line] = office.town.home.lines("call.ended")
        assert line["barge_ins"] == cut

    party = Party(script=[WaitForAgent(), Pause(3.0), Leave()])
    calling_out(tmp_path, party, test, text=SELLER + protect, behaviour=interrupted)


MISSED = {"busy": "busy", "no-answer": "no_answer", "failed": "unreachable"}


@pytest.mark.parametrize("outcome", MISSED)
def test_how_a_call_ended_that_nobody_answered_is_known(outcome: Any, tmp_path: Path) -> None:
    async def test(office: Office) -> None:
        await office.done(await office.order(), within_s=600)
        [leg] = office.town.board.exchange.legs
        news = office.town.home.service.facts.of(leg)
        assert news is not None
        code = {"busy": 486, "no-answer": 480, "failed": 503}[outcome]
        assert (news.status, news.duration_s, news.sip_code) == (outcome, 0, code)
        [line] = office.town.home.lines("call.ended")
        assert (line["call_id"], line["outcome"]) == (leg, MISSED[outcome])

    calling_out(tmp_path, Party(outcome=outcome), test)


def test_a_machine_gets_the_message_after_its_beep(tmp_path: Path) -> None:
    async def test(office: Office) -> None:
        found = await office.done(await office.order())
        assert (found["result"], found["answered_by"]) == ("machine", "machine")
        assert office.town.outcomes() == ["machine"]
        assert office.town.codes() == []

    party = Party(answered_by="machine", greeting_s=5.0, script=[WaitForEnd(timeout_s=60)])
    calling_out(tmp_path, party, test)


@pytest.mark.parametrize("detect", ["sync", "async"])
def test_a_machine_that_nobody_talks_to_is_hung_up_on(detect: str, tmp_path: Path) -> None:
    async def test(office: Office) -> None:
        found = await office.done(await office.order())
        assert (found["result"], found["answered_by"]) == ("machine", "machine")
        assert office.town.outcomes() == ["machine"]
        [line] = office.town.home.lines("call.ended")
        assert (line["stream_id"] == "") is (detect == "sync")

    text = SELLER.replace("  message: Please call us back.\n", f"  detect: {detect}\n")
    party = Party(answered_by="machine", script=[WaitForEnd(timeout_s=60)])
    calling_out(tmp_path, party, test, text=text)


@pytest.mark.parametrize("outcome", MISSED)
def test_nobody_is_called_again_as_often_as_the_file_says(outcome: Any, tmp_path: Path) -> None:
    async def test(office: Office) -> None:
        found = await office.done(await office.order(), within_s=600)
        assert (found["result"], found["tries"]) == (outcome, 1)
        assert len(office.town.board.exchange.legs) == 1
        assert office.town.outcomes() == [MISSED[outcome]]

    calling_out(tmp_path, Party(outcome=outcome), test)


def test_callbacks_that_come_late_twice_and_out_of_order_change_nothing(tmp_path: Path) -> None:
    async def test(office: Office) -> None:
        found = await office.done(await office.order())
        assert (found["result"], found["tries"]) == ("completed", 1)
        await asyncio.sleep(30)
        assert (await office.done(found))["result"] == "completed"
        assert office.town.outcomes() == ["caller_hung_up"]

    manners = CallbackManners(delay_s=1.0, spread_s=5.0, doubled=True)
    party = Party(script=[WaitForAgent(), Pause(3.0), Leave()])
    calling_out(tmp_path, party, test, callbacks=manners)


LOST = (Fault.LOST, Fault.GARBAGE, Fault.RESET, Fault.HANG)


@pytest.mark.parametrize("fault", LOST)
def test_a_call_that_was_made_although_the_answer_was_lost_is_talked_once(
    fault: Fault, tmp_path: Path
) -> None:
    async def test(office: Office) -> None:
        office.town.board.faults.planned.append(RestFault(fault, "Calls", times=5))
        found = await office.done(await office.order())
        assert found["result"] == "completed"
        assert len(office.town.board.exchange.legs) == 1
        assert office.town.outcomes() == ["caller_hung_up"]

    calling_out(tmp_path, Party(script=[WaitForAgent(), Pause(3.0), Leave()]), test)


def test_a_request_that_was_not_done_for_certain_is_made_again(tmp_path: Path) -> None:
    async def test(office: Office) -> None:
        office.town.board.faults.planned.append(RestFault(Fault.TOO_MANY, "Calls", times=3))
        found = await office.done(await office.order())
        assert (found["result"], found["tries"]) == ("completed", 1)
        assert len(office.town.board.exchange.legs) == 1

    calling_out(tmp_path, Party(script=[WaitForAgent(), Pause(3.0), Leave()]), test)
