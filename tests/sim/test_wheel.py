import asyncio
from collections.abc import Callable

import pytest

from agent.sim.wheel import SLOT_S, Spoke, TimerWheel, on_grid
from tests.support.virtual_loop import run_virtually


class Metronome:
    """Wants a tick every so often, so many times; counts absolute deadlines."""

    def __init__(self, every_s: float, times: int) -> None:
        self.every_s = every_s
        self.times = times
        self.ticks: list[float] = []
        self.spoke = Spoke(self.ticks.append, self.next_timer)

    def next_timer(self) -> float | None:
        done = len(self.ticks)
        return None if done == self.times else (done + 1) * self.every_s


def turning_for(seconds: float, prepare: Callable[[TimerWheel], None]) -> None:
    async def main() -> None:
        wheel = TimerWheel()
        async with asyncio.TaskGroup() as tasks:
            turning = tasks.create_task(wheel.turn())
            prepare(wheel)
            await asyncio.sleep(seconds)
            turning.cancel()

    run_virtually(main())


def test_each_spoke_is_served_on_its_own_deadlines() -> None:
    fast, slow = Metronome(0.02, 50), Metronome(0.3, 3)

    def prepare(wheel: TimerWheel) -> None:
        wheel.schedule(slow.spoke)
        wheel.schedule(fast.spoke)

    turning_for(2.0, prepare)

    assert fast.ticks == pytest.approx([0.02 * k for k in range(1, 51)])
    assert slow.ticks == pytest.approx([0.3, 0.6, 0.9])
    assert fast.spoke.lateness_s == pytest.approx([0.0] * 50, abs=1e-9)


def test_a_deadline_that_moves_forward_wakes_the_wheel() -> None:
    due: list[float | None] = [1.0]
    ticks: list[float] = []

    def tick(now: float) -> None:
        ticks.append(now)
        due[0] = None

    spoke = Spoke(tick, lambda: due[0])

    def prepare(wheel: TimerWheel) -> None:
        wheel.schedule(spoke)
        due[0] = 0.25
        wheel.schedule(spoke)
        wheel.schedule(spoke)

    turning_for(2.0, prepare)

    assert ticks == [0.25]


def test_a_deadline_that_is_withdrawn_or_put_off_does_not_fire_early() -> None:
    due: list[float | None] = [0.5]
    ticks: list[float] = []

    def tick(now: float) -> None:
        ticks.append(now)
        due[0] = None

    spoke = Spoke(tick, lambda: due[0])

    def prepare(wheel: TimerWheel) -> None:
        wheel.schedule(spoke)
        due[0] = None
        wheel.schedule(spoke)
        due[0] = 1.5
        wheel.schedule(spoke)

    turning_for(2.0, prepare)

    assert ticks == [1.5]


def test_a_spoke_that_fails_stops_the_wheel() -> None:
    def tick(now: float) -> None:
        raise ZeroDivisionError

    with pytest.raises(ExceptionGroup) as caught:
        turning_for(1.0, lambda wheel: wheel.schedule(Spoke(tick, lambda: 0.1)))

    assert caught.group_contains(ZeroDivisionError)


def test_calls_begin_on_a_grid() -> None:
    assert on_grid(1.0001) == pytest.approx(1.002)
    assert on_grid(5 * SLOT_S) == pytest.approx(5 * SLOT_S)
