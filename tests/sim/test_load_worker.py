"""One process of callers, driven over its input and output."""

import asyncio
import io
import sys

import msgspec
import pytest

from agent.sim import load_worker
from agent.sim.load_bank import Progress
from agent.sim.load_plan import Job
from agent.sim.load_result import Lateness
from agent.sim.load_worker import Done, Ready, Told, tell_by_output, work
from tests.sim.loaded import Loaded, outcomes, served
from tests.support.patient_loop import run_on_loopback

pytestmark = pytest.mark.socket


def orders(job: Job) -> asyncio.StreamReader:
    reader = asyncio.StreamReader(limit=load_worker.LONGEST_LINE)
    reader.feed_data(msgspec.json.encode(job) + b"\n")
    return reader


def test_a_job_is_done_and_told_of_every_second() -> None:
    service, told = Loaded(), list[Told]()

    async def main() -> None:
        async with served(service):
            reader = orders(service.job(2, ramp_s=0.0, hold_s=3.5))
            reader.feed_data(b"\n")
            await work(reader, told.append)

    run_on_loopback(main())
    ready, *progress, done = told
    assert ready == Ready()
    assert progress[:3] == [Progress(2, 2, 0, 0)] * 3
    assert isinstance(done, Done)
    assert outcomes(done.results) == {"well": 2}
    assert done.lateness.n > 300


def test_nothing_begins_before_it_is_told_to() -> None:
    service, told = Loaded(), list[Told]()

    async def main() -> None:
        async with served(service):
            reader = orders(service.job(2))
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(work(reader, told.append))
                await asyncio.sleep(5.0)
                reader.feed_eof()

    run_on_loopback(main())
    assert told == [Ready()]
    assert not service.callers


def test_when_its_input_ends_it_hangs_up_and_tells_what_it_knows() -> None:
    service, told = Loaded(), list[Told]()

    async def main() -> None:
        async with served(service):
            reader = orders(service.job(4, ramp_s=4.0, hold_s=60.0))
            reader.feed_data(b"\n")
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(work(reader, told.append))
                await asyncio.sleep(1.5)
                reader.feed_eof()

    run_on_loopback(main())
    done = told[-1]
    assert isinstance(done, Done)
    assert outcomes(done.results) == {"well": 2}
    assert service.up == 0


def test_what_is_told_is_a_line_that_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out))
    said: list[Told] = [Ready(), Progress(1, 1, 0, 0), Done([], Lateness())]
    for each in said:
        tell_by_output(each)
    lines = out.getvalue().splitlines()
    assert [msgspec.json.decode(line, type=Told) for line in lines] == said
