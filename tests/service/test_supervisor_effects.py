"""How the supervisor performs effects, in virtual time, with a core that does as it is told."""

import asyncio

import pytest

from tests.service.stage import Stage
from tests.support.virtual_loop import run_virtually


def test_functions_run_side_by_side_and_one_is_cancelled() -> None:
    async def main() -> None:
        facts = await Stage().play((2, b"run"), (2.5, b"cancel"), (9, b"end"))
        assert facts == [(1, "timer"), (3, ("b", {"output": "look_up"}))]

    run_virtually(main())


def test_a_call_that_is_over_cannot_be_ended_again() -> None:
    async def main() -> None:
        stage = Stage()
        async with asyncio.TaskGroup() as group:
            group.create_task(stage.supervisor.run([]))
            await asyncio.sleep(1)
            stage.supervisor.finish("operator")
        stage.supervisor.finish("shutdown")
        assert stage.core.facts == [(1, "operator")]
        assert stage.phone.close_code == 1000

    run_virtually(main())


def test_a_call_may_be_asked_from_outside_to_come_to_a_close() -> None:
    async def main() -> None:
        stage = Stage()
        async with asyncio.TaskGroup() as group:
            group.create_task(stage.supervisor.run([]))
            await asyncio.sleep(1)
            stage.supervisor.wrap_up()
            await asyncio.sleep(1)
            stage.supervisor.finish("operator")
        stage.supervisor.wrap_up()
        assert stage.core.facts == [(1, "wrap up"), (2, "operator")]

    run_virtually(main())


@pytest.mark.parametrize("cue", [b"end", b"sing"])
def test_the_phone_is_closed_once_and_nothing_runs_on(cue: bytes) -> None:
    async def main() -> None:
        stage = Stage(1)
        cues = ((2, b"open"), (4, b"run"), (4.5, cue))
        if cue == b"sing":
            with pytest.raises(ExceptionGroup) as caught:
                await stage.play(*cues)
            assert caught.group_contains(KeyError)
        else:
            await stage.play(*cues)
        assert stage.phone.close_code == (1000 if cue == b"end" else 1011)
        assert stage.sockets[0].close_code == 1000

    run_virtually(main())


def test_a_timer_that_fails_ends_the_call_and_nothing_else() -> None:
    async def main() -> None:
        stage = Stage(1)

        def fail(now: float) -> None:
            raise ZeroDivisionError

        stage.core.handle_timer = fail  # type: ignore[method-assign]
        with pytest.raises(ExceptionGroup) as caught:
            await stage.play((0.5, b"open"))
        assert caught.group_contains(ZeroDivisionError)
        assert asyncio.get_running_loop().time() == 1
        assert stage.phone.close_code == 1011

    run_virtually(main())


def test_timers_fire_on_a_grid_and_never_early() -> None:
    async def main() -> None:
        stage = Stage()
        stage.core.wakes_after_s = [0.1011, 0.0001, 0.2]
        facts = await stage.play((2, b"end"))
        assert [at for at, _ in facts] == pytest.approx([1, 1.104, 1.108, 1.308])

    run_virtually(main())


def test_a_timer_that_moves_earlier_is_heeded_and_one_that_moves_later_is_asked_again() -> None:
    async def main() -> None:
        stage = Stage()
        core = stage.core

        def later() -> None:
            core.timer = 5.0

        facts = await stage.play((0.5, later), (1.5, b"run"), (3, b"wake"), (9, b"end"))
        assert [at for at, fact in facts if fact == "timer"] == [1, 4]

    run_virtually(main())


def test_whoever_keeps_something_is_told_when_he_may() -> None:
    async def main() -> None:
        stage, told = Stage(), list[bool]()
        stage.supervisor.keep = told.append
        await stage.play((1, b"keep"), (2, b"end"))
        assert told == [True, False]
        await Stage().play((1, b"keep"), (2, b"end"))  # or nobody is

    run_virtually(main())
