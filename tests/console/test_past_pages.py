"""Calls of the past in a browser: listed, found, opened and heard."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from playwright.async_api import expect

from agent.observe.carrier_news import CarrierNews
from agent.observe.missed import Missed, MissedCall, missed_record
from agent.store.store import Store
from tests.console.browser import require_chromium, until
from tests.console.pages import HOSTILE, MARKS, Scene, with_past_calls
from tests.service.house import CALLER
from tests.service.past_calls import BEGAN

require_chromium()
pytestmark = MARKS


def test_past_calls_are_listed_found_and_opened(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        page = await scene.console("calls")
        rows = page.locator("#call-rows tr")
        await expect(rows).to_have_count(50)
        await page.click("#more")
        await expect(rows).to_have_count(74)
        await expect(page.locator("#more")).to_be_hidden()
        await page.fill("#f-tenant", "shop")
        await page.keyboard.press("Enter")
        await expect(rows).to_have_count(1)
        await expect(rows).to_contain_text(HOSTILE)
        await page.fill("#f-words", "no such words")
        await page.keyboard.press("Enter")
        await expect(page.locator("#calls-status")).to_have_text("No such calls.")
        await page.get_by_role("button", name="Clear").click()
        await expect(rows).to_have_count(50)

    with_past_calls(tmp_path, test)


def test_a_past_call_is_heard_from_where_one_clicks(tmp_path: Path) -> None:
    ranges: list[str] = []

    async def test(scene: Scene) -> None:
        scene.page.on(
            "request",
            lambda asked: (
                ranges.append(asked.headers.get("range", ""))
                if asked.url.endswith("recording.wav")
                else None
            ),
        )
        page = await scene.console("call/CA1")
        await expect(page.locator("#call-words")).to_contain_text("a table for four")
        await expect(page.locator("#call-tools")).to_be_hidden()
        sound_at = "document.querySelector('#sound').currentTime"
        await until(page, "document.querySelector('#sound').readyState > 0")
        box = await page.locator("#picture").bounding_box()
        assert box is not None
        await page.mouse.click(box["x"] + 74 + (box["width"] - 82) / 2, box["y"] + 60)
        await until(page, f"{sound_at} >= 0.9")
        await page.evaluate("document.querySelector('#sound').pause()")
        await page.locator("#picture").focus()
        await page.keyboard.press("Home")
        await until(page, f"{sound_at} < 0.9")
        await page.evaluate("document.querySelector('#sound').pause()")
        await page.locator("#call-words button").last.click()
        await until(page, f"{sound_at} > 1")
        assert any(asked.startswith("bytes=") for asked in ranges)
        drawn = await page.evaluate(
            "[...document.querySelector('#picture').getContext('2d')"
            ".getImageData(0, 0, 600, 300).data].some((each) => each > 0)"
        )
        assert drawn

    with_past_calls(tmp_path, test)


def test_a_call_that_nobody_answered_is_found_by_its_outcome_and_opened(tmp_path: Path) -> None:
    call = MissedCall("CA900", "shop", "outbound", CALLER, "+15550100100", BEGAN)
    news = CarrierNews(call_id="CA900", status="no-answer", duration_s=0, sip_code=480)

    async def save() -> None:
        store = Store(f"sqlite:///{tmp_path}/calls.sqlite3")
        await store.save(missed_record(call, Missed.NO_ANSWER, BEGAN, news=news))
        await store.close()

    async def test(scene: Scene) -> None:
        page = await scene.console("calls")
        await page.get_by_label("Outcome").fill("no answer")
        await page.get_by_role("button", name="Find").click()
        await expect(page.locator("#call-rows tr")).to_have_count(1)
        await expect(page.locator("#call-rows tr")).to_contain_text("no answer")
        await page.locator("#call-rows a").click()
        await expect(page.locator("#call-heading")).to_contain_text(f"{CALLER} to shop")
        for told in ("Outcomeno answer", "Who calledthe agent", "no answer, 0:00, SIP 480"):
            await expect(page.locator("#call-figures")).to_contain_text(told)
        await expect(page.locator("#call-words li")).to_have_count(0)

    asyncio.run(save())
    with_past_calls(tmp_path, test)


def test_a_call_that_nobody_knows_says_so(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        page = await scene.console("call/" + "..%2F..%2Fapi%2Ftenants")
        await expect(page.locator("#call-status")).to_have_text("there is no such call")

    with_past_calls(tmp_path, test)


def test_the_day_of_a_filter_is_the_reader_s(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        page = await scene.console("calls")
        rows = page.locator("#call-rows tr")
        await page.fill("#f-since", f"{datetime.now(UTC):%Y}-12-31")
        await page.keyboard.press("Enter")
        await expect(page.locator("#calls-status")).to_have_text("No such calls.")
        await page.fill("#f-since", "2026-11-21")
        await page.fill("#f-until", "2026-11-21")
        await page.fill("#f-tenant", "shop")
        await page.keyboard.press("Enter")
        await expect(rows).to_have_count(1)

    with_past_calls(tmp_path, test, window={"timezone_id": "America/New_York"})
