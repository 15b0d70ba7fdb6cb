"""The same session object goes on after its connection was lost, and back to an earlier state.

python examples/resume.py                            # with GEMINI_API_KEY set
python examples/resume.py --url ws://127.0.0.1:8899  # with the stand-in
"""

import argparse
import asyncio
import os

from agent.live import (
    AsyncSession,
    ConnectionLostError,
    HandleUpdated,
    OutputTranscript,
    TurnComplete,
    connect_live,
)

MODEL = "gemini-3.8-live"
KEY = os.environ.get("GEMINI_API_KEY", "any")  # the stand-in takes any


async def ask(session: AsyncSession, text: str) -> str:
    """Say something and listen to the answer; if the connection is lost meanwhile, once more."""
    while True:
        try:
            await session.send_text(text)
            return await answer(session)
        except ConnectionLostError as error:
            print("lost:", error)
            await session.resume(session.handle)


async def answer(session: AsyncSession) -> str:
    """What the model says until its turn is over and can be resumed from."""
    text, over = "", False
    async with asyncio.timeout(30.0):
        async for event in session:
            match event:
                case OutputTranscript(piece, _):
                    text += piece
                case TurnComplete():
                    over = True
                case HandleUpdated(resumable=True) if over:
                    break
    return text


async def main(url: str | None) -> None:
    """Tell a word, then another; then go back to before the other was told."""
    async with connect_live(MODEL, api_key=KEY, base_url=url) as session:
        print(await ask(session, "The secret word is heliotrope. Remember it."))
        before = session.handle
        print(await ask(session, "Now the secret word is marigold. Remember that instead."))

        await session.resume(before)
        print("back again:", await ask(session, "What is the secret word?"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url")
    asyncio.run(main(parser.parse_args().url))
