"""The console's pages in a browser, the calls that they show, and words that would be more."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

from agent.call.timeline import Entry
from agent.observe.record_schema import CallRecord, Recording
from agent.store.store import Store
from tests.console.browser import Visitor, chromium, in_a_browser, served, visitor
from tests.service.house import House
from tests.service.past_calls import record, sound
from tests.service.phone_side import PhoneSide, phone_side

MARKS = [
    pytest.mark.browser,
    pytest.mark.socket,
    pytest.mark.slow,
    pytest.mark.timeout(150),
]
"""Of every file of tests with whole pages."""
TOKEN = "a-token-of-some-length"
HOSTILE = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"


@dataclass(frozen=True, slots=True)
class Scene:
    """A service, and somebody at a browser who looks at it."""

    home: House
    visitor: Visitor

    @property
    def page(self) -> Page:
        return self.visitor.page

    async def console(self, place: str = "live") -> Page:
        """Open a page of the console and wait until it is ready."""
        page = await self.visitor.goes(f"{self.home.origin}/console/#/{place}")
        await page.wait_for_selector("body[data-ready]")
        return page


def with_a_browser(
    folder: Path,
    test: Callable[[Scene], Awaitable[None]],
    *behaviours: Any,
    window: dict[str, Any] | None = None,
    **changes: Any,
) -> None:
    """Run a test with a service and a browser.

    Args:
        behaviours: the model's.
        window: options of the browser's context.
        changes: of the service's settings.
    """

    async def main() -> None:
        async with (
            served(folder, *behaviours, **changes) as home,
            chromium() as browser,
            visitor(browser, **(window or {})) as somebody,
        ):
            await test(Scene(home, somebody))

    in_a_browser(main)


@asynccontextmanager
async def on_the_phone(
    home: House, caller: str, *, number: int = 1, tenant: str = "shop"
) -> AsyncIterator[PhoneSide]:
    """Somebody is calling."""
    async with phone_side(home.local, number=number, media_every_s=0.02) as phone:
        await phone.open(tenant=tenant, **{"from": caller})
        await phone.until("media")
        yield phone


def past(folder: Path) -> list[CallRecord]:
    """Calls of the past, one of them with sound and much that happened."""
    sound(folder)
    timeline = (
        Entry(0.2, "agent.audio_started", {"id": "1", "turn": 1, "latency_s": None}),
        Entry(0.3, "agent.said", {"turn": 1, "pii.text": HOSTILE}),
        Entry(0.8, "agent.audio_ended", {"id": "1", "cut": True}),
        Entry(0.8, "barge_in", {"by": "local", "turn": 1, "heard_s": 0.6}),
        Entry(1.0, "caller.said", {"turn": 2, "pii.text": "a table for four"}),
        Entry(1.2, "tool.requested", {"id": "a", "tool": "book_table", "turn": 2}),
        Entry(1.3, "tool.finished", {"id": "a", "failed": False}),
        Entry(2.0, "call.ended", {"outcome": "caller_hung_up"}),
    )
    kept = Recording(path="recordings/shop/CA1.wav")
    return [
        record(1, recording=kept, timeline=timeline, caller=HOSTILE),
        *(record(n, tenant="office") for n in range(2, 75)),
    ]


def with_past_calls(folder: Path, test: Callable[[Scene], Awaitable[None]], **more: Any) -> None:
    """Run a test with a service that has those calls in its store."""
    address = f"sqlite:///{folder}/calls.sqlite3"
    records = past(folder)

    async def filled() -> None:
        store = Store(address)
        for each in records:
            await store.save(each)
        await store.close()

    asyncio.run(filled())
    with_a_browser(folder, test, store=address, **more)
