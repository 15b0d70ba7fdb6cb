"""The processes of callers, from the side of whoever starts them."""

import asyncio
import sys

import pytest

from agent.sim.load_bank import Progress
from agent.sim.load_fleet import WorkerDied, fleet
from agent.sim.load_plan import Job
from agent.sim.load_worker import Done
from tests.sim.loaded import Loaded, outcomes, served
from tests.sim.test_load_plan import JOB, share_of

pytestmark = pytest.mark.socket

READY = """
import sys
def say(text): print(text, flush=True)
job = sys.stdin.readline()
say('{"type":"Ready"}')
"""
DONE = """say('{"type":"Done","results":[],"lateness":{"n":%d,"steps":[]}}')\n"""
TELLS = (
    READY
    + "sys.stdin.readline()\n"
    + """say('{"type":"Progress","placed":2,"up":2,"refused":0,"failed":0}')\n"""
    + "sys.stdin.read()\n"
    + DONE % 7
)
DIES_AT_ONCE = "raise SystemExit(3)"
ONE_DIES = (
    READY
    + "sys.stdin.readline()\n"
    + """if '"share":0' in job: raise SystemExit(4)\n"""
    + "sys.stdin.read()\n"
    + DONE % 1
)


def paper(text: str) -> tuple[str, ...]:
    return (sys.executable, "-c", text)


async def run(
    text: str, jobs: list[Job], *, stop_at: int | None = None
) -> tuple[list[Done], list[Progress]]:
    stop, told = asyncio.Event(), list[Progress]()

    def tell(progress: Progress) -> None:
        told.append(progress)
        if stop_at is not None and progress.placed >= stop_at:
            stop.set()

    async with asyncio.timeout(30), fleet(jobs, tell, paper(text)) as processes:
        return await processes.run(stop), told


def test_processes_do_their_share_of_real_calls_and_end() -> None:
    service = Loaded()

    async def main() -> list[Done]:
        async with served(service):
            jobs = [
                service.job(3, ramp_s=0.2, hold_s=0.6, share=share, shares=2) for share in (0, 1)
            ]
            async with fleet(jobs, lambda _: None) as processes:
                return await processes.run(asyncio.Event())

    done = asyncio.run(main())
    assert [sorted(result.number for result in each.results) for each in done] == [[0, 2], [1]]
    assert outcomes([result for each in done for result in each.results]) == {"well": 3}
    assert service.ended == 3


def test_what_processes_tell_is_added_up_and_a_stop_reaches_all_of_them() -> None:
    done, told = asyncio.run(run(TELLS, [share_of(0, 2), share_of(1, 2)], stop_at=4))
    assert told == [Progress(2, 2, 0, 0), Progress(4, 4, 0, 0)]
    assert [each.lateness.n for each in done] == [7, 7]


def test_a_process_that_does_not_start_is_an_error() -> None:
    with pytest.raises(WorkerDied, match="ended too soon, with exit code 3"):
        asyncio.run(run(DIES_AT_ONCE, [JOB]))


def test_a_process_that_dies_is_an_error_and_ends_the_others() -> None:
    with pytest.raises(WorkerDied, match="exit code 4"):
        asyncio.run(run(ONE_DIES, [share_of(0, 2), share_of(1, 2)]))


def test_a_process_that_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.sim.load_fleet.PARTING_S", 0.05)
    stays = READY + "sys.stdin.readline()\n" + DONE % 1 + "import time; time.sleep(60)\n"
    done, _ = asyncio.run(run(stays, [JOB]))
    assert len(done) == 1
