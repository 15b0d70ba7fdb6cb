"""What questions cost in SQLite: they end as soon as a page is full, however many calls fit."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from sqlalchemy.dialects.sqlite import dialect

from agent.store.query import summaries
from agent.store.store import Store
from agent.store.wanted import CallFilter
from bench.store import fill, made

FEW, MANY, PAGE = 400, 3000, 5
MIDDLE = datetime(2026, 1, 1, 8, tzinfo=UTC)
QUESTIONS = {
    "newest": CallFilter(),
    "a tenant's": CallFilter(tenant="tenant-3"),
    "an outcome's": CallFilter(outcome="idle"),
    "since a day": CallFilter(since=MIDDLE),
    "a word of every call": CallFilter(words="please"),
    "three words of every call": CallFilter(words="my order thank"),
    "a word of every call, one outcome": CallFilter(words="please", outcome="idle"),
    "a word of every call, until a day": CallFilter(words="please", until=MIDDLE),
    "a short beginning": CallFilter(words="ple*"),
}


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    folder = tmp_path_factory.mktemp("plans")
    paths = {n: folder / f"{n}.sqlite3" for n in (FEW, MANY)}

    async def filled() -> None:
        for n, path in paths.items():
            store = Store(f"sqlite:///{path}")
            await fill(store, n, lambda n: made(n, Random(n)))
            await store.close()

    asyncio.run(filled())
    return paths


def statement(wanted: CallFilter) -> str:
    query = summaries("sqlite", wanted, None, PAGE)
    assert query is not None
    return str(query.compile(dialect=dialect(), compile_kwargs={"literal_binds": True}))


def steps(path: Path, text: str) -> int:
    """How many instructions the engine needs for a page."""
    taken = 0

    def step() -> int:
        nonlocal taken
        taken += 1
        return 0

    with closing(sqlite3.connect(path)) as connection:
        connection.set_progress_handler(step, 1)
        assert len(connection.execute(text).fetchall()) == PAGE
    return taken


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_page_takes_the_same_work_however_many_calls_fit(
    name: str, stores: dict[int, Path]
) -> None:
    text = statement(QUESTIONS[name])  # a word's calls lie in more places as there are more
    assert steps(stores[MANY], text) <= 2 * steps(stores[FEW], text)


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_page_has_to_be_sorted(name: str, stores: dict[int, Path]) -> None:
    with closing(sqlite3.connect(stores[FEW])) as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {statement(QUESTIONS[name])}").fetchall()
    assert not any("TEMP B-TREE" in row[3] for row in plan)
