"""The bridge as people write it: aiohttp, Google's SDK, `audioop.ratecv`, one message a chunk."""

import asyncio
import audioop
import base64
import json
import sys
from pathlib import Path
from typing import Any

from aiohttp import web
from google import genai
from google.genai import types

MODEL = "publishers/google/models/gemini-3.8-live"
PATH = "/ws/google.cloud.aiplatform.v1beta1.LlmBidiService/BidiGenerateContent"
GREET = 'Greet the caller now. Say exactly: "Hello, how can I help you?"'
CONFIG = types.LiveConnectConfig(
    response_modalities=[types.Modality.AUDIO],
    input_audio_transcription=types.AudioTranscriptionConfig(),
    output_audio_transcription=types.AudioTranscriptionConfig(),
)


BOOKING = types.Tool(
    function_declarations=[
        types.FunctionDeclaration(name="book_table", behavior=types.Behavior.BLOCKING)
    ]
)


async def _book(session: Any, calls: Any, bookings: Path) -> None:
    for call in calls:
        with bookings.open("a") as file:
            file.write(f"{call.args}\n")
        await asyncio.sleep(2.5)
        result = types.FunctionResponse(id=call.id, name=call.name, response={"output": "booked"})
        await session.send_tool_response(function_responses=[result])


async def _from_model(
    session: Any, ws: web.WebSocketResponse, stream: dict[str, str], bookings: Path | None
) -> None:
    state = None
    while True:
        async for response in session.receive():
            content = response.server_content
            if content is not None and content.interrupted:
                await ws.send_json({"event": "clear", "streamSid": stream["sid"]})
            if response.tool_call and bookings:
                await _book(session, response.tool_call.function_calls, bookings)
            if response.data:
                pcm, state = audioop.ratecv(response.data, 2, 1, 24000, 8000, state)
                payload = base64.b64encode(audioop.lin2ulaw(pcm, 2)).decode()
                media = {"payload": payload}
                await ws.send_json({"event": "media", "streamSid": stream["sid"], "media": media})


async def _from_phone(session: Any, ws: web.WebSocketResponse, stream: dict[str, str]) -> None:
    state = None
    async for message in ws:
        event = json.loads(message.data)
        if event["event"] == "start":
            stream["sid"] = event["start"]["streamSid"]
            await session.send_realtime_input(text=GREET)
        elif event["event"] == "media":
            mulaw = base64.b64decode(event["media"]["payload"])
            pcm, state = audioop.ratecv(audioop.ulaw2lin(mulaw, 2), 2, 1, 8000, 16000, state)
            audio = types.Blob(data=pcm, mime_type="audio/pcm;rate=16000")
            await session.send_realtime_input(audio=audio)
        elif event["event"] == "stop":
            return


def make_app(gemini_url: str, bookings: Path | None = None) -> web.Application:
    """A carrier's media socket at `/media`, joined to the model through the SDK.

    Given a file for bookings it has a function that makes them. The SDK speaks without TLS only to
    a gateway of its Vertex surface, so that is what is used.
    """
    options = types.HttpOptions(
        base_url=gemini_url + PATH, headers={"Authorization": "Bearer stand-in"}
    )
    client = genai.Client(vertexai=True, http_options=options)
    config = CONFIG if bookings is None else CONFIG.model_copy(update={"tools": [BOOKING]})
    client._api_client._websocket_ssl_ctx = {}  # no subject of the benchmark pays for TLS

    async def media(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        stream = {"sid": ""}
        async with client.aio.live.connect(model=MODEL, config=config) as session:
            reading = asyncio.create_task(_from_model(session, ws, stream, bookings))
            await _from_phone(session, ws, stream)
            reading.cancel()
        return ws

    app = web.Application()
    app.router.add_get("/media", media)
    return app


if __name__ == "__main__":
    port, url = int(sys.argv[1]), sys.argv[2]
    web.run_app(make_app(url), host="127.0.0.1", port=port, print=None)
