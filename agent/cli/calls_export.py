"""`seamline calls export`: past calls as JSON Lines, or as CSV tables with fixed columns."""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TextIO

import msgspec
from msgspec.structs import asdict
from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from agent.cli.calls_options import Wanted
from agent.cli.past import filter_of, with_store
from agent.errors import ConfigError
from agent.observe.personal import less_personal, personal_fields
from agent.observe.record_schema import (
    CallRecord,
    Carrier,
    Connection,
    Continuity,
    Cost,
    Recording,
    ToolCall,
    Transfer,
    Turn,
    Usage,
)
from agent.service.settings import Settings
from agent.store.store import Store
from agent.store.wanted import CallFilter

PAGE = 200

type Format = Literal["jsonl", "csv"]
type TableName = Literal["calls", "turns", "tool_calls", "connections", "transfers"]
type Write = Callable[[CallRecord], None]

_LISTS: dict[TableName, tuple[str, type[msgspec.Struct]]] = {
    "turns": ("conversation", Turn),
    "tool_calls": ("tool_calls", ToolCall),
    "connections": ("connections", Connection),
    "transfers": ("transfers", Transfer),
}
_PARTS: dict[str, type[msgspec.Struct]] = {
    "continuity": Continuity,
    "carrier": Carrier,
    "usage": Usage,
    "cost": Cost,
    "recording": Recording,
}
"""Whose fields are columns of the table of calls, as `continuity_gap_ms`."""
_KEYS = ("call_id", "tenant", "began_at")
"""The columns by which the other tables go with it."""


def export_calls(
    config: Path | None,
    wanted: Wanted,
    *,
    out: Path | None,
    format: Format,
    table: TableName,
    personal: bool,
) -> None:
    """Write them, newest first.

    Args:
        out: the file; None: standard output.
        table: which one, as CSV.
        personal: with numbers and words.

    Raises:
        ConfigError: the file cannot be written.
    """
    chosen = filter_of(wanted, datetime.now(UTC))
    if format == "jsonl" and table != "calls":
        raise ConfigError(f"--table {table} is for --format csv: JSON Lines have all on one line")

    async def work(store: Store, _: Settings) -> int:
        with ExitStack() as stack:
            file = sys.stdout if out is None else stack.enter_context(_opened(out))
            progress = stack.enter_context(_progress(shown=out is not None))
            task = progress.add_task("calls", total=None)
            write = _jsonl(file) if format == "jsonl" else _csv(file, table, personal=personal)
            n = 0
            async for record in _all(store, chosen):
                write(record if personal else less_personal(record))
                n += 1
                progress.update(task, completed=n)
            return n

    try:
        n = with_store(config, work)
    except BrokenPipeError:  # whoever reads it has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    except OSError as error:
        where = "standard output" if out is None else f"--out {out}"
        raise ConfigError(f"{where}: {error.strerror}") from None
    Console(stderr=True, highlight=False).print(f"{n} calls")


def _opened(path: Path) -> TextIO:
    return path.open("w", encoding="utf-8", newline="")


def _progress(*, shown: bool) -> Progress:
    """On the terminal, for a person who waits for a file."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.completed} calls"), TimeElapsedColumn())
    return Progress(*columns, console=console, disable=not (shown and console.is_terminal))


async def _all(store: Store, wanted: CallFilter) -> AsyncIterator[CallRecord]:
    """Page by page, so that any number of calls takes no memory."""
    before = None
    while page := await store.records(wanted, before, PAGE):
        for before, record in page:  # noqa: B007 - the last one is where the next page begins
            yield record


def _jsonl(file: TextIO) -> Write:
    def write(record: CallRecord) -> None:
        file.write(msgspec.json.encode(record).decode() + "\n")

    return write


def _csv(file: TextIO, table: TableName, *, personal: bool) -> Write:
    """The same columns for any calls: what has no value is empty, what is no single value JSON."""
    rows = _call_rows if table == "calls" else _list_rows(table)
    columns = list(columns_of(table, personal=personal))
    writer = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()

    def write(record: CallRecord) -> None:
        for row in rows(record):
            writer.writerow({name: _cell(value) for name, value in row.items()})

    return write


def columns_of(table: TableName, *, personal: bool) -> Iterator[str]:
    """The names of a table's columns, without those of personal data if those are not wanted."""
    if table != "calls":
        part = _LISTS[table][1]
        yield from _KEYS
        yield from _fields(part, personal=personal)
        return
    lists = {field for field, _ in _LISTS.values()} | {"timeline"}
    for name in _fields(CallRecord, personal=personal):
        if name in _PARTS:
            yield from (f"{name}_{field}" for field in _PARTS[name].__struct_fields__)
        elif name not in lists:
            yield name


def _fields(part: type[msgspec.Struct], *, personal: bool) -> Iterator[str]:
    hidden = frozenset[str]() if personal else personal_fields(part)
    return (name for name in part.__struct_fields__ if name not in hidden)


def _call_rows(record: CallRecord) -> Iterator[dict[str, Any]]:
    row = asdict(record)
    for name in _PARTS:
        part = row.pop(name)
        if part is not None:
            row |= {f"{name}_{field}": value for field, value in asdict(part).items()}
    yield row


def _list_rows(table: TableName) -> Callable[[CallRecord], Iterator[dict[str, Any]]]:
    field = _LISTS[table][0]

    def rows(record: CallRecord) -> Iterator[dict[str, Any]]:
        keys = {name: getattr(record, name) for name in _KEYS}
        return (keys | asdict(part) for part in getattr(record, field))

    return rows


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case _:
            return msgspec.json.encode(value).decode().strip('"')
