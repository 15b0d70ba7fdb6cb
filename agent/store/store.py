"""The store of calls that are over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from importlib import import_module
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.errors import ConfigError, StoreError
from agent.observe.carrier_news import CarrierNews, news_of, with_news
from agent.observe.missed import is_missed
from agent.observe.record_schema import CallRecord
from agent.store.engine import WRITES, make_engine
from agent.store.news import forget_news, forget_strays, known_news, put_news
from agent.store.query import chosen, summaries, summary_of
from agent.store.rows import Row, place_of, record_of, rows_of, usd
from agent.store.schema import migrate, version_of
from agent.store.tables import HEAD, PARTS, calls
from agent.store.wanted import MOST, CallFilter, CallSummary
from agent.store.write import DELETED_AT_ONCE, fetched, forget, is_there, put, wipe

TRIES = 5
"""At a place that another process takes in the same microsecond."""
LONGEST_REASON = 200
ANY = CallFilter()
_OF_RECORD = (DataError, IntegrityError, ValueError, OverflowError)


class Store:
    """Calls in SQLite or PostgreSQL; every method but `close` may raise `StoreError`.

    Args:
        address: `sqlite:////a/path` or `postgresql://user@host/name`.

    Raises:
        ConfigError: the address cannot be used.
    """

    def __init__(self, address: str) -> None:
        self._engine = make_engine(address)
        self._open = False

    async def open(self) -> None:
        """Bring the tables to the version of this program; else the first use does it.

        Raises:
            ConfigError: a later version of this program has been here.
        """
        if self._open:
            return
        async with self._reading() as connection:
            found = await connection.run_sync(version_of)
        if found != HEAD:
            # Once in a store's life; to import it takes 0.1 s, for which no call waits.
            await asyncio.to_thread(import_module, "alembic.command")
            async with self._writing() as connection:
                await connection.run_sync(migrate)
        self._open = True

    async def close(self) -> None:
        """Close every connection; a later use makes new ones."""
        await self._engine.dispose()

    async def save(self, record: CallRecord) -> None:
        """Keep a call; a newer record of a call takes the place of an earlier one.

        But that it was missed (`agent.observe.missed`) is kept only of a call that has no record.
        What the carrier tells of it (`tell`) is kept beside it, and only grows.
        """
        await self._ready()
        rows = await asyncio.to_thread(rows_of, record)
        news = news_of(record)

        async def write(connection: AsyncConnection) -> None:
            if not (is_missed(record) and await is_there(connection, record.call_id)):
                await put(connection, place_of(record.began_at), *rows)
            if not news.empty:
                await put_news(connection, news, place_of(record.ended_at))

        await self._written(write)

    async def tell(self, news: CarrierNews, at: datetime) -> None:
        """Add to what is known of a call, whether its record is there already, comes, or never.

        In whichever order pieces of news come, and how often, the same is known in the end. Without
        a tenant, and of a call that is not there, nothing is kept.

        Args:
            at: now.
        """
        await self._ready()

        async def write(connection: AsyncConnection) -> None:
            await put_news(connection, news, place_of(at))

        await self._written(write)

    async def calls(
        self, wanted: CallFilter = ANY, before: int | None = None, limit: int = 50
    ) -> list[CallSummary]:
        """The newest calls of a kind, newest first.

        Args:
            before: the `cursor` of the last call of the page before.
            limit: at most `MOST`. When fewer calls come, there are no more.
        """
        query = summaries(self._engine.dialect.name, wanted, before, min(limit, MOST))
        if query is None:
            return []
        await self._ready()
        async with self._reading() as connection:
            return [summary_of(row) for row in await connection.execute(query)]

    async def search(
        self, words: str, wanted: CallFilter = ANY, before: int | None = None, limit: int = 50
    ) -> list[CallSummary]:
        """Calls in whose transcript these words occur; see `CallFilter.words`."""
        return await self.calls(replace(wanted, words=words), before, limit)

    async def call(self, call_id: str) -> CallRecord | None:
        """All that is kept of a call; None: nothing is."""
        found = await self._records(select(calls).filter_by(call_id=call_id))
        return found[0][1] if found else None

    async def records(
        self, wanted: CallFilter = ANY, before: int | None = None, limit: int = 50
    ) -> list[tuple[int, CallRecord]]:
        """All that is kept of the newest calls of a kind; see `calls`.

        Returns:
            Each with its `cursor`.
        """
        engine = self._engine.dialect.name
        query = chosen(select(calls), engine, wanted, before, min(limit, MOST))
        return [] if query is None else await self._records(query)

    async def spent(self, tenant: str, since: datetime) -> Decimal:
        """What a tenant's calls cost that began at this moment or later, in dollars."""
        await self._ready()
        query = select(func.sum(calls.c.cost_micro_usd)).where(
            calls.c.tenant == tenant, calls.c.place >= place_of(since)
        )
        async with self._reading() as connection:
            return usd(int(await connection.scalar(query) or 0)) or Decimal(0)

    async def delete_before(self, tenant: str, at: datetime) -> int:
        """Delete a tenant's calls that began before this moment, a few at a time.

        Returns:
            How many they were.
        """
        await self._ready()
        deleted = 0
        while True:
            async with self._writing() as connection:
                oldest = (
                    select(calls.c.place, calls.c.call_id)
                    .where(calls.c.tenant == tenant, calls.c.place < place_of(at))
                    .order_by(calls.c.place)
                    .limit(DELETED_AT_ONCE)
                )
                ids = await connection.scalars(oldest.with_only_columns(calls.c.call_id))
                theirs = list(ids)
                n = await forget(connection, oldest.with_only_columns(calls.c.place))
                await forget_news(connection, theirs)  # in the order in which calls are saved
                if n < DELETED_AT_ONCE:
                    await forget_strays(connection, tenant, place_of(at))
            deleted += n
            if n < DELETED_AT_ONCE:
                break
        if deleted:
            async with self._writing() as connection:
                await wipe(connection)
        return deleted

    async def _records(self, query: Select[Any]) -> list[tuple[int, CallRecord]]:
        await self._ready()
        async with self._reading() as connection:
            found = await fetched(connection, query)
            places = [row["place"] for row in found]
            parts: dict[int, dict[str, list[Row]]] = {
                place: {part.name: [] for part in PARTS} for place in places
            }
            for part in PARTS if places else ():
                theirs = select(part).where(part.c.place.in_(places)).order_by(*part.primary_key)
                for row in await fetched(connection, theirs):
                    parts[row["place"]][part.name].append(row)
            told = await known_news(connection, [row["call_id"] for row in found]) if found else {}

        def put_together() -> list[tuple[int, CallRecord]]:
            return [
                (
                    row["place"],
                    with_news(record_of(row, parts[row["place"]]), told.get(row["call_id"])),
                )
                for row in found
            ]

        return await asyncio.to_thread(put_together)

    async def _written(self, write: Callable[[AsyncConnection], Awaitable[None]]) -> None:
        """Write something, again if another process was at the same place in the same moment."""
        for left in reversed(range(TRIES)):
            try:
                async with self._writing() as connection:
                    await write(connection)
            except StoreError as error:
                if not (left and isinstance(error.__cause__, IntegrityError)):
                    raise
            else:
                return

    async def _ready(self) -> None:
        try:
            await self.open()
        except ConfigError as error:
            raise StoreError(str(error)) from error

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection that sees the store as it is at one moment."""
        with _as_ours():
            async with self._engine.connect() as connection:
                yield connection

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: all of it, or nothing."""
        with _as_ours():
            async with self._engine.execution_options(**WRITES).begin() as connection:
                yield connection


@contextmanager
def _as_ours() -> Iterator[None]:
    """Whatever a driver raises, as a `StoreError`.

    A `TimeoutError` is PostgreSQL's driver's; a limit of our caller's is a cancellation.
    """
    try:
        yield
    except (SQLAlchemyError, OSError, TimeoutError, OverflowError) as error:
        causes = list(_causes(error))
        of_record = any(isinstance(cause, _OF_RECORD) for cause in causes)
        raise StoreError(_reason(causes[-1], of_record), of_record=of_record) from error


def _reason(error: BaseException, of_record: bool) -> str:
    """What a driver says, unless it may quote a call."""
    name, said = type(error).__name__, " ".join(str(error).split())[:LONGEST_REASON]
    return name if of_record or not said else f"{name}: {said}"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
