"""Records while the store fails, hangs, or is not there yet: none is lost."""

import asyncio
from pathlib import Path

import pytest

from agent.errors import ConfigError
from agent.service.keeping import RETRY_S, SAVE_S, RecordKeeper
from tests.service.record_desk import BROKEN, Desk, call, quiet


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "spool")


def test_a_store_that_fails_costs_no_record_and_is_told_once(desk: Desk) -> None:
    async def work(keeper: RecordKeeper) -> None:
        desk.store.failing = BROKEN
        for n in range(4):
            keeper.keep(call(n))
            await quiet(keeper)
        assert (keeper.failing, keeper.spooled) == (True, 4)
        assert desk.store.tries == 1
        desk.store.failing = None
        await asyncio.sleep(RETRY_S[0])
        assert (keeper.failing, keeper.spooled) == (False, 0)
        keeper.keep(call(9))

    keeper = desk.run(work)
    assert desk.store.saved == ["CA0", "CA1", "CA2", "CA3", "CA9"]
    assert desk.events() == ["store.failed", "store.works_again"]
    assert keeper.counters["records_spooled"] == 4
    assert desk.in_spool() == []


def test_a_store_that_stays_away_is_tried_less_and_less_often(desk: Desk) -> None:
    async def work(keeper: RecordKeeper) -> None:
        desk.store.failing = BROKEN
        keeper.keep(call(1))
        await asyncio.sleep(sum(RETRY_S) + 1)
        assert desk.store.tries == 1 + len(RETRY_S)
        await asyncio.sleep(10 * RETRY_S[-1])
        assert desk.store.tries == 1 + len(RETRY_S) + 10

    desk.run(work)
    assert desk.events() == ["store.failed"]
    assert desk.in_spool() == ["CA1"]


def test_a_store_that_hangs_counts_as_failing(desk: Desk) -> None:
    async def work(keeper: RecordKeeper) -> None:
        desk.store.takes_s = 1000.0
        keeper.keep(call(1))
        await asyncio.sleep(SAVE_S + 0.5)
        assert (keeper.failing, desk.in_spool()) == (True, ["CA1"])

    desk.run(work)
    assert desk.log[0]["reason"] == "slow"


def test_a_store_that_is_not_there_at_the_start_is_used_when_it_is(desk: Desk) -> None:
    async def work(keeper: RecordKeeper) -> None:
        assert keeper.failing
        keeper.keep(call(1))
        await quiet(keeper)
        assert desk.in_spool() == ["CA1"]
        desk.store.failing = None
        await asyncio.sleep(RETRY_S[0])
        assert desk.store.saved == ["CA1"]

    desk.store.failing = BROKEN
    desk.run(work)


def test_a_store_that_never_can_be_used_keeps_the_service_from_starting(desk: Desk) -> None:
    async def work(keeper: RecordKeeper) -> None:
        raise AssertionError

    desk.store.failing = ConfigError("a later version")
    with pytest.raises(ConfigError):
        desk.run(work)
