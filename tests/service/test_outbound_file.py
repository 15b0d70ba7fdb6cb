"""Orders in their file: what was asked for is known after a crash as well."""

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from agent.errors import ConfigError
from agent.service.outbound_file import HeldElsewhere, OutboundFile, file_name
from agent.service.outbound_order import Order, OrderState


def order(n: int = 1) -> Order:
    return Order(
        f"o{n}", "shop", "+15550100199", "America/New_York", "https://x.example", float(n),
        {"name": "Ada"}, f"key {n}", "d",
    )  # fmt: skip


def on[T](path: Path, work: Callable[[OutboundFile, list[Order]], Coroutine[Any, Any, T]]) -> T:
    async def main() -> T:
        file = OutboundFile(path)
        try:
            return await work(file, await file.open())
        finally:
            await file.close()

    return asyncio.run(main())


async def found(file: OutboundFile, orders: list[Order]) -> list[Order]:
    return orders


def test_an_order_is_read_again_as_it_was_last_written(tmp_path: Path) -> None:
    async def write(file: OutboundFile, orders: list[Order]) -> None:
        assert orders == []
        for n in (2, 1):
            await file.save(order(n))
        moved = order(1)
        moved.place(30.0, 5.0)
        await file.save(moved)

    path = tmp_path / "deeper" / "orders.sqlite3"
    on(path, write)
    first, second = on(path, found)
    assert (first.id, first.state, first.tries) == ("o1", OrderState.PLACING, 1)
    assert second == order(2)
    assert path.stat().st_mode & 0o077 == 0, "numbers are nobody else's"


def test_what_is_forgotten_is_gone(tmp_path: Path) -> None:
    async def write(file: OutboundFile, orders: list[Order]) -> None:
        await file.save(order(1))
        await file.save(order(2))
        await file.forget(["o1", "nobody"])

    path = tmp_path / "orders.sqlite3"
    on(path, write)
    assert [each.id for each in on(path, found)] == ["o2"]


def test_a_file_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    path = tmp_path / "orders.sqlite3"
    path.write_bytes(b"not a database, and longer than its header" * 10)
    with pytest.raises(ConfigError, match="orders of calls cannot be kept: file is not a database"):
        on(path, found)


def test_a_file_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "orders.sqlite3"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(ConfigError, match=r"later version \(9\)"):
        on(path, found)


def test_of_two_processes_one_has_the_orders_until_it_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "orders.sqlite3"

    async def main() -> None:
        ours, theirs = OutboundFile(path), OutboundFile(path)
        await ours.open()
        await ours.open()
        await ours.save(order(1))
        for _ in range(2):
            with pytest.raises(HeldElsewhere):
                await theirs.open()
        await ours.close()
        assert [each.id for each in await theirs.open()] == ["o1"]
        await theirs.close()

    asyncio.run(main())


def test_a_lock_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "orders.lock").mkdir()
    with pytest.raises(ConfigError, match="unable to open database file"):
        on(tmp_path / "orders.sqlite3", found)


def test_each_account_has_a_file_of_its_own() -> None:
    assert file_name("AC1") != file_name("AC2")


def test_a_failed_change_leaves_the_file_usable(tmp_path: Path) -> None:
    async def write(file: OutboundFile, orders: list[Order]) -> None:
        await file.save(order(1))
        with pytest.raises(sqlite3.Error):
            await file.forget([object()])  # type: ignore[list-item]
        await file.save(order(2))

    path = tmp_path / "orders.sqlite3"
    on(path, write)
    assert len(on(path, found)) == 2
