"""Calls under way in a browser: seen, heard, hung up, and there again after a break."""

import asyncio
from pathlib import Path
from typing import Any

from playwright.async_api import expect

from tests.console.browser import require_chromium
from tests.console.pages import HOSTILE, MARKS, Scene, on_the_phone, with_a_browser
from tests.service.model_side import ModelSide

require_chromium()
pytestmark = MARKS


async def talkative(side: ModelSide) -> None:
    """Says hostile things, as the caller seems to do as well."""
    await side.greet()
    for who in ("inputTranscription", "outputTranscription"):
        await side.send({"serverContent": {who: {"text": HOSTILE}}})
    await side.say(0.4)
    await side.until_closed()


def test_a_live_call_is_seen_as_it_happens_and_hung_up(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        page = await scene.console()
        async with on_the_phone(scene.home, "+15550123456") as phone:
            row = page.locator("#live-rows tr")
            await expect(row).to_contain_text("+15550123456")
            await expect(row).to_contain_text("talking")
            await row.get_by_role("button", name="+15550123456").click()
            await expect(page.locator("#live-title")).to_be_focused()
            await phone.send("dtmf", dtmf={"track": "inbound_track", "digit": "5"})
            await expect(page.locator("#live-words")).to_contain_text("Key")
            await page.click("#live-hangup")
            assert await phone.closed == 1000
        await expect(page.locator("#live-count")).to_have_text("No calls now.")
        await expect(page.locator("#live-words")).to_contain_text("operator")

    with_a_browser(tmp_path, test)


STUDIO = """
tenant: studio
numbers: [+15550100106]
agent: {greeting: Good day., instructions: Be kind.}
record: {listen: yes}
transfers: {people: {to: +15550100199}}
tools: [builtin: transfer]
"""


def test_a_live_call_is_listened_to_where_the_tenant_allows_it(tmp_path: Path) -> None:
    (tmp_path / "studio.yaml").write_text(STUDIO)

    async def test(scene: Scene) -> None:
        page = await scene.console()
        async with on_the_phone(scene.home, "+15550123456", tenant="studio"):
            await page.get_by_role("button", name="+15550123456").click()
            button = page.get_by_role("button", name="Listen")
            await button.click()
            await expect(button).to_have_attribute("aria-pressed", "true")
            [running] = scene.home.service.running.values()
            tap: Any = running.call.tap
            while not tap.ears:  # noqa: ASYNC110 - the browser's doing, of which nobody tells us
                await asyncio.sleep(0.1)
            await button.click()
            await expect(button).to_have_attribute("aria-pressed", "false")
            while tap.ears:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            await page.get_by_role("button", name="Transfer").click()
            await expect(page.locator("#live-problem")).to_contain_text("no telephone line")
        async with on_the_phone(scene.home, "+15550123457", number=2):
            await page.get_by_role("button", name="+15550123457").click()
            await expect(button).to_be_hidden()
            await expect(page.get_by_role("button", name="Transfer")).to_be_hidden()

    with_a_browser(tmp_path, test)


def test_the_words_of_a_call_stay_words_whatever_they_are(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        page = await scene.console()
        async with on_the_phone(scene.home, HOSTILE):
            row = page.locator("#live-rows tr")
            await expect(row).to_contain_text(HOSTILE)
            await row.get_by_role("button", name=HOSTILE).click()
            await expect(page.locator("#live-words")).to_contain_text(HOSTILE)
            await page.click("#live-page-link")
            await expect(page.locator("#call-heading")).to_contain_text(HOSTILE)
            await expect(page.locator("#call-words")).to_contain_text(HOSTILE)
            await expect(page.locator("#call-status")).to_have_text("The call goes on.")
        assert await page.title() == "Call \N{EN DASH} Seamline"
        assert await page.locator("main img").count() == 0

    with_a_browser(tmp_path, test, talkative)


def test_when_the_service_comes_back_so_do_the_pages(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        page = await scene.console()
        await expect(page.locator("#live-count")).to_have_text("No calls now.")
        await scene.visitor.context.set_offline(True)
        await scene.home.viewers.close()
        await expect(page.locator("#connection")).to_contain_text("trying again")
        await scene.visitor.context.set_offline(False)
        await expect(page.locator("#connection")).to_have_text("")
        async with on_the_phone(scene.home, "+15550123456"):
            await expect(page.locator("#live-rows")).to_contain_text("+15550123456")

    with_a_browser(tmp_path, test)
