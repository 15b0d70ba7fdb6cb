"""The model calls a function of this program and speaks about what it returns.

python examples/tool_call.py                            # with GEMINI_API_KEY set
python examples/tool_call.py --url ws://127.0.0.1:8899  # with the stand-in
"""

import argparse
import asyncio
import os

from agent.live import (
    FunctionDeclaration,
    FunctionResponse,
    OutputTranscript,
    SetupOptions,
    ToolCallsRequested,
    TurnComplete,
    connect_live,
)

KEY = os.environ.get("GEMINI_API_KEY", "any")  # the stand-in takes any

SETUP = SetupOptions(
    model="gemini-3.8-live",
    system_instruction="You look after a house. Answer in one sentence.",
    declarations=(
        FunctionDeclaration("room_temperature", "The temperature in the room, in Celsius."),
    ),
)


def room_temperature() -> float:
    """What a thermometer would say."""
    return 21.5


async def main(url: str | None) -> None:
    """Ask what only the function knows."""
    async with connect_live(SETUP, api_key=KEY, base_url=url) as session:
        await session.send_text("What is the room temperature?")
        answered = False
        async for event in session:
            match event:
                case ToolCallsRequested(calls):
                    for call in calls:
                        print("called:", call.name, call.args)
                        response = {"output": room_temperature()}
                        await session.send_tool_response(
                            FunctionResponse(call.id, call.name, response)
                        )
                        answered = True
                case OutputTranscript(piece, _):
                    print(piece, end="", flush=True)
                case TurnComplete() if answered:
                    print()
                    break


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url")
    asyncio.run(main(parser.parse_args().url))
