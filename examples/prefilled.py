"""A conversation that began elsewhere is handed over, and goes on here.

python examples/prefilled.py                            # with GEMINI_API_KEY set
python examples/prefilled.py --url ws://127.0.0.1:8899  # with the stand-in
"""

import argparse
import asyncio
import os

from agent.live import OutputTranscript, TurnComplete, connect_live, text_content

MODEL = "gemini-3.8-live"
KEY = os.environ.get("GEMINI_API_KEY", "any")  # the stand-in takes any

EARLIER = [
    text_content("Good morning. The secret word is heliotrope.", "user"),
    text_content("Good morning! I have made a note of it.", "model"),
    text_content("Thank you.", "user"),
]


async def main(url: str | None) -> None:
    """Hand over, ask, listen."""
    async with connect_live(MODEL, api_key=KEY, base_url=url) as session:
        await session.send_content(EARLIER, turn_complete=False)  # no answer yet
        await session.send_text("What is the secret word?")
        async for event in session:
            match event:
                case OutputTranscript(piece, _):
                    print(piece, end="", flush=True)
                case TurnComplete():
                    print()
                    break


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url")
    asyncio.run(main(parser.parse_args().url))
