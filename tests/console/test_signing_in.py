"""Who has the token gets into the console, stays there, and gets out again."""

from pathlib import Path

from playwright.async_api import expect

from agent.service.auth import SESSION_COOKIE
from tests.console.browser import require_chromium
from tests.console.pages import MARKS, TOKEN, Scene, with_a_browser

require_chromium()
pytestmark = MARKS


def test_who_has_the_token_gets_in_and_out_again(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        page = await scene.visitor.goes(f"{scene.home.origin}/console/")
        await expect(page.locator("#token")).to_be_focused()
        await expect(page.locator("#main")).to_be_hidden()
        await page.keyboard.type("not the token")
        await page.keyboard.press("Enter")
        await expect(page.locator("#signin [role=alert]")).to_have_text("this is not the token")
        await page.fill("#token", TOKEN)
        await page.keyboard.press("Enter")
        await expect(page.locator("#live-count")).to_have_text("No calls now.")
        [cookie] = await scene.visitor.context.cookies()
        assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == (
            SESSION_COOKIE,
            True,
            "Strict",
        )
        assert await page.evaluate("document.cookie") == ""
        await page.reload()
        await expect(page.locator("#live-count")).to_have_text("No calls now.")
        await page.click("#signout")
        await expect(page.locator("#token")).to_be_visible()
        assert await scene.visitor.context.cookies() == []

    with_a_browser(tmp_path, test, api_token=TOKEN)


def test_an_address_may_bring_the_token_along_and_does_not_keep_it(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        for place in ("/phone", "/console/"):
            await scene.visitor.context.clear_cookies()
            page = await scene.visitor.goes(f"{scene.home.origin}{place}#token={TOKEN}")
            await expect(page.locator("main")).to_be_visible()
            await expect(page.locator("#signin")).to_be_hidden()
            assert TOKEN not in page.url
            await page.goto("about:blank")
        await scene.visitor.context.clear_cookies()
        page = await scene.visitor.goes(f"{scene.home.origin}/phone#token=wrong")
        await expect(page.locator("#token")).to_be_visible()

    with_a_browser(tmp_path, test, api_token=TOKEN)


def test_a_session_that_is_gone_is_asked_for_again_without_losing_the_page(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        page = await scene.visitor.goes(f"{scene.home.origin}/console/")
        await page.fill("#token", TOKEN)
        await page.keyboard.press("Enter")
        await expect(page.locator("#live-count")).to_have_text("No calls now.")
        await scene.visitor.context.clear_cookies()
        await page.evaluate("location.hash = '#/tenants'")
        await expect(page.locator("#token")).to_be_focused()
        await page.fill("#token", TOKEN)
        await page.keyboard.press("Enter")
        await expect(page.locator("#tenants-status")).to_contain_text("2 tenants")

    with_a_browser(tmp_path, test, api_token=TOKEN)
