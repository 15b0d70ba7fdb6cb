"""Records that lie in the spool, and those that neither store nor spool takes."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from agent.service.keeping import RETRY_S, RecordKeeper
from agent.service.spool import Spool
from tests.service.record_desk import BROKEN, Desk, call, full, quiet


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "spool")


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
