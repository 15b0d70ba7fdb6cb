import asyncio

from agent.tools.journal import MOST_KEPT, Busy, Committed, MemoryJournal, Mine, Starts, Unknown

BOOKED = {"output": {"reference": "BV-1042"}}


def test_an_entry_is_one_runs_until_it_is_committed() -> None:
    async def main() -> None:
        now = 100.0
        journal = MemoryJournal(lambda: now)
        await journal.open()
        assert await journal.begin("k", 17.0) == Mine()
        assert "k" in journal
        now = 107.0
        assert await journal.begin("k", 17.0) == Busy(10.0)
        await journal.commit("k", BOOKED)
        assert await journal.begin("k", 17.0) == Committed(BOOKED)
        assert "k" in journal
        assert await journal.begin("other", 17.0) == Mine()
        await journal.close()

    asyncio.run(main())


def test_an_abandoned_entry_may_be_begun_again() -> None:
    async def main() -> None:
        journal = MemoryJournal()
        await journal.begin("k", 17.0)
        await journal.abandon("k")
        await journal.abandon("k")
        assert "k" not in journal
        assert await journal.begin("k", 17.0) == Mine()

    asyncio.run(main())


def test_an_entry_that_nobody_finished_is_unknown_for_good() -> None:
    async def main() -> None:
        now = 100.0
        journal = MemoryJournal(lambda: now)
        await journal.begin("k", 17.0)
        now = 117.0
        assert await journal.begin("k", 17.0) == Unknown()
        now = 200.0
        assert await journal.begin("k", 17.0) == Unknown()

    asyncio.run(main())


def test_memory_is_bounded_and_keeps_the_latest() -> None:
    async def main() -> None:
        journal = MemoryJournal()
        for n in range(MOST_KEPT + 1):
            await journal.commit(str(n), BOOKED)
        assert "0" not in journal
        assert "1" in journal

    asyncio.run(main())


def test_what_begins_twice_is_counted_for_its_call() -> None:
    starts = Starts()
    starts.began("k", "CA1")
    starts.began("other", "CA1")
    assert starts.doubled == {}
    starts.began("k", "CA2")
    assert starts.doubled == {"CA2": 1}


def test_what_did_not_take_effect_may_begin_again() -> None:
    starts = Starts()
    starts.began("k", "CA1")
    starts.undone("k")
    starts.undone("k")
    starts.began("k", "CA1")
    assert starts.doubled == {}


def test_only_the_latest_starts_are_remembered() -> None:
    starts = Starts()
    for n in range(MOST_KEPT + 1):
        starts.began(str(n), "CA1")
    starts.began("0", "CA1")
    starts.began(str(MOST_KEPT), "CA1")
    assert starts.doubled == {"CA1": 1}
