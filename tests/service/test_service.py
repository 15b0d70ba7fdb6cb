"""Who is answered, who is refused, what a crash does; over real sockets."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from agent.call.core import Call
from agent.call.report import CallReport
from agent.service import kept as kept_module
from agent.service import service as service_module
from agent.service.app import read_tenants
from agent.service.gemini_dial import Endpoint, GeminiDialler
from agent.service.running import RunningCall
from agent.service.service import KNOWN_CALLERS, Service
from tests.service.house import CALLER, house, settings_in
from tests.service.model_side import ModelSide, fake_model, polite, tool_call
from tests.service.phone_side import phone_side
from tests.support.patient_loop import run_on_loopback

pytestmark = pytest.mark.socket


def test_a_tenant_has_so_many_calls_at_a_time_and_others_are_not_touched(tmp_path: Path) -> None:
    async def main() -> None:
        async with (
            fake_model(polite) as model,
            house(tmp_path, model.url) as home,
            phone_side(home.local, number=1, media_every_s=0.02) as first,
            phone_side(home.local, number=2, media_every_s=0.02) as second,
            phone_side(home.local, number=3) as third,
            phone_side(home.local, number=4, media_every_s=0.02) as elsewhere,
        ):
            await first.open()
            await second.open()
            await second.until("media")
            await third.open()
            assert await third.closed == 1013
            await elsewhere.open(tenant="office")
            await elsewhere.until("media")
            assert home.service.counters == {"answered": 3, "refused_tenant_full": 1}
            await first.hang_up()
            async with phone_side(home.local, number=5, media_every_s=0.02) as fourth:
                await fourth.open()
                await fourth.until("media")
        assert len(home.lines("call.ended")) == 4

    run_on_loopback(main())


def test_a_service_has_so_many_calls_at_a_time(tmp_path: Path) -> None:
    async def main() -> None:
        async with (
            fake_model(polite) as model,
            house(tmp_path, model.url, calls=1) as home,
            phone_side(home.local, number=1, media_every_s=0.02) as first,
            phone_side(home.local, number=2) as second,
        ):
            await first.open()
            await first.until("media")
            await second.open(tenant="office")
            assert await second.closed == 1013
        [line] = home.lines("call.refused")
        assert line["reason"] == "service_full"

    run_on_loopback(main())


class Broken(Call):
    """A core with a bug that shows when the model speaks."""

    def model_received(self, connection: int, frame: bytes | str, now: float) -> bool:
        if "modelTurn" in str(frame):
            raise ZeroDivisionError(f"the caller {CALLER} said something")
        return super().model_received(connection, frame, now)


class BrokenFromTheStart(Call):
    """A core that falls over the carrier's first message."""

    def phone_received(self, text: bytes | str, now: float) -> bool:
        raise ZeroDivisionError


class BrokenClock(Call):
    """A core that falls over its first timer."""

    def handle_timer(self, now: float) -> None:
        raise ZeroDivisionError


class BrokenEnd(Call):
    """A core that cannot be ended from outside."""

    def finish(self, outcome: str, now: float) -> None:
        raise ZeroDivisionError


