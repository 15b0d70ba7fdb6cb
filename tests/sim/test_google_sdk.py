"""Google's own SDK in conversation with the model's stand-in."""

import asyncio
import ssl
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from google import genai
from google.genai import types
from google.genai.live import AsyncSession
from google.oauth2.credentials import Credentials

from agent.audio.pcm import to_bytes
from agent.sim.connection import Senses
from agent.sim.emulator import Emulator, EmulatorOptions
from agent.sim.mind import Timing
from agent.sim.scripted import Script, Scripted, Tones, marker
from tests.support import tls

pytestmark = [
    pytest.mark.socket,
    # websockets' legacy names, imported by the SDK itself
    pytest.mark.filterwarnings("ignore:websockets:DeprecationWarning"),
]

LOOK_UP = types.Tool(
    function_declarations=[
        types.FunctionDeclaration(name="look_up", behavior=types.Behavior.BLOCKING)
    ]
)
TRANSCRIBED = types.AudioTranscriptionConfig()


def config(**fields: Any) -> types.LiveConnectConfig:
    return types.LiveConnectConfig(
        response_modalities=[types.Modality.AUDIO],
        system_instruction="You answer the telephone.",
        speech_config=types.SpeechConfig(
            voice_config=types.VoiceConfig(
                prebuilt_voice_config=types.PrebuiltVoiceConfig(voice_name="Kore")
            )
        ),
        input_audio_transcription=TRANSCRIBED,
        output_audio_transcription=TRANSCRIBED,
        session_resumption=types.SessionResumptionConfig(),
        context_window_compression=types.ContextWindowCompressionConfig(
            trigger_tokens=20_000, sliding_window=types.SlidingWindow(target_tokens=10_000)
        ),
        realtime_input_config=types.RealtimeInputConfig(
            automatic_activity_detection=types.AutomaticActivityDetection(silence_duration_ms=300)
        ),
        **fields,
    )


def developer(server: Emulator, trusting: ssl.SSLContext) -> genai.Client:
    options = types.HttpOptions(base_url=server.url, async_client_args={"ssl": trusting})
    return genai.Client(api_key="a-key", http_options=options)


def vertex(server: Emulator, trusting: ssl.SSLContext) -> genai.Client:
    options = types.HttpOptions(base_url=server.url, async_client_args={"ssl": trusting})
    return genai.Client(
        vertexai=True,
        project="a-project",
        location="europe-west4",
        credentials=Credentials(token="a-token"),  # type: ignore[no-untyped-call]
        http_options=options,
    )


async def turn(session: AsyncSession) -> list[types.LiveServerMessage]:
    async with asyncio.timeout(10.0):
        return [message async for message in session.receive()]


def audio_of(messages: list[types.LiveServerMessage]) -> bytes:
    return b"".join(message.data or b"" for message in messages)


def said(messages: list[types.LiveServerMessage]) -> str:
    contents = [message.server_content for message in messages if message.server_content]
    pieces = [content.output_transcription for content in contents if content.output_transcription]
    return "".join(piece.text or "" for piece in pieces)


def heard(messages: list[types.LiveServerMessage]) -> str:
    contents = [message.server_content for message in messages if message.server_content]
    pieces = [content.input_transcription for content in contents if content.input_transcription]
    return "".join(piece.text or "" for piece in pieces)


async def say(session: AsyncSession, index: int) -> None:
    pcm = marker(index, 1.0, 16_000)
    for start in range(0, pcm.size, 1600):
        blob = types.Blob(
            data=to_bytes(pcm[start : start + 1600]), mime_type="audio/pcm;rate=16000"
        )
        await session.send_realtime_input(audio=blob)
    await session.send_realtime_input(audio_stream_end=True)


async def converse(session: AsyncSession, server: Emulator) -> None:
    """A typed turn, a spoken one, and one with a function call."""
    await session.send_client_content(
        turns=types.Content(role="user", parts=[types.Part(text="hello")])
    )
    greeting = await turn(session)
    assert said(greeting) == "Good day."
    assert len(audio_of(greeting)) == 48_000
    usage = greeting[-1].usage_metadata
    assert usage is not None
    assert usage.response_token_count == 25

    await say(session, 3)
    answer = await turn(session)
    assert said(answer) == "As you like."
    assert heard(answer) == "a table, please"

    await say(session, 3)
    called: list[types.FunctionCall] = []
    spoken: list[types.LiveServerMessage] = []
    async with asyncio.timeout(10.0):
        async for message in session.receive():
            spoken.append(message)
            if message.tool_call is not None:
                called += message.tool_call.function_calls or []
                responses = [
                    types.FunctionResponse(id=call.id, name=call.name, response={"output": "yes"})
                    for call in called
                ]
                await session.send_tool_response(function_responses=responses)
    assert [call.name for call in called] == ["look_up"]
    assert called[0].args == {"people": 4}
    assert said(spoken) == "It is done."
    assert server.recording.responses_to(str(called[0].id)) == 1


