"""What lists ask the store; without I/O."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, literal_column, select

from agent.store.rows import in_utc, place_of, usd
from agent.store.search import asked_words, marks_of, postgres_match, sqlite_match
from agent.store.tables import calls, recordings, words
from agent.store.wanted import CallFilter, CallSummary

_COLUMNS = (
    calls.c.place,
    calls.c.call_id,
    calls.c.tenant,
    calls.c.direction,
    calls.c.caller,
    calls.c.began_at,
    calls.c.duration_s,
    calls.c.outcome,
    calls.c.turns,
    calls.c.latency_median_s,
    calls.c.barge_ins,
    calls.c.gap_ms,
    calls.c.moves,
    calls.c.drops,
    calls.c.tools,
    calls.c.tools_failed,
    calls.c.cost_micro_usd,
    recordings.c.place.is_not(None).label("recorded"),
)


def summaries(
    engine: str, wanted: CallFilter, before: int | None, limit: int
) -> Select[Any] | None:
    """What lists show of calls, newest first; see `chosen`."""
    query = select(*_COLUMNS).select_from(calls.outerjoin(recordings))
    return chosen(query, engine, wanted, before, limit)


def chosen(
    query: Select[Any], engine: str, wanted: CallFilter, before: int | None, limit: int
) -> Select[Any] | None:
    """The newest calls of a kind, newest first.

    Args:
        query: what of them.
        engine: `sqlite` or `postgresql`.
        before: only calls at places before this one.

    Returns:
        The statement; None when nothing can be found: there is no word in what was asked for.
    """
    query = query.limit(limit)
    place: ColumnElement[int] = calls.c.place
    if wanted.words is not None:
        asked = asked_words(wanted.words)
        if not asked:
            return None
        query = query.where(_said(engine, asked, wanted), words.c.rowid == calls.c.place)
        if engine == "sqlite":  # the full-text table has the order: a search stops when it may
            place = words.c.rowid
    for column, value in (
        (calls.c.tenant, wanted.tenant),
        (calls.c.outcome, wanted.outcome),
        (calls.c.caller, wanted.number),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.since is not None:
        query = query.where(place >= place_of(wanted.since))
    if wanted.until is not None:
        query = query.where(place < place_of(wanted.until))
    if before is not None:
        query = query.where(place < before)
    return query.order_by(place.desc())


def _said(engine: str, asked: list[str], wanted: CallFilter) -> ColumnElement[bool]:
    if engine == "sqlite":
        asked = [*asked, *marks_of(wanted.tenant, wanted.outcome, wanted.number)]
        return literal_column("call_words").op("MATCH")(sqlite_match(asked))
    text = func.to_tsvector(literal_column("'simple'"), words.c.words)
    return text.op("@@")(func.to_tsquery(literal_column("'simple'"), postgres_match(asked)))


def summary_of(row: Row[Any]) -> CallSummary:
    """One row of the answer."""
    return CallSummary(
        cursor=row.place,
        call_id=row.call_id,
        tenant=row.tenant,
        direction=row.direction,
        caller=row.caller,
        began_at=in_utc(row.began_at),
        duration_s=row.duration_s,
        outcome=row.outcome,
        turns=row.turns,
        latency_s=row.latency_median_s,
        barge_ins=row.barge_ins,
        gap_ms=row.gap_ms,
        moves=row.moves,
        drops=row.drops,
        tool_calls=row.tools,
        tool_failures=row.tools_failed,
        cost_usd=usd(row.cost_micro_usd),
        recorded=row.recorded,
    )