@pytest.mark.parametrize("broken", [Broken, BrokenFromTheStart, BrokenClock])
def test_a_bug_in_one_call_is_logged_and_harms_no_other(
    broken: type[Call], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with (
            fake_model(polite) as model,
            house(tmp_path, model.url) as home,
            phone_side(home.local, number=1, media_every_s=0.02) as healthy,
            phone_side(home.local, number=2, media_every_s=0.02) as crashing,
        ):
            await healthy.open()
            await healthy.until("media")
            monkeypatch.setattr(kept_module, "Call", broken)
            await crashing.open()
            assert await crashing.closed == 1011
            await healthy.until("mark")
            await healthy.hang_up()
        [crash] = home.lines("call.crashed")
        assert crash["error"] == "ZeroDivisionError"
        assert "test_service.py" in crash["error_at"]
        assert crash["call_id"] == crashing.call_id
        failed, hung_up = home.lines("call.ended")
        assert (failed["outcome"], hung_up["outcome"]) == ("failed", "caller_hung_up")
        assert failed["call_id"] == crashing.call_id
        assert CALLER not in home.log.getvalue()
        assert home.service.counters == {"answered": 2, "crashed": 1}

    run_on_loopback(main())


def test_a_call_that_cannot_be_ended_does_not_hold_up_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with (
            fake_model(polite) as model,
            house(tmp_path, model.url) as home,
            phone_side(home.local, number=1, media_every_s=0.02) as crashing,
            phone_side(home.local, number=2, media_every_s=0.02) as healthy,
        ):
            with monkeypatch.context() as patch:
                patch.setattr(kept_module, "Call", BrokenEnd)
                await crashing.open()
                await crashing.until("media")
            await healthy.open()
            await healthy.until("media")
            await home.service.drain()
            assert await crashing.closed == 1011
            assert await healthy.closed == 1000
        outcomes = {line["call_id"]: line["outcome"] for line in home.lines("call.ended")}
        assert outcomes == {crashing.call_id: "failed", healthy.call_id: "shutdown"}

    run_on_loopback(main())


def test_a_drain_waits_no_longer_than_its_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Deaf(Call):
        def finish(self, outcome: str, now: float) -> None:
            pass

    async def main() -> None:
        monkeypatch.setattr(kept_module, "Call", Deaf)
        async with (
            fake_model(polite) as model,
            house(tmp_path, model.url) as home,
            phone_side(home.local, media_every_s=0.02) as phone,
        ):
            await phone.open()
            await phone.until("media")
            began = asyncio.get_running_loop().time()
            await home.service.drain()
            took_s = asyncio.get_running_loop().time() - began
            assert took_s == pytest.approx(service_module.DRAIN_S, abs=0.1)
            assert home.lines("service.drain_timed_out")[0]["calls"] == 1

    run_on_loopback(main())


def test_an_observer_sees_each_call_and_cannot_harm_it(tmp_path: Path) -> None:
    class Watcher:
        def __init__(self) -> None:
            self.seen: list[Any] = []

        def began(self, running: RunningCall) -> None:
            assert running.tenant == running.parameters["tenant"]
            assert running.id.startswith("CA")
            self.seen.append(running.call.outcome)

        def ended(self, running: RunningCall, report: CallReport) -> None:
            self.seen.append(report.outcome)

    class Faulty(Watcher):
        def began(self, running: RunningCall) -> None:
            raise ZeroDivisionError

        def ended(self, running: RunningCall, report: CallReport) -> None:
            raise ZeroDivisionError

    async def main() -> None:
        watcher = Watcher()
        async with (
            fake_model(polite) as model,
            house(tmp_path, model.url, Faulty(), watcher) as home,
        ):
            for number in (1, 2):
                async with phone_side(home.local, number=number, media_every_s=0.02) as phone:
                    await phone.open()
                    await phone.until("media")
                    await phone.hang_up()
                    await phone.closed
                    await home.quiet(within_s=3)
        assert watcher.seen == [None, "caller_hung_up"] * 2
        assert home.service.running == {}
        assert len(home.lines("call.crashed")) == 0
        assert [line["observer"] for line in home.lines("observer.failed")] == ["Faulty"] * 4

    run_on_loopback(main())


def test_a_function_that_will_not_be_cancelled_keeps_no_caller_waiting(tmp_path: Path) -> None:
    """The caller is let go at once; the call is over when the function has come to its senses."""

    async def asks(side: ModelSide) -> None:
        await side.set_up()
        await side.send(tool_call("insist"))
        await side.until_closed()

    async def main() -> None:
        async with (
            fake_model(asks) as model,
            house(tmp_path, model.url) as home,
            phone_side(home.local, media_every_s=0.02) as phone,
        ):
            await phone.open()
            await asyncio.sleep(1)
            began = asyncio.get_running_loop().time()
            await phone.stop()
            assert await phone.closed == 1000
            assert asyncio.get_running_loop().time() - began < 0.5
            assert home.lines("call.ended") == []
            await home.quiet(within_s=7)
        assert home.ended()["outcome"] == "caller_hung_up"

    run_on_loopback(main())


def test_the_latest_callers_are_remembered_from_the_webhook_on(tmp_path: Path) -> None:
    async def main() -> None:
        session = aiohttp.ClientSession()
        dialler = GeminiDialler(Endpoint(), session)
        settings = settings_in(tmp_path)
        service = Service(settings, read_tenants(settings), dialler)
        for number in range(KNOWN_CALLERS + 1):
            await service.announced(service.tenants.by_name["shop"], f"CA{number}", CALLER)
        assert len(service._callers) == KNOWN_CALLERS
        assert "CA0" not in service._callers
        await session.close()

    run_on_loopback(main())
