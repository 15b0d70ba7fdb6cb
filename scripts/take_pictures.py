"""Take the pictures of docs/console.md anew: the demo's call, seen in Debian's Chromium.

    python scripts/take_pictures.py

The pictures are compared by eye: a look at them is part of a change of the pages.
"""

import asyncio
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from playwright.async_api import Browser, Page, ViewportSize, async_playwright

from agent.cli.demo import CALLER, SCENARIO, TENANT, script
from agent.service.app import make_app, read_tenants, serve
from agent.service.settings import load_settings
from agent.sim.chaos import chaos
from agent.sim.emulator import Emulator, EmulatorOptions
from agent.sim.phone import PhoneOptions, phone_call
from agent.sim.players import players, senses_executor
from agent.sim.server_profiles import PROFILES

OUT = Path("docs/pictures")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--use-fake-ui-for-media-stream"]
WIDE, SMALL = ViewportSize(width=1280, height=720), ViewportSize(width=390, height=844)


async def shoot(page: Page, name: str, *, whole: bool = False) -> None:
    await page.screenshot(path=OUT / f"{name}.png", full_page=whole)
    print(OUT / f"{name}.png")


async def opened(browser: Browser, url: str, *, dark: bool = False, small: bool = False) -> Page:
    page = await browser.new_page(
        viewport=SMALL if small else WIDE, color_scheme="dark" if dark else "light"
    )
    await page.goto(url)
    await page.wait_for_load_state("networkidle")
    return page


async def during(browser: Browser, origin: str) -> None:
    """The demo's call goes on: look at it live, and try the telephone beside it."""
    live = await opened(browser, f"{origin}/console/")
    await live.click("#live-rows button.plain")
    small = await opened(browser, f"{origin}/console/", small=True)
    phone = await opened(browser, f"{origin}/phone", dark=True)
    await phone.click("#call")
    await asyncio.sleep(8)
    await phone.fill("#text", "I would like to book a table for four people on Friday at seven.")
    await phone.keyboard.press("Enter")
    await asyncio.sleep(3)
    await shoot(phone, "phone-dark")
    await phone.click("#hangup")
    await asyncio.sleep(14)
    await shoot(live, "live")
    await shoot(small, "live-small")


async def afterwards(browser: Browser, origin: str) -> None:
    """It is over: its page, and the list."""
    await shoot(await opened(browser, f"{origin}/console/#/calls"), "calls")
    await shoot(await opened(browser, f"{origin}/console/#/tenants"), "tenants")
    for name, dark in (("call", False), ("call-dark", True)):
        page = await opened(browser, f"{origin}/console/#/calls", dark=dark)
        await page.fill("#f-outcome", "agent_ended")
        await page.keyboard.press("Enter")
        await asyncio.sleep(0.5)
        await page.click("#call-rows a")
        await asyncio.sleep(1.5)
        await shoot(page, name, whole=True)


async def main(folder: Path) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("there is no chromium here")

    with senses_executor() as executor:
        mind, senses = await asyncio.to_thread(players, SCENARIO, executor)
        steps = await asyncio.to_thread(script)
        faults = chaos(["goaway"], reply=4)
        options = EmulatorOptions(profile=PROFILES["dev-3.8"], faults=faults)
        async with Emulator(mind, senses, options) as emulator, async_playwright() as driver:
            environment = {"SEAMLINE_DATA": str(folder)}
            settings = load_settings(None, environment, insecure_local=True)
            settings = replace(settings, gemini_url=emulator.url)
            app = make_app(settings, read_tenants(settings))
            runner, port = await serve(app, "127.0.0.1", 0)
            browser = await driver.chromium.launch(executable_path=chromium, args=FLAGS)
            url = f"ws://127.0.0.1:{port}/twilio/media/local"
            phone = PhoneOptions(parameters={"tenant": TENANT, "from": CALLER}, seed=1)
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(phone_call(url, steps, phone))
                    await asyncio.sleep(1)
                    await during(browser, f"http://127.0.0.1:{port}")
                await asyncio.sleep(2)
                await afterwards(browser, f"http://127.0.0.1:{port}")
            finally:
                await browser.close()
                await runner.cleanup()


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as data:
        asyncio.run(main(Path(data)))
