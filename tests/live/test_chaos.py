"""A program talks on while the stand-in misbehaves at random; each seed is another misfortune."""

import asyncio

import numpy as np
import pytest

from agent.live import Leaving, Moved, OutputTranscript, TurnComplete
from agent.live.connect import connect_resilient_live
from agent.live.session import AsyncSession
from agent.sim.chaos import chaos
from tests.live.stand_in import stand_in
from tests.support.patient_loop import run_on_loopback

pytestmark = [pytest.mark.socket, pytest.mark.slow]

QUESTIONS = 10
PATIENCE_S = 20.0
"""A stand-in that stalls says nothing more, and a plain client does not guess."""


async def answer(session: AsyncSession) -> str:
    """What the model says until its turn is over, or will never be."""
    said, cut = "", False
    async with asyncio.timeout(PATIENCE_S):
        async for event in session:
            match event:
                case OutputTranscript(piece, _):
                    said += piece
                case Leaving(turn_cut=True):
                    cut = True
                case Moved(prompted=False) if cut:
                    break
                case TurnComplete():
                    break
    return said


async def room(session: AsyncSession) -> None:
    """A microphone in a silent room."""
    while True:
        await session.send_audio(np.zeros(640, np.int16))
        await asyncio.sleep(0.04)


async def converse(session: AsyncSession, answered: list[int]) -> None:
    """Ask one question after the other; note those that were answered."""
    microphone = asyncio.create_task(room(session))
    try:
        for number in range(QUESTIONS):
            await session.send_text(f"Question {number}.")
            try:
                said = await answer(session)
            except TimeoutError:
                continue
            if f"Question {number}." in said:
                answered.append(number)
            await asyncio.sleep(2.0)
    finally:
        microphone.cancel()
        await asyncio.wait({microphone})


@pytest.mark.parametrize("seed", range(1, 13))
def test_whatever_happens_ends_and_leaves_nothing_behind(seed: int) -> None:
    answered: list[int] = []

    async def main() -> None:
        async with stand_in(faults=chaos([f"random:{seed}"])) as server:
            opened = connect_resilient_live("gemini-3.8-live", api_key="k", base_url=server.url)
            async with opened as session:
                await converse(session, answered)

    run_on_loopback(main())
    assert len(answered) >= QUESTIONS / 2
