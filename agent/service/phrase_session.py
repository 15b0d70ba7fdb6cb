"""One sentence, said by a tenant's own model and voice in a short session of its own."""

import asyncio
import re
import unicodedata

import numpy as np
from aiohttp import WSMsgType

from agent.audio.pcm import Pcm16, level_dbfs, silence
from agent.audio.resample import Resampler
from agent.call import prompts
from agent.call.phrases import coded
from agent.call.plan import Prepared
from agent.errors import AgentError
from agent.gemini.session import LiveSession
from agent.gemini.session_events import (
    ModelAudio,
    OutputTranscript,
    SendFrame,
    SessionEvent,
    SessionFailed,
    TurnComplete,
)
from agent.gemini.session_state import MovePolicy
from agent.service.connection import Dialler
from agent.service.sockets import NORMAL_CLOSURE, ModelSocket, close

SESSION_S = 20.0
"""From dialling to the end of the turn."""
LONGEST_S = 30.0
QUIETEST_DBFS = -45.0
FASTEST_S, SLOWEST_S = 0.025, 0.2
"""Speech per character of its text: languages differ, but not beyond this;"""
PAUSES_S = 1.5
"""and so much more for pauses."""

_CONNECTION = 1
_RATE_HZ, _PHONE_RATE_HZ = 24_000, 8_000
_TAIL = 240


class PhraseError(AgentError):
    """A sentence was not said as it should be; the message does not quote it."""


async def speak(dialler: Dialler, prepared: Prepared, text: str) -> bytes:
    """Have a text said word for word, in the tenant's voice.

    Returns:
        8 kHz mu-law, whole frames, without silence at its ends.
    Raises:
        DialError: the model's service could not be reached.
        PhraseError: it did not say just that, or not in time.
    """
    try:
        async with asyncio.timeout(SESSION_S):
            socket = await dialler.dial()
            try:
                pcm24k, transcript = await _listen(socket, prepared, text)
            finally:
                await close(socket, NORMAL_CLOSURE)
    except TimeoutError:
        raise PhraseError(f"the session took more than {SESSION_S:g} s") from None
    except ConnectionError:
        raise PhraseError("the connection broke") from None
    sound = _coded(pcm24k)
    _check(text, transcript, sound, level_dbfs(pcm24k))
    return sound


async def _listen(socket: ModelSocket, prepared: Prepared, text: str) -> tuple[Pcm16, str]:
    """What the model says in its one turn: audio and transcript."""
    time = asyncio.get_running_loop().time
    session = LiveSession(prepared.reading_setup(), prepared.profile, moves=MovePolicy(moves=False))
    session.start(time())
    session.connected(_CONNECTION, time())
    session.send_text(prompts.say(prompts.SAY_EXACTLY, text), time())
    turn = _Turn()
    while True:
        for effect in session.effects():
            if isinstance(effect, SendFrame):
                await socket.send_frame(effect.frame, WSMsgType.TEXT)
        message = await socket.receive()
        if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
            raise PhraseError("the service closed the connection")
        session.receive(_CONNECTION, message.data, time())
        for event in session.events():
            if turn.over(event):
                return turn.audio(), turn.text


class _Turn:
    """What has been said so far."""

    def __init__(self) -> None:
        self.text = ""
        self._chunks: list[Pcm16] = []
        self._n = 0

    def audio(self) -> Pcm16:
        return np.concatenate(self._chunks) if self._chunks else silence(0)

    def over(self, event: SessionEvent) -> bool:
        """Take an event in; return whether the turn is over."""
        match event:
            case ModelAudio(pcm24k):
                self._chunks.append(pcm24k)
                self._n += pcm24k.size
                if self._n > LONGEST_S * _RATE_HZ:
                    raise PhraseError(f"more than {LONGEST_S:g} s of speech")
            case OutputTranscript(text):
                self.text += text
            case SessionFailed(phase=phase):
                raise PhraseError(f"the session failed in {phase}")
            case TurnComplete():
                return self._n > 0
            case _:
                pass
        return False


def _coded(pcm24k: Pcm16) -> bytes:
    resampler = Resampler(_RATE_HZ, _PHONE_RATE_HZ)
    return coded(resampler.process(np.concatenate([pcm24k, silence(_TAIL)])))


def _check(text: str, transcript: str, sound: bytes, dbfs: float) -> None:
    if _words(transcript) != _words(text):
        raise PhraseError("other words were said")
    if dbfs < QUIETEST_DBFS:
        raise PhraseError(f"the speech is too quiet: {dbfs:.0f} dBFS")
    seconds = len(sound) / _PHONE_RATE_HZ
    if not FASTEST_S * len(text) <= seconds <= SLOWEST_S * len(text) + PAUSES_S:
        raise PhraseError(f"{seconds:.1f} s of speech for {len(text)} characters")


def _words(text: str) -> str:
    """The letters and digits alone: transcripts differ in spaces, case and punctuation."""
    return "".join(re.findall(r"\w", unicodedata.normalize("NFKC", text).casefold()))
