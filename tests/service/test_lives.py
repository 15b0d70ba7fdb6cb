"""A call is lived apart from its sockets, and from all other calls."""

import asyncio
from pathlib import Path

import pytest

from agent.call.core import Call
from tests.service.carrier_desk import desk
from tests.service.house import house
from tests.service.model_side import fake_model, polite
from tests.service.phone_side import phone_side
from tests.support.patient_loop import run_on_loopback

pytestmark = pytest.mark.socket


def test_what_goes_wrong_after_a_call_harms_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    async def main() -> None:
        async with (
            fake_model(polite) as model,
            house(tmp_path, model.url) as home,
            phone_side(home.local, number=1, media_every_s=0.02) as healthy,
            phone_side(home.local, number=2, media_every_s=0.02) as other,
        ):
            await healthy.open()
            await other.open()
            await other.until("media")
            with monkeypatch.context() as patch:
                patch.setattr("agent.service.lives.call_record", broken)
                await other.hang_up()
                await other.closed
                await asyncio.sleep(0.5)
            assert list(home.service.running) == [healthy.call_id]
            await healthy.until("mark")
            await healthy.hang_up()
            await home.quiet(5)
            assert home.ended()["outcome"] == "caller_hung_up"
            assert home.service.counters["crashed"] == 1

    run_on_loopback(main())


def test_a_call_that_the_drain_could_not_end_does_not_outlive_the_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Deaf(Call):
        def finish(self, outcome: str, now: float) -> None:
            pass

    async def main() -> None:
        monkeypatch.setattr("agent.service.kept.Call", Deaf)
        async with (
            fake_model(polite) as model,
            house(tmp_path, model.url) as home,
            desk(home) as carrier,
        ):
            await carrier.ring()
            async with carrier.dial() as phone:
                await phone.until("media")
                phone.reset()  # and it does not come back before the service is gone
        assert home.ended()["outcome"] == "failed"
        assert len(home.lines("service.drain_timed_out")) == 1

    run_on_loopback(main())
