"""The console in a browser: signing in, live calls, past ones, tenants; words stay words."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from agent.call.timeline import Entry
from agent.observe.record_schema import CallRecord, Recording
from agent.service.auth import SESSION_COOKIE
from agent.service.twilio_http import Account
from agent.store.store import Store
from tests.console.browser import (
    Visitor,
    chromium,
    in_a_browser,
    require_chromium,
    serious_findings,
    served,
    until,
    visitor,
)
from tests.service.house import SHOP, House
from tests.service.model_side import ModelSide, text_in
from tests.service.phone_side import PhoneSide, phone_side
from tests.service.test_console_calls import record, sound

require_chromium()
pytestmark = [
    pytest.mark.browser,
    pytest.mark.socket,
    pytest.mark.slow,
    pytest.mark.timeout(150),
]

TOKEN = "a-token-of-some-length"
HOSTILE = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"
PHONE_SCREEN = {"width": 390, "height": 844}


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


async def talkative(side: ModelSide) -> None:
    """Says hostile things, as the caller seems to do as well."""
    await side.greet()
    for who in ("inputTranscription", "outputTranscription"):
        await side.send({"serverContent": {who: {"text": HOSTILE}}})
    await side.say(0.4)
    await side.until_closed()


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
    address = f"sqlite:///{folder}/calls.sqlite3"
    records = past(folder)

    async def filled() -> None:
        store = Store(address)
        for each in records:
            await store.save(each)
        await store.close()

    asyncio.run(filled())
    with_a_browser(folder, test, store=address, **more)


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


def test_a_call_that_nobody_knows_says_so(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        page = await scene.console("call/" + "..%2F..%2Fapi%2Ftenants")
        await expect(page.locator("#call-status")).to_have_text("there is no such call")

    with_past_calls(tmp_path, test)


def test_a_reload_that_is_refused_is_shown_with_its_place_and_one_that_is_not_as_well(
    tmp_path: Path,
) -> None:
    async def test(scene: Scene) -> None:
        page = await scene.console("tenants")
        await expect(page.locator("#tenant-rows tr")).to_have_count(2)
        (tmp_path / "shop.yaml").write_text("tenant: shop\nnumbers: [<b>5</b>]\n")
        await expect(page.locator("#refused")).to_contain_text(re.compile(r"shop\.yaml:2:11.*<b>"))
        await expect(page.locator("#tenant-rows tr")).to_have_count(2)
        (tmp_path / "shop.yaml").write_text(SHOP.replace("tenant: shop", "tenant: kiosk"))
        await expect(page.locator("#tenant-rows")).to_contain_text("kiosk")
        await expect(page.locator("#refused-part")).to_be_hidden()

    with_a_browser(tmp_path, test, reload=True)


PLACES = ("live", "calls", "call/CA1", "tenants")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_has_nothing_serious_to_say(scheme: str, tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        async with on_the_phone(scene.home, "+15550123456"):
            page = await scene.console()
            await page.locator("#live-rows button.plain").click()
            await expect(page.locator("#live-one")).to_be_visible()
            findings = await serious_findings(page)
            for place in PLACES[1:]:
                page = await scene.console(place)
                await asyncio.sleep(0.5)
                findings += await serious_findings(page)
            page = await scene.visitor.goes(f"{scene.home.origin}/phone")
            findings += await serious_findings(page)
        assert findings == []

    with_past_calls(tmp_path, test, window={"color_scheme": scheme})


def test_on_the_screen_of_a_telephone_nothing_sticks_out(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        async with on_the_phone(scene.home, HOSTILE):
            for place in PLACES:
                page = await scene.console(place)
                await asyncio.sleep(0.5)
                wide = await page.evaluate("document.documentElement.scrollWidth")
                assert wide <= PHONE_SCREEN["width"], place
            page = await scene.visitor.goes(f"{scene.home.origin}/phone")
            assert await page.evaluate("document.documentElement.scrollWidth") <= 390

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


def test_what_was_written_is_what_the_model_is_told(tmp_path: Path) -> None:
    heard: list[str | None] = []

    async def listens(side: ModelSide) -> None:
        await side.greet()
        heard.append(text_in(await side.until(lambda m: text_in(m) is not None)))
        await side.until_closed()

    async def test(scene: Scene) -> None:
        page = await scene.visitor.goes(f"{scene.home.origin}/phone?tenant=shop")
        await expect(page.locator("#to")).to_have_value("shop")
        await page.click("#call")
        await expect(page.locator("#status")).to_have_text("Connected.")
        await expect(page.locator("#text")).to_be_enabled()
        await asyncio.sleep(1)
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
