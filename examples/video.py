"""Pictures are shown to the model, one a second, while it is asked about them.

python examples/video.py photo.jpeg                            # with GEMINI_API_KEY set
python examples/video.py photo.jpeg --url ws://127.0.0.1:8899  # with the stand-in: it is blind
"""

import argparse
import asyncio
import mimetypes
import os
from pathlib import Path

from agent.live import AsyncSession, OutputTranscript, TurnComplete, connect_live

MODEL = "gemini-3.8-live"
KEY = os.environ.get("GEMINI_API_KEY", "any")  # the stand-in takes any
PICTURES_PER_S = 1.0  # the service looks at no more


async def show(session: AsyncSession, pictures: list[Path], pause_s: float) -> None:
    """Show each picture, as a camera would."""
    for picture in pictures:
        mime_type = mimetypes.guess_type(picture)[0] or "image/jpeg"
        await session.send_video(picture.read_bytes(), mime_type)
        print("shown:", picture.name)
        await asyncio.sleep(pause_s)


async def main(
    url: str | None, pictures: list[Path], pause_s: float = 1.0 / PICTURES_PER_S
) -> None:
    """Show the pictures, ask, listen."""
    async with connect_live(MODEL, api_key=KEY, base_url=url) as session:
        await show(session, pictures, pause_s)
        await session.send_text("What do you see?")
        async for event in session:
            match event:
                case OutputTranscript(piece, _):
                    print(piece, end="", flush=True)
                case TurnComplete():
                    print()
                    break


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pictures", nargs="+", type=Path)
    parser.add_argument("--url")
    arguments = parser.parse_args()
    asyncio.run(main(arguments.url, arguments.pictures))