def serve(
    tmp_path: Path, test: Callable[[Emulator, ssl.SSLContext], Coroutine[Any, Any, None]]
) -> None:
    """Run one conversation against a scripted stand-in with TLS."""
    script = Script(
        greeting="Good day.",
        replies=("As you like.",),
        tool=("look_up", {"people": 4}),
        after_tool="It is done.",
    )
    tones = Tones(["", "", "", "a table, please"], reply_s=1.0)
    timing = Timing(think_s=0.02, after_tool_s=0.02, realtime_playback=False, transcript_late_s=0)

    async def main() -> None:
        tls_server, trusting = tls.contexts(tmp_path)
        options = EmulatorOptions(timing=timing, tls=tls_server)
        senses = Senses(tones.hear, tones.speak)
        async with Emulator(lambda _: Scripted(script), senses, options) as server:
            await test(server, trusting)

    asyncio.run(main())


def test_a_conversation_on_the_developer_api(tmp_path: Path) -> None:
    async def test(server: Emulator, trusting: ssl.SSLContext) -> None:
        client = developer(server, trusting)
        async with client.aio.live.connect(
            model="gemini-3.8-live", config=config(tools=[LOOK_UP])
        ) as session:
            await converse(session, server)
            await session.send_context_update(system_instruction="Be brief.")
            await session.send_realtime_input(text="bye")
            assert said(await turn(session)) == "As you like."
        await client.aio.aclose()

    serve(tmp_path, test)


def test_a_conversation_on_vertex(tmp_path: Path) -> None:
    async def test(server: Emulator, trusting: ssl.SSLContext) -> None:
        client = vertex(server, trusting)
        async with client.aio.live.connect(
            model="gemini-3.8-live", config=config(tools=[LOOK_UP])
        ) as session:
            assert session.session_id is not None
            await converse(session, server)
        await client.aio.aclose()

    serve(tmp_path, test)


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        ("gemini-2.5-flash-native-audio-preview-12-2025", {}),
        ("gemini-3.1-flash-live-preview", {}),
        (
            "gemini-3.8-live-extended-thinking",
            {"thinking_config": types.ThinkingConfig(thinking_level=types.ThinkingLevel.LOW)},
        ),
    ],
)
def test_a_typed_turn_with_every_other_developer_model(
    tmp_path: Path, model: str, fields: dict[str, Any]
) -> None:
    async def test(server: Emulator, trusting: ssl.SSLContext) -> None:
        client = developer(server, trusting)
        async with client.aio.live.connect(model=model, config=config(**fields)) as session:
            content = types.Content(role="user", parts=[types.Part(text="hello")])
            await session.send_client_content(turns=content)
            messages = await turn(session)
            assert said(messages) == "Good day."
            assert len(audio_of(messages)) == 48_000
        await client.aio.aclose()

    serve(tmp_path, test)


def test_half_cascade_writes_on_vertex(tmp_path: Path) -> None:
    async def test(server: Emulator, trusting: ssl.SSLContext) -> None:
        client = vertex(server, trusting)
        async with client.aio.live.connect(
            model="gemini-live-2.5-flash",
            config=types.LiveConnectConfig(response_modalities=[types.Modality.TEXT]),
        ) as session:
            content = types.Content(role="user", parts=[types.Part(text="hello")])
            await session.send_client_content(turns=content)
            messages = await turn(session)
            assert "".join(message.text or "" for message in messages) == "Good day."
        await client.aio.aclose()

    serve(tmp_path, test)


def test_a_refusal_reaches_the_sdk_with_code_and_reason(tmp_path: Path) -> None:
    async def test(server: Emulator, trusting: ssl.SSLContext) -> None:
        client = developer(server, trusting)
        with pytest.raises(Exception, match="Thinking level is not supported for this model"):
            async with client.aio.live.connect(
                model="gemini-3.8-live",
                config=config(
                    thinking_config=types.ThinkingConfig(thinking_level=types.ThinkingLevel.LOW)
                ),
            ):
                pass
        await client.aio.aclose()

    serve(tmp_path, test)
