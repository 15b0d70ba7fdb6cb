"""Past calls for the commands that read them: the store, what to look for, one call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent.cli.calls_options import Wanted
from agent.errors import ConfigError, StoreError
from agent.observe.record_schema import CallRecord
from agent.service.settings import Settings, load_settings, store_file
from agent.store.store import Store
from agent.store.wanted import CallFilter
from agent.tenants.scalars import seconds_of

LATEST = "latest"
"""In place of an id: the newest call."""


def with_store[T](config: Path | None, work: Callable[[Store, Settings], Awaitable[T]]) -> T:
    """Let `work` read the store that the service's settings name.

    Raises:
        ConfigError: there is none, or it cannot be read.
    """
    settings = load_settings(config)
    if settings.store is None:
        raise ConfigError("no records of calls are kept: store is none")
    file = store_file(settings.store)
    if file is not None and not file.exists():
        raise ConfigError(f"{file}: there is no such store: no call has been kept yet")
    address = settings.store

    async def main() -> T:
        store = Store(address)
        try:
            return await work(store, settings)
        except StoreError as error:
            raise ConfigError(f"the store cannot be read: {error}") from error
        finally:
            await store.close()

    return asyncio.run(main())


async def one_call(store: Store, call: str) -> CallRecord:
    """A call by its id, or the newest.

    Raises:
        ConfigError: there is no such call.
    """
    if call == LATEST:
        found = await store.records(limit=1)
        record = found[0][1] if found else None
    else:
        record = await store.call(call)
    if record is None:
        raise ConfigError(f"{call}: there is no such call in the store")
    return record


def filter_of(wanted: Wanted, now: datetime) -> CallFilter:
    """What to look for.

    Raises:
        ConfigError: a moment is none.
    """
    return CallFilter(
        tenant=wanted.tenant,
        outcome=wanted.outcome,
        number=wanted.number,
        since=_moment("--since", wanted.since, now),
        until=_moment("--until", wanted.until, now),
        words=wanted.words,
    )


def _moment(option: str, text: str | None, now: datetime) -> datetime | None:
    """A date, a time (in UTC, unless it has an offset), or so long ago."""
    if text is None:
        return None
    if (ago_s := seconds_of(text)) is not None:
        try:
            return now - timedelta(seconds=ago_s)
        except OverflowError:
            raise ConfigError(f"{option} {text}: nobody made telephone calls then") from None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(
            f"{option} {text}: write it as 2026-11-20, 2026-11-20T14:00 or 24h (so long ago)"
        ) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
