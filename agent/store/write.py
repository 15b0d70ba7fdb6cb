"""How calls get into the tables, and out of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, Table, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.store.rows import Row
from agent.store.search import marks_of
from agent.store.tables import calls, words

DELETED_AT_ONCE = 200
"""So long other writers wait for it."""
CROWDED = 1000
"""Calls of following microseconds that are looked at for a free place."""


async def put(
    connection: AsyncConnection,
    place: int,
    call: Row,
    parts: Sequence[tuple[Table, Sequence[Row]]],
    said: str,
) -> None:
    """Write one call, in the connection's transaction, in the place of an earlier record of it."""
    await forget(connection, select(calls.c.place).filter_by(call_id=call["call_id"]))
    place = await _free(connection, place)
    await connection.execute(insert(calls), [call | {"place": place}])
    for table, rows in parts:
        await connection.execute(insert(table), [row | {"place": place} for row in rows])
    if connection.dialect.name == "sqlite":
        said = " ".join([said, *marks_of(call["tenant"], call["outcome"], call["caller"])])
    if said:
        await connection.execute(insert(words), [{"rowid": place, "words": said}])


async def is_there(connection: AsyncConnection, call_id: str) -> bool:
    """Whether there is a record of this call."""
    return bool(await connection.scalar(select(calls.c.place).filter_by(call_id=call_id)))


async def forget(connection: AsyncConnection, chosen: Select[Any]) -> int:
    """Delete the calls at these places, with all that belongs to them.

    Returns:
        How many they were.
    """
    places = (await connection.scalars(chosen)).all()
    if places:
        await connection.execute(delete(words).where(words.c.rowid.in_(places)))
        await connection.execute(delete(calls).where(calls.c.place.in_(places)))
    return len(places)


async def fetched(connection: AsyncConnection, query: Select[Any]) -> list[Row]:
    """What a question brings, as rows by plain names."""
    found = await connection.execute(query)
    names = [str(name) for name in found.keys()]  # noqa: SIM118 - rows are what it holds
    return [dict(zip(names, row, strict=True)) for row in found]


async def wipe(connection: AsyncConnection) -> None:
    """Have nothing left of deleted calls in SQLite's full-text index, which forgets late."""
    if connection.dialect.name == "sqlite":
        await connection.exec_driver_sql("INSERT INTO call_words (call_words) VALUES ('optimize')")


async def _free(connection: AsyncConnection, place: int) -> int:
    """The first free place from this one on."""
    if connection.dialect.name == "postgresql":  # SQLite lets only one write at a time anyway
        await connection.execute(select(func.pg_advisory_xact_lock(place)))
    near = select(calls.c.place).where(calls.c.place.between(place, place + CROWDED))
    taken = set(await connection.scalars(near))
    return next(free for free in range(place, place + CROWDED + 2) if free not in taken)
