"""The callers of one process, against a small service on loopback, in jumping time."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest

from agent.sim.load_bank import LoadBank, Progress, load_bank
from agent.sim.load_plan import Job
from tests.sim.loaded import Loaded, outcomes, served
from tests.support.patient_loop import run_on_loopback

pytestmark = pytest.mark.socket

EPOCH = 1_790_000_000.0


def loaded(
    service: Loaded, job: Callable[[], Job], during: Callable[[LoadBank], Awaitable[None]]
) -> LoadBank:
    async def main() -> LoadBank:
        async with served(service), load_bank(job(), EPOCH) as bank:
            await during(bank)
            return bank

    return run_on_loopback(main())


async def to_the_end(bank: LoadBank) -> None:
    await bank.run()


def test_many_calls_go_the_whole_way_at_one_time() -> None:
    service = Loaded()
    bank = loaded(service, lambda: service.job(6), to_the_end)

    assert outcomes(bank.results) == {"well": 6}
    assert service.most == 6
    assert service.ended == 6
    assert set(service.callers.values()) == {1}
    assert len(service.callers) == 6
    for result in bank.results:
        assert result.begun_s == pytest.approx(2.0 * result.number / 6, abs=0.01)
        assert result.lasted_s == pytest.approx(10.0, abs=0.1)
        assert result.connected_s is not None
        assert result.connected_s < 1.0
        assert result.first_audio_s is not None
        assert result.first_audio_s < 1.0
        assert len(result.answers_s) >= 2
        assert len(result.silenced_s) >= 1
        assert max(result.silenced_s) < 0.5
    assert bank.lateness.n >= 6 * 490
    assert bank.progress() == Progress(6, 0, 0, 0)


def test_a_process_places_its_share_only() -> None:
    service = Loaded()
    bank = loaded(service, lambda: service.job(5, share=1, shares=2, hold_s=1.0), to_the_end)
    assert sorted(result.number for result in bank.results) == [1, 3]


def test_calls_that_find_no_room_are_refused_with_what_was_said() -> None:
    service = Loaded(room=2)
    bank = loaded(service, lambda: service.job(4), to_the_end)
    assert outcomes(bank.results) == {"well": 2, "refused": 2}
    assert {result.why for result in bank.results} == {"", "Busy."}


def test_a_webhook_that_never_answers_is_a_failure_and_holds_up_nothing() -> None:
    service = Loaded(hangs=True)
    bank = loaded(service, lambda: service.job(2, hold_s=3.0), to_the_end)
    assert {result.why for result in bank.results} == {"the webhook was not answered"}


def test_who_is_told_to_stop_hangs_up_and_places_no_more_calls() -> None:
    service = Loaded()

    async def stopped(bank: LoadBank) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(bank.run())
            await asyncio.sleep(2.5)
            assert bank.progress() == Progress(3, 3, 0, 0)
            bank.stop()

    bank = loaded(service, lambda: service.job(6, ramp_s=6.0), stopped)
    assert outcomes(bank.results) == {"well": 3}
    assert max(result.lasted_s for result in bank.results) < 3.0
    assert service.up == 0


def test_a_long_call_keeps_no_sound_and_no_list_of_every_frame() -> None:
    service = Loaded()

    async def looked_at(bank: LoadBank) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(bank.run())
            await asyncio.sleep(5.5)
            bank.look()
            [(board, leg)] = bank._live.values()
            assert leg.line is not None
            assert len(leg.report().heard) == len(leg.report().said) == 0
            assert board.spoke.lateness_s == leg.line.leads_s == leg.line.mark_waits_s == []
            assert bank.lateness.n > 200

    loaded(service, lambda: service.job(1), looked_at)


def test_a_service_is_asked_under_its_public_name() -> None:
    service = Loaded()

    def job() -> Job:
        public = "http://localhost:9"
        return msgspec.structs.replace(
            service.job(1, ramp_s=0.0, hold_s=2.0), public=public, voice=f"{public}/voice"
        )

    bank = loaded(service, job, to_the_end)
    assert outcomes(bank.results) == {"well": 1}
