"""What the carrier tells of calls, in the store: before their records come, or after."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from sqlalchemy import delete, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.observe.carrier_news import CarrierNews, merged
from agent.observe.record_schema import Transfer
from agent.store.rows import Row, storable
from agent.store.tables import calls, carrier_news, transfers
from agent.store.write import fetched


async def put_news(connection: AsyncConnection, news: CarrierNews, told_at: int) -> None:
    """Add to what is known of a call, in the connection's transaction.

    Nothing is kept of a call of which nobody knows whose it is.

    Args:
        told_at: microseconds since 1970.
    """
    held = (await known_news(connection, [news.call_id], to_write=True)).get(news.call_id)
    tenant = news.tenant
    if tenant is None and held is None:
        query = select(calls.c.tenant).where(calls.c.call_id == news.call_id)
        tenant = await connection.scalar(query)
        if tenant is None:
            return
    known = news if held is None else merged(held, news)
    if known == held:
        return
    mine = carrier_news.c.call_id == news.call_id
    row = _row(known) | {"told_at": told_at}
    if held is None:
        await connection.execute(insert(carrier_news), [row | {"tenant": tenant}])
    else:
        await connection.execute(update(carrier_news).where(mine).values(row))
        await connection.execute(delete(transfers).where(transfers.c.call_id == news.call_id))
    if rows := [_transfer(news.call_id, n, each) for n, each in known.transfers.items()]:
        await connection.execute(insert(transfers), rows)


async def known_news(
    connection: AsyncConnection, ids: Collection[str], *, to_write: bool = False
) -> dict[str, CarrierNews]:
    """What is known of these calls; those of which nothing is are left out.

    Args:
        to_write: nobody else changes it in the meantime.
    """
    query = select(carrier_news).where(carrier_news.c.call_id.in_(ids))
    rows = await fetched(connection, query.with_for_update() if to_write else query)
    if not rows:
        return {}
    passed: dict[str, dict[int, Transfer]] = {row["call_id"]: {} for row in rows}
    theirs = select(transfers).where(transfers.c.call_id.in_(passed)).order_by(transfers.c.n)
    for row in await fetched(connection, theirs):
        passed[row["call_id"]][row["n"]] = msgspec.convert(row, Transfer)
    return {row["call_id"]: _news_of(row, passed[row["call_id"]]) for row in rows}


async def forget_news(connection: AsyncConnection, ids: Collection[str]) -> None:
    """Delete what is known of these calls."""
    await connection.execute(delete(carrier_news).where(carrier_news.c.call_id.in_(ids)))


async def forget_strays(connection: AsyncConnection, tenant: str, before: int) -> None:
    """Delete what was told of a tenant's calls whose records never came."""
    there = exists().where(calls.c.call_id == carrier_news.c.call_id)
    await connection.execute(
        delete(carrier_news).where(
            carrier_news.c.tenant == tenant, carrier_news.c.told_at < before, ~there
        )
    )


def _row(news: CarrierNews) -> Row:
    return storable(
        {
            "call_id": news.call_id,
            "status": news.status,
            "duration_s": news.duration_s,
            "sip_code": news.sip_code,
            "stream_errors": "\n".join(" ".join(each.split()) for each in news.stream_errors),
        }
    )


def _news_of(row: Row, passed: dict[int, Transfer]) -> CarrierNews:
    return CarrierNews(
        call_id=row["call_id"],
        tenant=row["tenant"],
        status=row["status"],
        duration_s=row["duration_s"],
        sip_code=row["sip_code"],
        stream_errors=tuple(row["stream_errors"].splitlines()),
        transfers=passed,
    )


def _transfer(call_id: str, n: int, transfer: Transfer) -> Row:
    return storable({"call_id": call_id, "n": n, **msgspec.structs.asdict(transfer)})
