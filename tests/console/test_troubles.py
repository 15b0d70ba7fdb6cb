"""The console when something is wrong or over: no store, no such call, no service."""

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Route, WebSocket, expect

from tests.console.browser import require_chromium, serious_findings, until
from tests.console.pages import Scene, on_the_phone, with_a_browser, with_past_calls
from tests.service.model_side import ModelSide

require_chromium()
pytestmark = [
    pytest.mark.browser,
    pytest.mark.socket,
    pytest.mark.slow,
    pytest.mark.timeout(150),
]

PHONE_SCREEN = {"viewport": {"width": 390, "height": 844}}
OPEN = """
tenant: open
numbers: [+15550100109]
agent: {instructions: Be kind.}
record: {listen: yes}
transfers: {people: {to: +15550100199}}
tools: [builtin: transfer]
"""
OPACITY = "getComputedStyle(document.getElementById('live-table')).opacity"
TOO_WIDE = """
Math.max(...[...document.querySelectorAll(".scroll")].map((e) => e.scrollWidth - e.clientWidth))
"""
DOCS = Path(__file__).parents[2] / "docs"


async def polite_in_words(side: ModelSide) -> None:
    """Greets, and says in writing what it says."""
    await side.greet()
    await side.send({"serverContent": {"outputTranscription": {"text": "Good day."}}})
    await side.say(0.4)
    await side.until_closed()


async def no_store(route: Route) -> None:
    await route.fulfill(status=503, body="the store does not answer: disk I/O error\n")


