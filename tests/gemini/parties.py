"""A session to play with, and the frames of the other side."""

import base64
import json
from typing import Any

import numpy as np

from agent.audio.pcm import Pcm16, to_bytes
from agent.gemini.content import Content, Part
from agent.gemini.models import Surface, profile_for
from agent.gemini.session import LiveSession, MovePolicy, SessionLimits, SessionState
from agent.gemini.session_events import SendFrame, SessionEffect, SessionEvent
from agent.gemini.setup import SetupOptions, VadOptions, build_setup
from agent.gemini.tools import FunctionDeclaration

D25 = "gemini-2.5-flash-native-audio-latest"
D38 = "gemini-3.8-live"
D38_XT = "gemini-3.8-live-extended-thinking"


def new_session(
    model: str = D38,
    surface: Surface = "developer",
    *,
    behavior: str | None = None,
    vad: VadOptions | None = None,
    limits: SessionLimits | None = None,
    moves: MovePolicy | None = None,
) -> LiveSession:
    """A session that has not been started, with one function, `look_up`."""
    options = SetupOptions(
        model,
        surface,
        declarations=(FunctionDeclaration("look_up", behavior=behavior),),
        vad=vad,
    )
    return LiveSession(
        build_setup(options),
        profile_for(model, surface),
        limits=limits or SessionLimits(),
        moves=moves or MovePolicy(),
    )


def ready_session(model: str = D38, surface: Surface = "developer", **options: Any) -> LiveSession:
    """A session set up at time 0, its effects and events taken."""
    session = new_session(model, surface, **options)
    session.start(0.0)
    session.connected(1, 0.0)
    session.receive(1, frame(setupComplete={}), 0.0)
    session.effects()
    session.events()
    return session


def state_of(session: LiveSession) -> SessionState:
    """Where it stands just now."""
    return session.state


def frame(**keys: Any) -> bytes:
    """A frame of the service."""
    return json.dumps(keys).encode()


def content(**fields: Any) -> bytes:
    """A frame of server content."""
    return frame(serverContent=fields)


def audio_part(pcm: Pcm16, mime: str = "audio/pcm;rate=24000") -> dict[str, Any]:
    """A part of model audio."""
    data = base64.b64encode(to_bytes(pcm)).decode()
    return {"inlineData": {"mimeType": mime, "data": data}}


def speech(pcm: Pcm16, mime: str = "audio/pcm;rate=24000") -> bytes:
    """A frame of model audio."""
    return content(modelTurn={"parts": [audio_part(pcm, mime)]})


def tool_call(*ids: str, name: str = "look_up") -> bytes:
    """A frame that asks for functions, one per id; an empty id is left out."""
    calls = [{"id": i, "name": name} if i else {"name": name} for i in ids]
    return frame(toolCall={"functionCalls": calls})


def pcm_of(n: int, value: int = 1) -> Pcm16:
    """Samples to send or receive."""
    return np.full(n, value, np.int16)


def told(session: LiveSession, frame: bytes | str, now: float = 1.0) -> list[SessionEvent]:
    """The events of one frame."""
    session.receive(1, frame, now)
    return session.events()


def sent(session: LiveSession) -> list[dict[str, Any]]:
    """The frames that go out, as JSON; there must be no other effect."""
    return [sent_json(effect) for effect in session.effects()]


def sent_json(effect: SessionEffect) -> dict[str, Any]:
    """One frame that goes out."""
    assert isinstance(effect, SendFrame)
    value: dict[str, Any] = json.loads(effect.frame)
    return value


def user(text: str) -> Content:
    """A turn of the user's."""
    return Content((Part(text=text),), "user")


def live_audio(pcm: Pcm16) -> dict[str, Any]:
    """The frame that a piece of caller audio becomes."""
    part = audio_part(pcm, "audio/pcm;rate=16000")["inlineData"]
    return {"realtimeInput": {"audio": part}}
