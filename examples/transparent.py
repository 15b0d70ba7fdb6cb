"""On Vertex the service says what it has taken in; the rest is kept, and sent again after a loss.

python examples/transparent.py --project my-project             # with google-auth installed
seamline emulate gemini --scripted --profile vertex-3.8 --chaos drop   # in another terminal
python examples/transparent.py --url ws://127.0.0.1:8899
"""

import argparse
import asyncio

from agent.live import (
    AsyncSession,
    Leaving,
    Moved,
    OutputTranscript,
    SetupOptions,
    TurnComplete,
    connect_resilient_live,
    vertex_tokens,
)

QUESTIONS = ("The secret word is heliotrope.", "Tell me a story.", "What is the secret word?")
SECOND = bytes(2 * 16_000)  # of silence, 16 kHz, 16 bit


async def listen_to_the_room(session: AsyncSession) -> None:
    """Send what a microphone in a silent room hears, and say how much of it is unconfirmed."""
    for second in range(1, 1_000_000):
        for start in range(0, len(SECOND), 3200):
            await session.send_audio(SECOND[start : start + 3200])
            await asyncio.sleep(0.1)
        print(f"[{second} s sent, {session.unconfirmed_ms} ms of it unconfirmed]")


async def answer(session: AsyncSession) -> None:
    """Print what the model says, and what becomes of its connections."""
    cut = False
    async for event in session:
        match event:
            case OutputTranscript(piece, _):
                print(piece, end="", flush=True)
            case Leaving(connection, _, why, turn_cut):
                print(f"[connection {connection}: {why}, turn cut: {turn_cut}]")
                cut = turn_cut  # the rest of it never comes, nor its end
            case Moved(connection, _, resumed, took_s, replayed_ms, prompted):
                again = f"{replayed_ms} ms sent again"
                print(f"[connection {connection} in {took_s:.3f} s, resumed: {resumed}, {again}]")
                if cut and not prompted:
                    break  # nothing that was sent again makes the model speak
            case TurnComplete():
                print()
                break


async def main(url: str | None, project: str | None) -> None:
    """Speak and listen at the same time."""
    setup = SetupOptions(
        "gemini-3.8-live", surface="vertex", project=project, location="europe-west4"
    )
    token = vertex_tokens() if url is None else stand_ins_token
    async with connect_resilient_live(setup, token=token, base_url=url) as session:
        room = asyncio.create_task(listen_to_the_room(session))
        try:
            for question in QUESTIONS:
                await session.send_text(question)
                await answer(session)
        finally:
            room.cancel()
            await asyncio.wait({room})


async def stand_ins_token() -> str:
    """The stand-in takes any."""
    return "any"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url")
    parser.add_argument("--project")
    arguments = parser.parse_args()
    asyncio.run(main(arguments.url, arguments.project))