def test_of_a_call_that_nobody_knows_nothing_of_another_is_shown(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        page = await scene.console("call/CA1")
        await expect(page.locator("#picture")).to_be_visible()
        await expect(page.locator("#sound-part")).to_be_visible()
        await page.goto(page.url.replace("CA1", "CA-unknown"))
        await expect(page.locator("#call-status")).to_have_text("there is no such call")
        for part in ("#picture", "#sound-part", "#call-parts"):
            await expect(page.locator(part)).to_be_hidden()
        await page.go_back()
        await expect(page.locator("#picture")).to_be_visible()
        await expect(page.locator("#sound-part")).to_be_visible()

    with_past_calls(tmp_path, test)


SEEKS = """
async () => {
  const from = document.querySelector("script").src.replace(/[^/]*$/, "");
  const { Picture } = await import(`${from}picture.js`);
  const canvas = document.getElementById("picture");
  const asked = [];
  for (const name of ["first", "second"]) {
    const picture = new Picture(canvas, () => asked.push(name));
    picture.show([[10, "call.ended", {}]], null);
    if (name === "first") picture.close();
  }
  canvas.dispatchEvent(new MouseEvent("click"));
  return asked;
}
"""


def test_the_picture_of_one_call_does_not_answer_for_the_next(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        page = await scene.console()
        assert await page.evaluate(SEEKS) == ["second"]

    with_a_browser(tmp_path, test)


def test_a_store_that_comes_back_is_noticed_by_the_page_of_a_call(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        page = await scene.console("calls")
        await page.route(re.compile("/api/calls"), no_store)
        await page.click("#call-rows tr:last-child a")
        await expect(page.locator("#call-status")).to_contain_text("the store does not answer")
        await page.click("text=Past calls")
        await expect(page.locator("#calls-status")).to_contain_text("the store does not answer")
        await page.go_back()
        await expect(page.locator("#call-status")).to_contain_text("the store does not answer")
        await page.unroute(re.compile("/api/calls"))
        await expect(page.locator("#call-words")).to_contain_text("tables")

    with_past_calls(tmp_path, test)


def test_a_call_that_ends_under_its_page_keeps_its_words(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        page = scene.page
        async with on_the_phone(scene.home, "+15550123456"):
            [running] = scene.home.service.running.values()
            await scene.console(f"call/{running.id}")
            await expect(page.locator("#call-status")).to_have_text("The call goes on.")
            await expect(page.locator("#call-words")).to_contain_text("Good day.")
        await expect(page.locator("#call-status")).to_contain_text("The call is over")
        await expect(page.locator("#call-words")).to_contain_text("Good day.")

    with_a_browser(tmp_path, test, polite_in_words)


def test_nothing_is_offered_for_a_live_call_that_is_over(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        page = await scene.console()
        async with on_the_phone(scene.home, "+15550123456", tenant="open"):
            await page.click("#live-rows button.plain")
            await expect(page.locator("#live-hangup")).to_be_visible()
            await expect(page.locator("#live-listen")).to_be_visible()
            await expect(page.locator("#live-transfer")).to_be_visible()
        await expect(page.locator("#live-words")).to_contain_text("End")
        for part in ("#live-hangup", "#live-listen", "#live-transfer"):
            await expect(page.locator(part)).to_be_hidden()
        await expect(page.locator("#live-title")).to_have_text("+15550123456")

    (tmp_path / "open.yaml").write_text(OPEN)
    with_a_browser(tmp_path, test)


def test_a_listener_who_looks_away_at_once_hears_nothing(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        page = await scene.console()
        heard: list[WebSocket] = []
        page.on("websocket", lambda ws: heard.append(ws) if "/listen" in ws.url else None)
        async with on_the_phone(scene.home, "+15550123456", tenant="open"):
            await page.click("#live-rows button.plain")
            await expect(page.locator("#live-listen")).to_be_visible()
            await page.evaluate(
                "for (const id of ['live-listen', 'live-listen', 'live-close'])"
                " document.getElementById(id).click()"
            )
            await expect(page.locator("#live-listen")).to_be_enabled()
            await expect(page.locator("#live-listen")).to_have_attribute("aria-pressed", "false")
            async with asyncio.timeout(10):
                while not all(ws.is_closed() for ws in heard):  # noqa: ASYNC110 (nobody tells)
                    await asyncio.sleep(0.05)
            assert len(heard) <= 1

    (tmp_path / "open.yaml").write_text(OPEN)
    with_a_browser(tmp_path, test)


@pytest.mark.parametrize("window", [{}, PHONE_SCREEN])
def test_a_store_that_does_not_work_is_told_on_every_page(
    window: dict[str, object], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")

    async def test(scene: Scene) -> None:
        page = scene.page
        for place in ("live", "calls", "call/CA1", "tenants"):
            await scene.console(place)
            await expect(page.locator("#alarms")).to_contain_text("The store does not work")
            assert await serious_findings(page) == []
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    store = f"sqlite:///{tmp_path}/file/calls.sqlite3"
    with_a_browser(tmp_path, test, window=window, store=store)


def test_calls_that_cannot_be_followed_any_more_are_seen_to_be_old(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        page = await scene.console()
        async with on_the_phone(scene.home, "+15550123456"):
            await expect(page.locator("#live-rows")).to_contain_text("+15550123456")
            await scene.visitor.context.set_offline(True)
            await scene.home.viewers.close()
            await expect(page.locator("#connection")).to_contain_text("trying again")
            await until(page, f"{OPACITY} < 1")
            await scene.visitor.context.set_offline(False)
            await expect(page.locator("#connection")).to_have_text("")
            await until(
                page, "getComputedStyle(document.getElementById('live-table')).opacity == 1"
            )

    with_a_browser(tmp_path, test)


def test_whoever_is_among_the_tenants_with_the_keyboard_stays_there(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        page = await scene.console("tenants")
        await page.focus("#tenant-rows tr:last-child a")
        async with page.expect_response(re.compile("/api/tenants")):
            pass
        async with page.expect_response(re.compile("/api/tenants")):
            pass  # the answer before this one has been shown
        await expect(page.locator("#tenant-rows tr:last-child a")).to_be_focused()

    with_a_browser(tmp_path, test)


def test_every_outcome_can_be_chosen(tmp_path: Path) -> None:
    text = (DOCS / "operating.md").read_text(encoding="utf-8")
    table = text[text.index("| `outcome` | The call ended because |") :].partition("\n\n")[0]
    rows = [line.split("|")[1] for line in table.splitlines()[2:]]
    outcomes = {name for row in rows for name in re.findall(r"`(\w+)`", row)}

    async def test(scene: Scene) -> None:
        page = await scene.console("calls")
        offered = "[...document.querySelectorAll('#outcomes option')].map((each) => each.value)"
        assert set(await page.evaluate(offered)) == outcomes

    with_a_browser(tmp_path, test)


def test_the_day_s_money_is_told_with_its_limit_and_what_it_comes_to(tmp_path: Path) -> None:
    money = [(0, 0, None), (1.5, 1.5, 25), (1.5, 3.25, 25), (0.01, 0.02, None)]
    given = [{"spent_usd": s, "forecast_usd": f, "per_day_usd": limit} for s, f, limit in money]
    script = """
    async (given) => {
      const from = document.querySelector("script").src.replace(/[^/]*$/, "");
      const { moneyOf } = await import(`${from}tenants_page.js`);
      return given.map(moneyOf);
    }
    """

    async def test(scene: Scene) -> None:
        page = await scene.console("tenants")
        assert await page.evaluate(script, given) == [
            "$0.00",
            "$1.50 of $25.00",
            "$1.50 of $25.00, $3.25 by midnight",
            "$0.0100, $0.0200 by midnight",
        ]
        await expect(page.locator("#tenant-rows tr").first).to_contain_text("$0.00")

    with_a_browser(tmp_path, test)


async def costly(route: Route) -> None:
    """The tenants, each with much to say."""
    response = await route.fetch()
    answer = await response.json()
    for tenant in answer["tenants"]:
        tenant |= {"name": "a-name-as-long-as-a-name-may-be", "spent_usd": 1234.5}
        tenant |= {"forecast_usd": 12345.67, "per_day_usd": 20000, "tools": ["look_up"] * 9}
    await route.fulfill(response=response, json=answer)


def test_on_the_screen_of_a_telephone_nothing_is_cut_off(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        page = scene.page
        await page.route("**/api/tenants", costly)
        for place, rows in (("calls", "#call-rows tr"), ("call/CA1", "#call-words li")):
            await scene.console(place)
            await expect(page.locator(rows).first).to_be_visible()
            assert await page.evaluate(TOO_WIDE) <= 0
        await scene.console("tenants")
        await expect(page.locator("#tenant-rows")).to_contain_text("$12345.67 by midnight")
        assert await page.evaluate(TOO_WIDE) <= 0

    with_past_calls(tmp_path, test, window={"viewport": {"width": 360, "height": 740}})
