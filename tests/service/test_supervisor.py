"""Whole calls over real sockets: service, model's side and phone's side in one loop."""

import asyncio
import wave
from pathlib import Path

import pytest

from agent.call.report import CallReport
from agent.cli.runtime import loop_factory
from agent.service.running import RunningCall
from tests.service.house import House, house
from tests.service.model_side import (
    ModelSide,
    fake_model,
    polite,
    says_goodbye,
    tool_call,
)
from tests.service.phone_side import phone_side
from tests.support.leaks import nothing_left
from tests.support.patient_loop import run_on_loopback

pytestmark = pytest.mark.socket


def test_a_call_from_start_to_hang_up(tmp_path: Path) -> None:
    async def main() -> None:
        async with (
            fake_model(polite) as model,
            house(tmp_path, model.url) as home,
            phone_side(home.local, media_every_s=0.02) as phone,
        ):
            await phone.open()
            await phone.until("mark")
            await asyncio.sleep(1)
            await phone.hang_up()
        [side] = model.sides
        sent = [next(iter(frame)) for frame in side.frames]
        line = home.ended()
        assert line["outcome"] == "caller_hung_up"
        assert line["counters"] == {}
        assert phone.heard_s() == pytest.approx(0.6, abs=0.021)
        assert sent[0] == "setup"
        assert 24 <= sent.count("realtimeInput") <= 36  # 1 to 1.4 s in packets of 40 ms, a text
        assert side.close_code == 1000

    run_on_loopback(main())


def test_a_function_is_called_and_its_result_returned(tmp_path: Path) -> None:
    async def asks(side: ModelSide) -> None:
        await side.greet()
        await side.send(tool_call("look_up", order="17"))
        await side.until(lambda message: "toolResponse" in message)
        await side.say(0.4)
        await side.until_closed()

    async def main() -> None:
        async with (
            fake_model(asks) as model,
            house(tmp_path, model.url) as home,
            phone_side(home.local, media_every_s=0.02) as phone,
        ):
            await phone.open()
            await phone.until("mark", lambda mark: ":t2:" in mark["mark"]["name"])
            await phone.hang_up()
        [answer] = [f["toolResponse"] for f in model.sides[0].frames if "toolResponse" in f]
        [response] = answer["functionResponses"]
        assert response["response"] == {"output": "order 17 is on its way"}
        assert home.ended()["tools"] == {"calls": 1, "failed": 0, "answered": 1}

    run_on_loopback(main())


def test_the_agent_ends_the_call_once_its_last_words_were_heard(tmp_path: Path) -> None:
    async def main() -> None:
        async with (
            fake_model(says_goodbye) as model,
            house(tmp_path, model.url) as home,
            phone_side(home.local, media_every_s=0.02) as phone,
        ):
            await phone.open()
            assert await phone.closed == 1000
            assert phone.heard_s() == pytest.approx(1.6, abs=0.05)
        assert home.ended()["outcome"] == "agent_ended"
        assert model.sides[0].close_code == 1000

    run_on_loopback(main())


def test_a_call_on_the_loop_that_the_command_uses(tmp_path: Path) -> None:
    """Uvloop, where it is installed: in real time, so the call is short."""

    async def main() -> None:
        async with (
            nothing_left(),
            fake_model(says_goodbye, polite) as model,
            house(tmp_path, model.url) as home,
            phone_side(home.local, media_every_s=0.02) as polite_phone,
            phone_side(home.local, media_every_s=0.02, number=2) as rude_phone,
        ):
            await polite_phone.open()
            await polite_phone.until("media")
            await rude_phone.open()
            await rude_phone.until("media")
            rude_phone.transport().abort()
            assert await polite_phone.closed == 1000
            await home.quiet(within_s=1)
        outcomes = {line["call_id"]: line["outcome"] for line in home.lines("call.ended")}
        assert outcomes == {
            polite_phone.call_id: "agent_ended",
            rude_phone.call_id: "phone_lost",
        }

    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(main())


