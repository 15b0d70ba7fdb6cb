"""Business functions of the tenants in these tests."""

import asyncio
from contextlib import suppress

from agent.tools import CallContext, repeatable


async def look_up(order: str) -> str:
    """Look up an order.

    Args:
        order: its number.
    """
    return f"order {order} is on its way"


async def book() -> str:
    """Take a second to book something."""
    await asyncio.sleep(1)
    return "booked"


async def think_long() -> str:
    """Think for an hour."""
    await asyncio.sleep(3600)
    return "thought"


@repeatable
async def insist() -> str:
    """Work for five seconds, whoever says stop."""
    until = asyncio.get_running_loop().time() + 5
    while (left_s := until - asyncio.get_running_loop().time()) > 0:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(left_s)
    return "done"


@repeatable
async def find_customer(phone: str) -> dict[str, str]:
    """Find a customer.

    Args:
        phone: the number that calls.
    """
    if phone == "+15550199000":
        await asyncio.sleep(30)
    return {"name": f"Anna {phone[-2:]}\nMiller"}


@repeatable
async def account(context: CallContext) -> str:
    """Tell which account the call is for."""
    return context.sip_headers.get("X-Account-Ref", "none")
