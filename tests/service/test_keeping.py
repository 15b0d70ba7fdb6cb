"""Records on their way to a store that works: in order, and bounded."""

from pathlib import Path

import pytest

from agent.service import keeping
from agent.service.keeping import RecordKeeper
from tests.service.record_desk import Desk, call, quiet


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "spool")


def test_records_reach_the_store_in_order(desk: Desk) -> None:
    async def work(keeper: RecordKeeper) -> None:
        for n in range(3):
            keeper.keep(call(n))
        assert keeper.waiting == 3
        await quiet(keeper)
        assert keeper.waiting == 0

    keeper = desk.run(work)
    assert desk.store.saved == ["CA0", "CA1", "CA2"]
    assert dict(keeper.counters) == {"records_written": 3}
    assert (desk.log, desk.in_spool()) == ([], [])


def test_what_waits_at_the_end_is_written_first(desk: Desk) -> None:
    async def work(keeper: RecordKeeper) -> None:
        for n in range(3):
            keeper.keep(call(n))

    desk.store.takes_s = 1.0
    desk.run(work)
    assert desk.store.saved == ["CA0", "CA1", "CA2"]


def test_what_a_slow_store_does_not_take_at_the_end_is_spooled(desk: Desk) -> None:
    async def work(keeper: RecordKeeper) -> None:
        for n in range(9):
            keeper.keep(call(n))

    desk.store.takes_s = 2.0
    keeper = desk.run(work)
    assert desk.store.saved == ["CA0", "CA1"]
    assert desk.in_spool() == [f"CA{n}" for n in range(2, 9)]
    assert keeper.counters["records_lost"] == 0


def test_the_queue_has_a_bound_and_what_is_lost_is_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(keeper: RecordKeeper) -> None:
        for n in range(5):
            keeper.keep(call(n))

    monkeypatch.setattr(keeping, "WAITING", 3)
    keeper = desk.run(work)
    assert desk.store.saved == ["CA0", "CA1", "CA2"]
    assert keeper.counters["records_lost"] == 2
    assert desk.events() == ["record.lost"] * 2


def test_an_error_of_our_own_is_told_and_loses_nothing(desk: Desk) -> None:
    async def work(keeper: RecordKeeper) -> None:
        desk.store.failing = ValueError("a bug")
        keeper.keep(call(1))
        await quiet(keeper)

    desk.run(work)
    assert desk.events() == ["keeping.failed"]
    assert desk.in_spool() == ["CA1"]
