"""A secret word is remembered across two sessions: the second goes on from the first's handle.

python examples/remember.py                            # with GEMINI_API_KEY set
python examples/remember.py --url ws://127.0.0.1:8899  # with the stand-in
"""

import argparse
import asyncio
import os

from agent.live import AsyncSession, HandleUpdated, OutputTranscript, TurnComplete, connect_live

MODEL = "gemini-3.8-live"
KEY = os.environ.get("GEMINI_API_KEY", "any")  # the stand-in takes any


async def answer(session: AsyncSession) -> str:
    """What the model says until its turn is over."""
    text = ""
    async for event in session:
        match event:
            case OutputTranscript(piece, _):
                text += piece
            case TurnComplete():
                break
    return text


async def newest_handle(session: AsyncSession) -> str | None:
    """The handle that comes after a turn; it is good for all that was said before."""
    async with asyncio.timeout(10.0):
        async for event in session:
            if isinstance(event, HandleUpdated) and event.resumable:
                break
    return session.handle


async def main(url: str | None) -> None:
    """Tell, hang up, come back, ask."""
    async with connect_live(MODEL, api_key=KEY, base_url=url) as session:
        await session.send_text("The secret word is heliotrope. Remember it.")
        print("first session: ", await answer(session))
        handle = await newest_handle(session)

    async with connect_live(MODEL, api_key=KEY, base_url=url, handle=handle) as session:
        await session.send_text("What is the secret word?")
        print("second session:", await answer(session))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url")
    asyncio.run(main(parser.parse_args().url))
