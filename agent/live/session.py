"""A session with a model, for a plain program: send what you have, iterate over what comes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from agent.audio.pcm import Pcm16, from_bytes
from agent.errors import LocalProtocolError
from agent.gemini.content import UPLINK_RATE_HZ, Content
from agent.gemini.figures import SessionFigures
from agent.gemini.models import Profile
from agent.gemini.session_events import Moved, SessionEvent
from agent.gemini.tools import FunctionDeclaration, FunctionResponse
from agent.live.lifetime import Lifetime

PIECE_SAMPLES = UPLINK_RATE_HZ // 10
"""Longer audio is cut into pieces of a tenth of a second, as the service likes it (2.3)."""


PICTURES = ("image/jpeg", "image/png", "image/webp")


class AsyncSession:
    """A conversation with a model; made by `connect_live` and `connect_resilient_live`.

    `async for event in session` gives what comes, over all connections, until `close`. You may stop
    iterating and go on later; meanwhile events wait. One task iterates; any task may send.

    A `send_...` returns when what it was given is on its way or kept for the next connection. It
    waits while too much is, and raises what ended the session once it has ended.
    """

    def __init__(self, lifetime: Lifetime) -> None:
        self._lifetime = lifetime

    # Where it stands

    @property
    def handle(self) -> str | None:
        """What the session can be resumed with, here or in another program; a secret.

        The service gives a new one now and then, and tells so by `HandleUpdated`; this is the
        newest good one. None: there has been none yet.
        """
        return self._lifetime.handle

    @property
    def profile(self) -> Profile:
        """What the model allows."""
        return self._lifetime.driver.session.profile

    @property
    def figures(self) -> SessionFigures:
        """How often the session has moved, and what audio was lost; since `resume`, if any."""
        return self._lifetime.driver.session.figures

    @property
    def counters(self) -> Counter[str]:
        """What was dropped, ignored or tolerated, by name; since `resume`, if any."""
        return self._lifetime.driver.session.counters

    @property
    def unconfirmed_ms(self) -> int | None:
        """Audio that would be sent again if the connection were lost now.

        Vertex says what the model has taken in, and only the rest is kept; None elsewhere.
        """
        return self._lifetime.driver.session.unconfirmed_ms

    def on_move[F: Callable[[Moved], object]](self, callback: F) -> F:
        """Call this with each `Moved` as it happens, however far the iteration is behind.

        Can be used as a decorator. What it raises goes to the loop's exception handler.
        """
        self._lifetime.callbacks.append(callback)
        return callback

    # What comes

    def __aiter__(self) -> AsyncSession:
        return self

    async def __anext__(self) -> SessionEvent:
        """The next event.

        Raises:
            ConnectionLostError: the connection is gone and the session with it.
            DialError: there was no new connection in time, or none that the service would take.
        """
        return await self._lifetime.queue.take()

    # What is sent

    async def send_text(self, text: str) -> None:
        """Say something to the model, in writing; it answers."""
        driver = self._lifetime.sending()
        driver.session.prompt(text, driver.now)
        driver.holds(other=len(text.encode()))
        await self._lifetime.sent(driver)

    async def send_audio(self, pcm16k: Pcm16 | bytes | bytearray | memoryview) -> None:
        """Send what the microphone heard, as it comes.

        Args:
            pcm16k: mono at 16 kHz: an int16 array, or little-endian bytes of one. Any length.
        Raises:
            LocalProtocolError: other numbers than int16, or half a sample.
        """
        samples = _samples(pcm16k)
        for start in range(0, samples.size, PIECE_SAMPLES):
            driver = self._lifetime.sending()
            piece = samples[start : start + PIECE_SAMPLES]
            driver.session.send_audio(piece, driver.now)
            driver.holds(audio=piece.nbytes)
            await self._lifetime.sent(driver)

    async def end_audio(self) -> None:
        """No audio follows for a while: what was said is taken as said."""
        driver = self._lifetime.sending()
        driver.session.end_audio(driver.now)
        await self._lifetime.sent(driver)

    async def send_activity(self, started: bool) -> None:
        """The person begins or stops to speak, where the service is not to find out itself.

        Raises:
            LocalProtocolError: the setup does not say `VadOptions(manual=True)`.
        """
        driver = self._lifetime.sending()
        driver.session.send_activity(started, driver.now)
        await self._lifetime.sent(driver)

    async def send_video(self, image: bytes, mime_type: str = "image/jpeg") -> None:
        """Show one picture; one a second is what the service looks at.

        Args:
            image: a whole file of the type `image/jpeg`, `image/png` or `image/webp`.
        Raises:
            LocalProtocolError: another type.
        """
        if mime_type not in PICTURES:
            raise LocalProtocolError(f"{mime_type!r} is no picture: {', '.join(PICTURES)}")
        driver = self._lifetime.sending()
        while not driver.session.ready:  # a picture is of now: it waits here, and is not kept
            await driver.change()
            driver = self._lifetime.sending()
        driver.session.send_video(image, mime_type, driver.now)
        await self._lifetime.sent(driver)

    async def send_content(self, turns: Sequence[Content], *, turn_complete: bool = True) -> None:
        """Add turns to the conversation.

        Args:
            turn_complete: the model answers now, interrupting itself; else it waits for more.
        Raises:
            LocalProtocolError: the model would refuse these turns.
        """
        driver = self._lifetime.sending()
        driver.session.send_content(turns, driver.now, turn_complete=turn_complete)
        driver.holds(other=len(msgspec.json.encode(turns)))
        await self._lifetime.sent(driver)

    async def send_tool_response(self, *responses: FunctionResponse) -> None:
        """Answer tool calls; what is answered twice or was cancelled is left out.

        Raises:
            LocalProtocolError: an answer cannot be written as JSON.
        """
        driver = self._lifetime.sending()
        driver.session.send_tool_responses(responses, driver.now)
        driver.holds(other=len(msgspec.json.encode(responses)))
        await self._lifetime.sent(driver)

    async def update_context(
        self,
        *,
        instruction: str | None = None,
        declarations: Sequence[FunctionDeclaration] | None = None,
    ) -> None:
        """Change the system instruction or the functions from here on; None leaves them.

        Where the model has no message for that, the session moves to a connection that has them.
        """
        driver = self._lifetime.sending()
        driver.session.update_context(
            driver.now, instruction=instruction, declarations=declarations
        )
        await self._lifetime.sent(driver)

    # Connections

    async def resume(self, handle: str | None) -> None:
        """Go on from where a handle was given, on a new connection: of this session or another.

        Works after the session was lost, too, and takes up the iteration again: `Ready` comes where
        the new begins. The model knows nothing of what was sent after that handle was given, nor of
        what still waits; what is sent from now on reaches it.

        Raises:
            DialError: there is no connection, or the service refuses the handle.
            LocalProtocolError: there is no handle.
            SessionClosedError: the session has been closed.
        """
        if not handle:
            raise LocalProtocolError("there is no handle to resume from")
        await self._lifetime.resume(handle)

    async def close(self) -> None:
        """End the session; returns when nothing of it is left. Any task may, any number of times.

        Events that have come stay to be iterated over.
        """
        await self._lifetime.close()


def _samples(pcm16k: Pcm16 | bytes | bytearray | memoryview) -> Pcm16:
    if isinstance(pcm16k, np.ndarray):
        if pcm16k.dtype != np.int16 or pcm16k.ndim != 1:
            found = f"{pcm16k.dtype} of shape {pcm16k.shape}"
            raise LocalProtocolError(f"audio is int16 in one dimension, not {found}")
        return pcm16k
    if len(pcm16k) % 2:
        raise LocalProtocolError(f"{len(pcm16k)} bytes of audio end in the middle of a sample")
    return from_bytes(bytes(pcm16k))
