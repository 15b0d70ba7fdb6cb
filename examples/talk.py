"""A recorded question goes in as a microphone would send it; the answer is written to a file.

python examples/talk.py question.wav answer.wav                            # GEMINI_API_KEY set
python examples/talk.py question.wav answer.wav --url ws://127.0.0.1:8899  # with the stand-in
"""

import argparse
import asyncio
import os
import wave
from pathlib import Path

from agent.live import (
    AsyncSession,
    InputTranscript,
    Interrupted,
    ModelAudio,
    OutputTranscript,
    TurnComplete,
    connect_resilient_live,
)

MODEL = "gemini-3.8-live"
KEY = os.environ.get("GEMINI_API_KEY", "any")  # the stand-in takes any
FRAME_S = 0.04


async def speak(session: AsyncSession, question: Path, speed: float) -> None:
    """Send the file, no faster than a person speaks."""
    with wave.open(str(question)) as file:
        if (file.getframerate(), file.getnchannels(), file.getsampwidth()) != (16000, 1, 2):
            raise SystemExit(f"{question} is not 16 kHz, mono, 16 bit")
        while pcm := file.readframes(round(16000 * FRAME_S)):
            await session.send_audio(pcm)
            await asyncio.sleep(FRAME_S / speed)
    await session.end_audio()


async def listen(session: AsyncSession, answer: Path) -> None:
    """Write what is to be heard; what an interruption makes moot is taken back."""
    heard = bytearray()
    async for event in session:
        match event:
            case ModelAudio(pcm24k):
                heard += pcm24k.tobytes()
            case Interrupted():
                heard.clear()
            case InputTranscript(piece, _):
                print("you:  ", piece)
            case OutputTranscript(piece, _):
                print("model:", piece)
            case TurnComplete() if heard:
                break
    with wave.open(str(answer), "wb") as file:
        file.setparams((1, 2, 24000, 0, "NONE", ""))
        file.writeframes(heard)


async def main(url: str | None, question: Path, answer: Path, speed: float = 1.0) -> None:
    """Speak in one task, listen in another."""
    async with (
        connect_resilient_live(MODEL, api_key=KEY, base_url=url) as session,
        asyncio.TaskGroup() as tasks,
    ):
        tasks.create_task(speak(session, question, speed))
        tasks.create_task(listen(session, answer))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("question", type=Path)
    parser.add_argument("answer", type=Path)
    parser.add_argument("--url")
    arguments = parser.parse_args()
    asyncio.run(main(arguments.url, arguments.question, arguments.answer))
