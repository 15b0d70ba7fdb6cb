"""The business of Corner Shop, an example mail-order shop: where is my order?

Each function here becomes a tool of the agent. The model reads the docstring and the types, so
write them for it: what the function does, when to use it, what each value means.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Literal
from zoneinfo import ZoneInfo

from _db import database

from agent.tools import CallContext, repeatable

ZONE = ZoneInfo("America/Chicago")

SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
    id TEXT PRIMARY KEY,
    status TEXT NOT NULL,
    item TEXT NOT NULL,
    carrier TEXT,
    expected TEXT,
    delivered TEXT
)
"""


@dataclass(frozen=True, kw_only=True)
class Packing:
    """The order is being packed."""

    status: Literal["packing"] = "packing"
    item: str
    expected: date


@dataclass(frozen=True, kw_only=True)
class Shipped:
    """The order is on its way."""

    status: Literal["shipped"] = "shipped"
    item: str
    carrier: str
    expected: date


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """The order has arrived."""

    status: Literal["delivered"] = "delivered"
    item: str
    carrier: str
    delivered: date


@dataclass(frozen=True, kw_only=True)
class NotFound:
    """There is no order of that number; the caller may have misread it."""

    status: Literal["not_found"] = "not_found"


type OrderStatus = Packing | Shipped | Delivered | NotFound


@repeatable
async def order_status(order_id: str, context: CallContext) -> OrderStatus:
    """Look up where an order is. Ask for the order number first.

    Args:
        order_id: the order number, four digits, as in 1042.
    """
    return await asyncio.to_thread(_status, context, order_id, context.now(ZONE).date())


def _status(context: CallContext, order_id: str, today: date) -> OrderStatus:
    # Callers read digits out one by one, and models write them down with gaps or a "#".
    number = re.sub(r"\D", "", order_id)
    with database(context, SCHEMA, partial(_seed, today=today)) as db:
        row = db.execute("SELECT * FROM orders WHERE id = ?", (number,)).fetchone()
    if row is None:
        return NotFound()
    if row["status"] == "packing":
        return Packing(item=row["item"], expected=date.fromisoformat(row["expected"]))
    if row["status"] == "shipped":
        expected = date.fromisoformat(row["expected"])
        return Shipped(item=row["item"], carrier=row["carrier"], expected=expected)
    delivered = date.fromisoformat(row["delivered"])
    return Delivered(item=row["item"], carrier=row["carrier"], delivered=delivered)


def _seed(db: sqlite3.Connection, today: date) -> None:
    """Orders in every state, their dates counted from today."""
    soon, later, past = ((today + timedelta(days=days)).isoformat() for days in (2, 5, -3))
    db.executemany(
        "INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?)",
        [
            ("1042", "shipped", "a teapot", "Parcel Express", soon, None),
            ("1043", "packing", "two reading lamps", None, later, None),
            ("1044", "delivered", "a garden chair", "Parcel Express", None, past),
            ("2205", "shipped", "a wool blanket", "City Courier", soon, None),
        ],
    )