def test_a_call_is_recorded_where_its_tenant_wants_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with (
            fake_model(polite) as model,
            house(tmp_path, model.url) as home,
            phone_side(home.local, media_every_s=0.02) as phone,
        ):
            await phone.open(tenant="office")
            await phone.until("mark")
            await asyncio.sleep(2)
            await phone.hang_up()
        [path] = (tmp_path / "recordings").rglob("*.wav")
        assert path.parent.name == "office"
        with wave.open(str(path), "rb") as file:
            assert file.getnchannels() == 2
            seconds = file.getnframes() / file.getframerate()
        assert seconds == pytest.approx(home.ended()["duration_s"], abs=0.1)

    run_on_loopback(main())


def test_a_service_that_stops_ends_its_calls_politely(tmp_path: Path) -> None:
    async def main() -> None:
        async with (
            fake_model(polite) as model,
            house(tmp_path, model.url) as home,
            phone_side(home.local, media_every_s=0.02, number=1) as greeted,
            phone_side(home.local, media_every_s=0.02, number=2) as silent,
        ):
            await greeted.open()
            await silent.connected()
            await greeted.until("media")
            draining = asyncio.create_task(home.service.drain())
            await asyncio.sleep(0)
            await silent.start()
            assert await silent.closed == 1013
            assert await greeted.closed == 1000
            await draining
            assert greeted.heard_s() == pytest.approx(0.6, abs=0.021)
        assert home.ended()["outcome"] == "shutdown"
        assert model.sides[0].close_code == 1000

    run_on_loopback(main())


def test_a_service_that_is_torn_down_leaves_no_call_behind(tmp_path: Path) -> None:
    class Watcher:
        task: asyncio.Task[None] | None = None

        def began(self, running: RunningCall) -> None:
            self.task = asyncio.current_task()

        def ended(self, running: RunningCall, report: CallReport) -> None:
            assert report.outcome == "failed"

    async def main() -> None:
        watcher = Watcher()
        async with (
            fake_model(polite) as model,
            house(tmp_path, model.url, watcher) as home,
            phone_side(home.local, media_every_s=0.02) as phone,
        ):
            await phone.open()
            await phone.until("media")
            assert watcher.task is not None
            watcher.task.cancel()
            assert await phone.closed == 1011
        assert home.ended()["outcome"] == "failed"
        assert model.sides[0].close_code == 1000

    run_on_loopback(main())


def test_one_call_that_misbehaves_does_not_touch_another(tmp_path: Path) -> None:
    """The second caller's model dies and its phone talks nonsense; the first hears every word."""

    async def long_winded(side: ModelSide) -> None:
        await side.greet(4.0)
        await side.until_closed()

    async def rude(side: ModelSide) -> None:
        await side.set_up()
        await side.ws.send_bytes(b"\xff{{{")
        assert side.ws._req is not None
        assert side.ws._req.transport is not None
        side.ws._req.transport.abort()

    async def misbehave(home: House) -> None:
        async with phone_side(home.local, number=2) as phone:
            await phone.open()
            for _ in range(49):
                await phone.ws.send_str("{")
            await phone.closed

    async def main() -> None:
        async with (
            fake_model(long_winded, rude) as model,
            house(tmp_path, model.url) as home,
            phone_side(home.local, media_every_s=0.02) as phone,
        ):
            await phone.open()
            await phone.until("media")
            await misbehave(home)
            await phone.until("mark")
            await phone.hang_up()
        second, first = home.lines("call.ended")
        assert (first["outcome"], second["outcome"]) == ("caller_hung_up", "model_lost")
        assert phone.heard_s() == pytest.approx(4.0, abs=0.021)
        assert first["continuity"]["gap_ms"] == 0
        assert first["counters"] == {}

    run_on_loopback(main())
