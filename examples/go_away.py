"""The service announces the end of a connection; the session moves, and the conversation goes on.

python examples/go_away.py                            # with GEMINI_API_KEY set; takes minutes
seamline emulate gemini --scripted --chaos goaway     # in another terminal: takes seconds
python examples/go_away.py --url ws://127.0.0.1:8899
"""

import argparse
import asyncio
import os

from agent.live import (
    GoingAway,
    Leaving,
    Moved,
    OutputTranscript,
    TurnComplete,
    connect_resilient_live,
)

MODEL = "gemini-3.1-flash-live-preview"  # this one announces it; 3.8 moves at a configured age
KEY = os.environ.get("GEMINI_API_KEY", "any")  # the stand-in takes any


QUESTIONS = ["The secret word is heliotrope. Remember it.", "Tell me a story of a sentence or two."]


async def main(url: str | None) -> None:
    """Talk a little, wait until the connection was left for another, and ask again."""
    async with connect_resilient_live(MODEL, api_key=KEY, base_url=url) as session:
        questions, moved = iter(QUESTIONS), False
        await session.send_text(next(questions))
        async for event in session:
            match event:
                case OutputTranscript(piece, _):
                    print(piece, end="", flush=True)
                case TurnComplete():
                    print()
                    if moved:
                        break
                    if question := next(questions, None):
                        await session.send_text(question)
                case GoingAway(time_left_s):
                    print(f"[the service closes this connection in {time_left_s} s]")
                case Leaving(connection, planned, why):
                    print(f"[leaving connection {connection}: {why}, planned: {planned}]")
                case Moved(connection, _, resumed, took_s):
                    print(f"[connection {connection} after {took_s:.3f} s, resumed: {resumed}]")
                    moved = True
                    await session.send_text("What is the secret word?")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url")
    asyncio.run(main(parser.parse_args().url))
