"""Debian's Chromium, driven by Playwright, in real time: a browser does not wait for ours."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python import __file__ as axe_file
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.service.house import House, house
from tests.service.model_side import Behaviour, fake_model, polite

CHROMIUM = shutil.which("chromium")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
)
AXE = Path(axe_file).with_name("axe.min.js")
PATIENCE_MS = 20_000
expect.set_options(timeout=PATIENCE_MS)
MISSING = "BROWSER TESTS ARE LEFT OUT: there is no chromium here (apt-get install chromium)"


def require_chromium() -> None:
    """Leave a file of tests out, loudly, where there is no browser; CI fails, as it is to have one.

    Called by the file itself, before anything in it is collected.
    """
    if CHROMIUM is None and not os.environ.get("CI"):
        pytest.skip(MISSING, allow_module_level=True)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody at a browser.

    Attributes:
        problems: errors of pages, and what the Content-Security-Policy refused.
    """

    context: BrowserContext
    page: Page
    problems: list[str] = field(default_factory=list)

    async def goes(self, url: str) -> Page:
        """Open a page of ours and wait until it is ready."""
        await self.page.goto(url)
        return self.page


@asynccontextmanager
async def chromium(*flags: str) -> AsyncIterator[Browser]:
    """A browser of its own, with an empty profile."""
    assert CHROMIUM is not None, MISSING
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(
            executable_path=CHROMIUM, args=[*FLAGS, *flags], timeout=60_000
        )
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def visitor(browser: Browser, **options: Any) -> AsyncIterator[Visitor]:
    """A window without history or cookies; at its end nothing may have gone wrong in it."""
    context = await browser.new_context(**options)
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    made = Visitor(context, page)
    page.on("pageerror", lambda error: made.problems.append(str(error)))
    page.on(
        "console",
        lambda said: made.problems.append(said.text) if _is_trouble(said.text) else None,
    )
    try:
        yield made
    finally:
        await context.close()
    assert made.problems == []


async def until(page: Page, expression: str) -> None:
    """Wait for something to be true on the page, which lets no text be run as a program.

    Playwright's own way has the page do that each time it looks again.
    """
    async with asyncio.timeout(PATIENCE_MS / 1000):
        while not await page.evaluate(expression):  # noqa: ASYNC110 (the page tells nobody)
            await asyncio.sleep(0.05)


def _is_trouble(text: str) -> bool:
    return "Content Security Policy" in text or "Uncaught" in text


@asynccontextmanager
async def served(folder: Path, *behaviours: Behaviour, **changes: Any) -> AsyncIterator[House]:
    """A service whose model is played by the test."""
    async with (
        fake_model(*(behaviours or (polite,))) as model,
        house(folder, model.url, **changes) as home,
    ):
        yield home


def in_a_browser(main: Callable[[], Awaitable[None]]) -> None:
    """Run a test in real time."""

    async def run() -> None:
        await main()

    asyncio.run(run())


async def serious_findings(page: Page) -> list[str]:
    """What axe finds that keeps people from using a page."""
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    found = await page.evaluate("axe.run()")
    return [
        f"{violation['id']}: {violation['help']}: {node['html'][:160]}"
        for violation in found["violations"]
        if violation["impact"] in {"serious", "critical"}
        for node in violation["nodes"]
    ]
