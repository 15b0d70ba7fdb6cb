"""Every page for everybody: with a reader of screens, on a small one, and without a mouse."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.console.browser import require_chromium, serious_findings
from tests.console.pages import HOSTILE, MARKS, Scene, on_the_phone, with_past_calls

require_chromium()
pytestmark = MARKS

PHONE_SCREEN = {"width": 390, "height": 844}
PLACES = {
    "live": "#live-rows tr",
    "calls": "#call-rows tr",
    "call/CA1": "#call-words li",
    "tenants": "#tenant-rows tr",
}
"""The console's pages, and what is on each once it is whole."""


async def whole(scene: Scene, place: str) -> Page:
    """Open a page of the console and wait until what it shows has come."""
    page = await scene.console(place)
    await expect(page.locator(PLACES[place]).first).to_be_visible()
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_has_nothing_serious_to_say(scheme: str, tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        async with on_the_phone(scene.home, "+15550123456"):
            page = await whole(scene, "live")
            await page.locator("#live-rows button.plain").click()
            await expect(page.locator("#live-one")).to_be_visible()
            findings = await serious_findings(page)
            for place in ("calls", "call/CA1", "tenants"):
                page = await whole(scene, place)
                findings += await serious_findings(page)
            page = await scene.visitor.goes(f"{scene.home.origin}/phone")
            findings += await serious_findings(page)
        assert findings == []

    with_past_calls(tmp_path, test, window={"color_scheme": scheme})


def test_on_the_screen_of_a_telephone_nothing_sticks_out(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        async with on_the_phone(scene.home, HOSTILE):
            for place in PLACES:
                page = await whole(scene, place)
                wide = await page.evaluate("document.documentElement.scrollWidth")
                assert wide <= PHONE_SCREEN["width"], place
            page = await scene.visitor.goes(f"{scene.home.origin}/phone")
            wide = await page.evaluate("document.documentElement.scrollWidth")
            assert wide <= PHONE_SCREEN["width"]

    with_past_calls(tmp_path, test, window={"viewport": PHONE_SCREEN})


def test_everything_can_be_reached_by_the_keyboard(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        page = await scene.console("call/CA1")
        await expect(page.locator("#call-words")).to_contain_text("a table for four")
        reached = set()
        for _ in range(40):
            await page.keyboard.press("Tab")
            reached.add(
                await page.evaluate(
                    "(document.activeElement.id || document.activeElement.className"
                    " || document.activeElement.textContent)"
                )
            )
        assert {"skip", "Live calls", "Tenants", "picture", "sound", "call-words", "at"} <= reached

    with_past_calls(tmp_path, test)
