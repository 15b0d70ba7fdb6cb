"""The business function of the continuity cases: it leaves a line for each time it ran."""

import asyncio

from agent.tools import CallContext

TAKES_S = 2.5


async def book_table(people: int, context: CallContext) -> str:
    """Book a table.

    Args:
        people: how many.
    """
    with (context.data_dir / "bookings").open("a", encoding="utf-8") as file:
        file.write(f"{people}\n")
    await asyncio.sleep(TAKES_S)
    return "booked"
