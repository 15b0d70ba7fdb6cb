"""The service between the two stand-ins, as the demo and the load generator put it."""

from pathlib import Path

import pytest

from agent.sim.connection import Senses
from agent.sim.emulator import Emulator, EmulatorOptions
from agent.sim.phone import PhoneOptions, phone_bank
from agent.sim.script import BargeIn, Leave, Say, WaitForAgent
from agent.sim.scripted import Script, Scripted, Tones
from tests.service.house import house
from tests.sim.lines import tone
from tests.support.patient_loop import run_on_loopback

pytestmark = pytest.mark.socket


def test_two_scripted_calls_at_a_time(tmp_path: Path) -> None:
    """Greeting, a function call, an interruption; then the caller leaves."""
    script = Script(tool=("look_up", {"order": "17"}), tool_every=1)
    tones = Tones(reply_s=2.0)

    async def main() -> None:
        options = EmulatorOptions()
        stand_in = Emulator(lambda _: Scripted(script), Senses(tones.hear, tones.speak), options)
        async with (
            stand_in as model,
            house(tmp_path, model.url, gemini_key="k") as home,
            phone_bank() as bank,
        ):
            said = tone(0.8, "where is it")
            report = await bank.load(
                home.local,
                lambda number: [WaitForAgent(), Say(said), BargeIn(said), Leave()],
                calls=2,
                options=lambda number: PhoneOptions({"tenant": "shop"}, seed=number),
            )
        for call in report.calls:
            assert call.failure is None
            assert call.violations == []
            assert call.holes_s == []
            assert [silenced < 0.5 for silenced in call.silenced_s] == [True]
        lines = home.lines("call.ended")
        assert [line["outcome"] for line in lines] == ["caller_hung_up"] * 2
        assert [line["tools"]["answered"] for line in lines] == [1, 1]
        assert [line["barge_ins"] for line in lines] == [1, 1]
        assert [line["counters"] for line in lines] == [{}, {}]

    run_on_loopback(main())
