"""A client for the Gemini Live API, for plain programs: sessions that outlive their connections.

    async with connect_resilient_live("gemini-3.8-live", api_key=key) as session:
        await session.send_text("Good morning!")
        async for event in session:
            ...

Everything a program needs is found here; docs/live-client.md shows it at work.
"""

from agent.errors import AgentError, ConfigError, DialError, LocalProtocolError
from agent.gemini.closes import ConnectionLostError, LossKind
from agent.gemini.content import Blob, Content, Part, text_content
from agent.gemini.session_events import (
    GenerationComplete,
    GoingAway,
    HandleUpdated,
    InputTranscript,
    Interrupted,
    Leaving,
    ModelAudio,
    Moved,
    MoveFailed,
    OutputTranscript,
    Ready,
    SessionEvent,
    ToolCall,
    ToolCallsCancelled,
    ToolCallsLost,
    ToolCallsRequested,
    TurnComplete,
    UsageReported,
    VoiceActivity,
)
from agent.gemini.session_state import MovePolicy
from agent.gemini.setup import SetupOptions, VadOptions, build_setup
from agent.gemini.tools import FunctionDeclaration, FunctionResponse
from agent.live.connect import connect_live, connect_resilient_live
from agent.live.lifetime import SessionClosedError
from agent.live.session import AsyncSession
from agent.service.vertex_token import vertex_tokens

__all__ = [
    "AgentError",
    "AsyncSession",
    "Blob",
    "ConfigError",
    "ConnectionLostError",
    "Content",
    "DialError",
    "FunctionDeclaration",
    "FunctionResponse",
    "GenerationComplete",
    "GoingAway",
    "HandleUpdated",
    "InputTranscript",
    "Interrupted",
    "Leaving",
    "LocalProtocolError",
    "LossKind",
    "ModelAudio",
    "MoveFailed",
    "MovePolicy",
    "Moved",
    "OutputTranscript",
    "Part",
    "Ready",
    "SessionClosedError",
    "SessionEvent",
    "SetupOptions",
    "ToolCall",
    "ToolCallsCancelled",
    "ToolCallsLost",
    "ToolCallsRequested",
    "TurnComplete",
    "UsageReported",
    "VadOptions",
    "VoiceActivity",
    "build_setup",
    "connect_live",
    "connect_resilient_live",
    "text_content",
    "vertex_tokens",
]
