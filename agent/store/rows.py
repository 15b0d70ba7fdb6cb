"""A record as rows of the tables, and back; without I/O."""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import Table

from agent.call.timeline import Entry
from agent.observe.carrier_news import without_news
from agent.observe.record_schema import (
    CallRecord,
    Carrier,
    Connection,
    Continuity,
    Cost,
    Recording,
    ToolCall,
    Turn,
    Usage,
)
from agent.store.search import words_of
from agent.store.tables import (
    calls,
    connections,
    recordings,
    timelines,
    tool_calls,
    turns,
    usage,
)

type Row = dict[str, Any]


class More(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a record that have no column: `calls.more`."""

    tools: Mapping[str, int] = {}
    not_done: tuple[str, ...] = ()
    carrier: Carrier = Carrier()
    counters: Mapping[str, int] = {}
    cost: Cost | None = None


def rows_of(record: CallRecord) -> tuple[Row, list[tuple[Table, list[Row]]], str]:
    """Take a record apart.

    Returns:
        The row of `calls`, the rows of the other tables, and the words that it is found by. None
        of them has its `place` yet.
    """
    parts = [
        (turns, _numbered(record.conversation)),
        (tool_calls, _numbered(record.tool_calls)),
        (connections, [_connection(row) for row in _numbered(record.connections)]),
        (usage, list(_usage(record.usage))),
        (recordings, [] if record.recording is None else [_row(record.recording)]),
        (timelines, [_timeline(record)] if record.timeline or record.timeline_dropped else []),
    ]
    texts = (text for turn in record.conversation for text in (turn.caller_text, turn.agent_text))
    return _call(record), [(table, rows) for table, rows in parts if rows], words_of(texts)


def place_of(at: datetime) -> int:
    """Where a call that began at this moment comes among all: microseconds since 1970."""
    since = at - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def in_utc(at: datetime) -> datetime:
    """A column's value, which says nothing of its zone, as a moment."""
    return at.replace(tzinfo=UTC)


def micros(cost: Decimal) -> int:
    """An amount as it is stored: whole millionths, which add up exactly in every engine."""
    return round(cost * 1_000_000)


def usd(stored: int | None) -> Decimal | None:
    """A stored amount."""
    return None if stored is None else Decimal(stored).scaleb(-6)


def record_of(row: Row, parts: Mapping[str, Sequence[Row]]) -> CallRecord:
    """Put a record together again.

    Args:
        row: of `calls`.
        parts: rows of the other tables by their names, in order.
    """
    more = msgspec.json.decode(row["more"], type=More)
    timeline = next(iter(parts["timelines"]), None)
    given = {name: row[name] for name in CallRecord.__struct_fields__ if name in row}
    return CallRecord(
        **given
        | {
            "began_at": in_utc(row["began_at"]),
            "ended_at": in_utc(row["ended_at"]),
            "tools": more.tools,
            "not_done": more.not_done,
            "cost": more.cost,
            "carrier": more.carrier,
            "counters": more.counters,
            "continuity": Continuity(**{n: row[n] for n in Continuity.__struct_fields__}),
            "usage": _usage_of(parts["usage"]),
            "conversation": tuple(msgspec.convert(r, Turn) for r in parts["turns"]),
            "tool_calls": tuple(msgspec.convert(r, ToolCall) for r in parts["tool_calls"]),
            "connections": tuple(_connection_of(r) for r in parts["connections"]),
            "recording": next((msgspec.convert(r, Recording) for r in parts["recordings"]), None),
            "timeline": () if timeline is None else _entries(timeline["entries"]),
            "timeline_dropped": 0 if timeline is None else timeline["dropped"],
        }
    )


def _call(record: CallRecord) -> Row:
    names = [str(column.name) for column in calls.c]
    given: Row = {name: getattr(record, name) for name in names if hasattr(record, name)}
    more = More(
        tools=record.tools,
        not_done=record.not_done,
        carrier=without_news(record).carrier,
        counters=record.counters,
        cost=record.cost,
    )
    return storable(
        given
        | msgspec.structs.asdict(record.continuity)
        | {
            "began_at": record.began_at.astimezone(UTC).replace(tzinfo=None),
            "ended_at": record.ended_at.astimezone(UTC).replace(tzinfo=None),
            "tools": record.tools.get("calls", 0),
            "cost_micro_usd": None if record.cost is None else micros(record.cost.total),
            "tools_failed": record.tools.get("failed", 0),
            "more": msgspec.json.encode(more).decode(),
        }
    )


def _numbered(parts: Sequence[msgspec.Struct]) -> list[Row]:
    return [{"n": n, **_row(part)} for n, part in enumerate(parts)]


def _row(part: msgspec.Struct) -> Row:
    return storable(msgspec.structs.asdict(part))


def storable(row: Row) -> Row:
    """Texts without what PostgreSQL does not take in one: a NUL, half of a pair of surrogates."""
    return {
        name: value.replace("\0", "").encode(errors="replace").decode()
        if isinstance(value, str)
        else value
        for name, value in row.items()
    }


def _connection(row: Row) -> Row:
    return row | {"failed": "\n".join(line.replace("\n", " ") for line in row["failed"])}


def _connection_of(row: Row) -> Connection:
    return msgspec.convert({**row, "failed": row["failed"].splitlines()}, Connection)


def _usage(used: Usage) -> Iterator[Row]:
    for kind, value in msgspec.structs.asdict(used).items():
        by_modality = value if isinstance(value, Mapping) else {"": value}
        for modality, n in by_modality.items():
            if n:
                yield {"kind": kind, "modality": modality, "n": n}


def _usage_of(rows: Sequence[Row]) -> Usage:
    given: dict[str, Any] = {}
    for row in rows:
        if row["modality"]:
            given.setdefault(row["kind"], {})[row["modality"]] = row["n"]
        else:
            given[row["kind"]] = row["n"]
    return msgspec.convert(given, Usage)


def _timeline(record: CallRecord) -> Row:
    packed = zlib.compress(msgspec.json.encode(record.timeline), 6)
    return {"entries": packed, "dropped": record.timeline_dropped}


def _entries(packed: bytes) -> tuple[Entry, ...]:
    return msgspec.json.decode(zlib.decompress(packed), type=tuple[Entry, ...])
