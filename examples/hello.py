"""Says good morning to a model and prints the answer.

python examples/hello.py                            # with GEMINI_API_KEY set
python examples/hello.py --url ws://127.0.0.1:8899  # with the stand-in
"""

import argparse
import asyncio
import os

from agent.live import OutputTranscript, TurnComplete, connect_resilient_live

MODEL = "gemini-3.8-live"
KEY = os.environ.get("GEMINI_API_KEY", "any")  # the stand-in takes any


async def main(url: str | None) -> None:
    """Ask, listen."""
    async with connect_resilient_live(MODEL, api_key=KEY, base_url=url) as session:
        await session.send_text("Good morning! Who are you?")
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
