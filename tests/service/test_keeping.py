"""Records on their way to a store that works, fails, is slow, hangs, and comes back."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import structlog

from agent.errors import ConfigError, StoreError
from agent.observe.record_schema import CallRecord
from agent.service import keeping
from agent.service.keeping import EVERY_S, RETRY_S, SAVE_S, RecordKeeper
from agent.service.spool import Spool
from tests.store.records import NOON, record
from tests.support.patient_loop import run_on_loopback

BROKEN = StoreError("OperationalError")
UNFIT = StoreError("DataError", of_record=True)


class Store:
    """A store that does what a test says.

    Attributes:
        failing: raised by every use.
        takes_s: how long a record takes.
        unfit: calls that it refuses.
    """

    def __init__(self) -> None:
        self.saved: list[str] = []
        self.deleted: list[tuple[str, datetime]] = []
        self.failing: Exception | None = None
        self.takes_s = 0.0
        self.unfit: set[str] = set()
        self.tries = 0

    async def open(self) -> None:
        if self.failing is not None:
            raise self.failing

    async def save(self, record: CallRecord) -> None:
        self.tries += 1
        await asyncio.sleep(self.takes_s)
        if record.call_id in self.unfit:
            raise UNFIT
        if self.failing is not None:
            raise self.failing
        self.saved.append(record.call_id)

    async def delete_before(self, tenant: str, at: datetime) -> int:
        if self.failing is not None:
            raise self.failing
        self.deleted.append((tenant, at))
        return 3 if tenant == "shop" else 0


class Desk:
    """A keeper at work, and its log."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Store()
        self.spool = Spool(folder)
        self.log: list[Any] = []

    def run(self, work: Callable[[RecordKeeper], Awaitable[None]]) -> RecordKeeper:
        async def main() -> RecordKeeper:
            keeper = RecordKeeper(self.store, self.spool)
            await keeper.open()
            async with keeper.at_work():
                await work(keeper)
            return keeper

        with structlog.testing.capture_logs() as self.log:
            return run_on_loopback(main())

    def events(self) -> list[str]:
        return [line["event"] for line in self.log]

    def in_spool(self) -> list[str]:
        return [path.stem.partition("-")[2] for path in self.spool.files()]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "spool")


def call(n: int) -> CallRecord:
    return record(f"CA{n}", began_at=NOON + timedelta(seconds=n))


async def quiet(keeper: RecordKeeper) -> None:
    """Let pass what is going on now, and no more than a moment."""
    await asyncio.sleep(0.01)


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


def test_what_an_earlier_process_left_behind_is_brought(desk: Desk) -> None:
    async def work(keeper: RecordKeeper) -> None:
        await quiet(keeper)
        assert keeper.spooled == 0

    for n in (2, 1):
        desk.spool.put(call(n))
    desk.run(work)
    assert desk.store.saved == ["CA1", "CA2"]


def test_a_line_of_an_export_is_brought_whatever_its_name(desk: Desk) -> None:
    async def work(keeper: RecordKeeper) -> None:
        await quiet(keeper)

    desk.folder.mkdir()
    (desk.folder / "aa.jsonl").write_bytes(msgspec.json.encode(call(1)) + b"\n")
    desk.run(work)
    assert desk.store.saved == ["CA1"]


def test_a_new_record_does_not_wait_for_a_long_spool(desk: Desk) -> None:
    async def work(keeper: RecordKeeper) -> None:
        await asyncio.sleep(0.25)
        keeper.keep(call(99))
        await asyncio.sleep(5)

    desk.store.takes_s = 0.1
    for n in range(10):
        desk.spool.put(call(n))
    desk.run(work)
    assert desk.store.saved.index("CA99") < 5
    assert len(desk.store.saved) == 11


