"""A whole call from the browser: the stand-in hears the microphone, and a table is booked."""

import asyncio
import sqlite3
import wave
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import expect

from agent.cli.call import caller_voice
from agent.cli.demo import SCENARIO
from agent.service.app import make_app, read_tenants, serve
from agent.service.settings import load_settings
from agent.sim.emulator import Emulator, EmulatorOptions
from agent.sim.players import players, senses_executor
from agent.sim.server_profiles import PROFILES
from tests.console.browser import chromium, in_a_browser, require_chromium, visitor
from tests.service.house import captured_log

require_chromium()
pytestmark = [
    pytest.mark.browser,
    pytest.mark.socket,
    pytest.mark.speech,
    pytest.mark.slow,
    pytest.mark.timeout(180),
]

MICROPHONE_HZ = 16000
CALLER = "+15550123456"
SAID = (
    (5.0, "I would like to book a table for four people on Friday at seven."),
    (5.0, "My name is Anna Miller."),
    (11.5, "Yes please."),
    (20.0, None),
)
"""What the caller says after how much silence: the agent's answers are about as long."""


def spoken(path: Path) -> None:
    """Write what the microphone will hear."""
    voice = caller_voice()
    pieces: list[np.ndarray] = []
    for pause_s, text in SAID:
        pieces.append(np.zeros(round(pause_s * MICROPHONE_HZ), np.int16))
        if text is not None:
            pieces.append(voice.speak(text, MICROPHONE_HZ))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(MICROPHONE_HZ)
        file.writeframes(np.concatenate(pieces).astype("<i2").tobytes())


def test_a_table_is_booked_by_voice_from_the_browser(tmp_path: Path) -> None:
    microphone = tmp_path / "microphone.wav"
    spoken(microphone)

    async def main() -> None:
        with senses_executor() as executor:
            mind, senses = await asyncio.to_thread(players, SCENARIO, executor)
            options = EmulatorOptions(profile=PROFILES["dev-3.8"])
            async with Emulator(mind, senses, options) as emulator:
                settings = replace(
                    load_settings(None, {}, insecure_local=True),
                    data=tmp_path,
                    gemini_url=emulator.url,
                )
                runner, port = await serve(
                    make_app(settings, read_tenants(settings)), "127.0.0.1", 0
                )
                try:
                    await booked(f"http://127.0.0.1:{port}")
                finally:
                    await runner.cleanup()

    async def booked(origin: str) -> None:
        flag = f"--use-file-for-fake-audio-capture={microphone}%noloop"
        async with chromium(flag) as browser, visitor(browser) as somebody:
            page = await somebody.goes(f"{origin}/phone?tenant=bella-vista")
            await expect(page.locator("#to")).to_have_value("bella-vista")
            await page.click("#call")
            words = page.locator("#transcript")
            await expect(words).to_contain_text("Thank you for calling Bella Vista.")
            await expect(words).to_contain_text("a table for four people on friday at seven")
            await expect(words).to_contain_text("my name is anna miller")
            await expect(words).to_contain_text("book_table", timeout=40_000)
            await expect(words).to_contain_text("Your table for four is booked", timeout=40_000)
            await expect(page.locator("#latency")).to_contain_text("s")
            await page.click("#hangup")
            await expect(page.locator("#status")).to_have_text("You have hung up.")

    with captured_log():
        in_a_browser(main)
    with closing(sqlite3.connect(tmp_path / "bella-vista.sqlite3")) as connection:
        found = connection.execute("SELECT people, name, caller FROM bookings").fetchall()
    assert (4, "Anna Miller", CALLER) in found
