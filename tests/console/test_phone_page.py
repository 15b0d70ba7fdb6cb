"""The browser's telephone: dialling, keys, writing in place of speaking, and hanging up."""

import asyncio
from pathlib import Path

from playwright.async_api import expect

from agent.service.twilio_http import Account
from tests.console.browser import require_chromium
from tests.console.pages import HOSTILE, MARKS, TOKEN, Scene, with_a_browser
from tests.service.model_side import ModelSide, text_in

require_chromium()
pytestmark = MARKS


def test_what_was_written_is_what_the_model_is_told(tmp_path: Path) -> None:
    heard: list[str | None] = []
    greeted = asyncio.Event()

    async def listens(side: ModelSide) -> None:
        await side.greet()
        greeted.set()
        heard.append(text_in(await side.until(lambda m: text_in(m) is not None)))
        await side.until_closed()

    async def test(scene: Scene) -> None:
        page = await scene.visitor.goes(f"{scene.home.origin}/phone?tenant=shop")
        await expect(page.locator("#to")).to_have_value("shop")
        await page.click("#call")
        await expect(page.locator("#status")).to_have_text("Connected.")
        await expect(page.locator("#text")).to_be_enabled()
        await greeted.wait()
        await page.fill("#text", HOSTILE)
        await page.keyboard.press("Enter")
        await expect(page.locator("#text")).to_have_value("")
        await page.get_by_role("button", name="key 5").click()
        await expect(page.locator("#transcript")).to_contain_text("5")
        await page.click("#mute")
        await expect(page.locator("#mute")).to_have_text("Unmute")
        await page.click("#hangup")
        await expect(page.locator("#status")).to_have_text("You have hung up.")
        await expect(page.locator("#call")).to_be_enabled()
        await scene.home.quiet(5)
        assert scene.home.ended()["outcome"] == "caller_hung_up"

    with_a_browser(tmp_path, test, listens)
    assert heard == [HOSTILE]


def test_the_telephone_works_in_earnest_as_well(tmp_path: Path) -> None:
    sid = "AC" + 32 * "0"

    async def test(scene: Scene) -> None:
        page = await scene.visitor.goes(f"{scene.home.origin}/phone?tenant=shop#token={TOKEN}")
        await page.click("#call")
        await expect(page.locator("#status")).to_have_text("Connected.")
        await page.click("#hangup")
        await scene.home.quiet(30)
        assert scene.home.ended()["outcome"] == "caller_hung_up"

    with_a_browser(
        tmp_path,
        test,
        insecure_local=False,
        api_token=TOKEN,
        carrier_tokens=("a-carrier-s-token",),
        carrier=Account(sid, sid, "a-carrier-s-token"),
        public_url="http://127.0.0.1:1",
    )


def test_a_number_that_nobody_answers_is_told_and_another_can_be_dialled(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        page = await scene.visitor.goes(f"{scene.home.origin}/phone")
        await expect(page.locator("#to option")).to_have_count(3)
        await page.select_option("#to", "number:")
        await page.fill("#number", "+15550109999")
        await page.click("#call")
        await expect(page.locator("#status")).to_have_text("Nobody answers this number.")
        await page.fill("#number", "+15550100100")
        await page.fill("#from", "a person")
        await page.click("#call")
        await expect(page.locator("#status")).to_contain_text("Your number is none")
        await page.fill("#from", "")
        await page.click("#call")
        await expect(page.locator("#status")).to_have_text("Connected.")
        await page.click("#hangup")
        await scene.home.quiet(5)

    with_a_browser(tmp_path, test)