def test_a_record_that_does_not_fit_lies_apart_and_holds_up_nothing(desk: Desk) -> None:
    async def work(keeper: RecordKeeper) -> None:
        await quiet(keeper)
        keeper.keep(call(3))
        keeper.keep(call(4))
        await quiet(keeper)
        assert not keeper.failing

    desk.store.unfit = {"CA1", "CA3"}
    for n in (1, 2):
        desk.spool.put(call(n))
    (desk.folder / "20200101T000000.000000-CA0.jsonl").write_text("no record")
    keeper = desk.run(work)
    assert desk.store.saved == ["CA2", "CA4"]
    assert keeper.counters["records_refused"] == 3
    assert desk.events() == ["record.refused"] * 3
    refused = sorted(path.stem[-3:] for path in (desk.folder / "refused").iterdir())
    assert refused == ["CA0", "CA1", "CA3"]


def test_what_neither_store_nor_spool_takes_waits_in_memory(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(keeper: RecordKeeper) -> None:
        desk.store.failing = BROKEN
        keeper.keep(call(1))
        keeper.keep(call(2))
        await asyncio.sleep(60)
        assert keeper.waiting == 2
        desk.store.failing = None
        await asyncio.sleep(RETRY_S[-1] + 1)
        assert keeper.waiting == 0

    monkeypatch.setattr(Spool, "put", full)
    keeper = desk.run(work)
    assert desk.store.saved == ["CA1", "CA2"]
    assert keeper.counters["records_lost"] == 0
    assert set(desk.events()) == {"store.failed", "spool.failed", "store.works_again"}


def full(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


def test_what_finds_no_place_at_the_end_is_lost_and_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(keeper: RecordKeeper) -> None:
        desk.store.failing = BROKEN
        keeper.keep(call(1))

    monkeypatch.setattr(Spool, "put", full)
    keeper = desk.run(work)
    assert keeper.counters["records_lost"] == 1
    assert desk.log[-1] == {
        "event": "record.lost",
        "log_level": "error",
        "tenant": "shop",
        "call_id": "CA1",
        "reason": "neither store nor spool takes it",
    }


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


def test_a_spool_that_cannot_be_read_now_is_tried_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Spool.read

    def locked(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    async def work(keeper: RecordKeeper) -> None:
        await quiet(keeper)
        assert (keeper.failing, desk.store.saved) == (False, [])
        monkeypatch.setattr(Spool, "read", read)
        await asyncio.sleep(RETRY_S[-1] + 1)
        assert desk.store.saved == ["CA1"]

    desk.spool.put(call(1))
    monkeypatch.setattr(Spool, "read", locked)
    desk.run(work)
    assert desk.events() == ["spool.failed"]


def test_an_error_of_our_own_is_told_and_loses_nothing(desk: Desk) -> None:
    async def work(keeper: RecordKeeper) -> None:
        desk.store.failing = ValueError("a bug")
        keeper.keep(call(1))
        await quiet(keeper)

    desk.run(work)
    assert desk.events() == ["keeping.failed"]
    assert desk.in_spool() == ["CA1"]


def test_what_tenants_no_longer_keep_is_deleted_every_hour(desk: Desk) -> None:
    async def work(keeper: RecordKeeper) -> None:
        task = asyncio.create_task(keeper.delete_regularly(lambda: {"shop": 3600.0, "office": 1.0}))
        await asyncio.sleep(EVERY_S - 1)
        assert [tenant for tenant, _ in desk.store.deleted] == ["shop", "office"]
        desk.store.failing = BROKEN
        await asyncio.sleep(2)
        desk.store.failing = None
        await asyncio.sleep(EVERY_S)
        assert len(desk.store.deleted) == 4
        task.cancel()
        await asyncio.wait([task])
        assert keeper.counters["records_deleted"] == 6

    desk.run(work)
    age = datetime.now(UTC) - desk.store.deleted[0][1]
    assert timedelta(hours=1) <= age < timedelta(hours=1, minutes=1)
    assert desk.events() == ["records.deleted", *["records.not_deleted"] * 2, "records.deleted"]
