"""What a set-up connection knows: its profile, its ears' state, its dialogue; without I/O."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from agent.audio.pcm import Pcm16, from_bytes, silence
from agent.audio.resample import Resampler
from agent.sim import server_frames as frames
from agent.sim.content_check import check_content, enter, resampler_for
from agent.sim.conversation import Conversation
from agent.sim.faults import Faults
from agent.sim.included import Included
from agent.sim.server_frames import Call
from agent.sim.server_profiles import ServerProfile
from agent.sim.session_config import SessionConfig, read_tools, text_of
from agent.sim.talk_state import ConversationState
from agent.sim.vad import RATE_HZ, Activity, ActivityDetector, ActivityStarted, ManualActivity
from agent.sim.wire import (
    INVALID_ARGUMENT,
    NOT_IMPLEMENTED,
    POLICY,
    AudioBlob,
    Refused,
    invalid_argument,
)

CONTEXT_TOKENS = 131_072
MOST_QUEUED = 3_000
"""Realtime messages kept while initial history is awaited (E-36); older ones are dropped."""


@dataclass(frozen=True, slots=True)
class SessionState:
    """What a handle is bound to; whoever goes on from it takes copies.

    Attributes:
        model: a resumed session keeps its model.
        activity: the detector in mid-stream; None when it starts afresh.
        began_at: where the caller's last utterance began, as the detector counts.
        included: which of the caller's samples and which tool results are in it.
    """

    model: str
    conversation: ConversationState
    activity: ActivityDetector | ManualActivity | None
    began_at: int
    history_due: bool
    last_text: str
    queued: tuple[Queued, ...]
    included: Included


type Queued = tuple[str, Mapping[str, Any]]


class Session:
    """One session between `setupComplete` and the end of its connection.

    Attributes:
        unknown: field paths this model's API does not know.
        conversation: turn-taking.
        included: what of the client's input it has, over all its connections.
        tape: where the audio of this connection is kept, if it is.
    """

    def __init__(
        self,
        profile: ServerProfile,
        config: SessionConfig,
        unknown: Set[str],
        conversation: Conversation,
        connection: str,
        faults: Faults,
        utterances: list[int],
    ) -> None:
        self.profile, self.config, self.unknown = profile, config, unknown
        self.conversation = conversation
        self.included = Included()
        self.tape: list[Pcm16] | None = None
        self._connection, self._faults, self._utterances = connection, faults, utterances
        self._activity: ActivityDetector | ManualActivity
        self._activity = ManualActivity() if config.vad.disabled else ActivityDetector(config.vad)
        self._began_at = self._origin = 0
        self._n_here = self._n_before = 0
        self._n_gated = self._n_calls = 0
        self._mime_type: str | None = None
        self._resampler: Resampler | None = None
        self._blob, self._pcm = AudioBlob(b""), silence(0)
        self._history_due = config.history_first
        self._queued: deque[Queued] = deque(maxlen=MOST_QUEUED)
        self._last_text = ""

    # Resumption

    def kept(self, now: float) -> SessionState:
        """What a handle is bound to now."""
        covers = self._faults.resumption.covers_open_speech
        if covers is None:
            # What is acknowledged is included, to the message (E-33).
            exact = bool((self.config.resumption or {}).get("transparent"))
            covers = exact or self.profile.handle_covers_open_speech
        without = 0
        if self._activity.speaking and not covers:
            without = self._activity.n_samples - self._began_at
        return SessionState(
            self.config.model,
            self.conversation.kept(now),
            None if without else self._activity.copy(),
            self._began_at,
            self._history_due,
            self._last_text,
            tuple(self._queued),
            self.included.copy(without),
        )

    def restore(self, state: SessionState, lost: Sequence[Call], *, mute: bool) -> None:
        """Go on from there.

        Args:
            lost: calls that the service still waits for (E-31).
            mute: hear and transcribe, but never answer.
        """
        if state.activity is not None and isinstance(state.activity, type(self._activity)):
            self._activity = state.activity.copy()
            self._origin, self._began_at = self._activity.n_samples, state.began_at
        self.included = state.included.copy()
        self._n_before = self.included.n_samples
        self._history_due, self._last_text = state.history_due, state.last_text
        self._queued.extend(state.queued)
        speaking = self._activity.speaking
        self.conversation.restore(state.conversation, lost, mute=mute, speaking=speaking)

    @property
    def exhausted(self) -> bool:
        """Whether the model's context is full (E-35)."""
        full = self.conversation.delivery.ledger.context_tokens >= CONTEXT_TOKENS
        return full and self.config.compression is None

    # Realtime input

    def realtime(self, name: str, body: Mapping[str, Any], now: float) -> None:
        """One message of realtime input, by the field in it.

        Raises:
            Refused: it is not taken, or not now.
        """
        self._check_gate()
        if self._history_due:
            self._queued.append((name, body))
            return
        match name:
            case "text":
                interrupts = self.profile.text_interrupts
                self.conversation.typed(body["text"], now, interrupts=interrupts)
            case "audio":
                self._audio(body["audio"], now)
            case "mediaChunks":
                for chunk in body["mediaChunks"][:1]:
                    self._audio(chunk, now)
            case "audioStreamEnd" | "activityStart" | "activityEnd":
                for activity in self.bracket(name):
                    self._act(activity, now)
            case _:  # video: taken and not looked at
                return

    def audio(self, blob: AudioBlob, now: float) -> None:
        """The hot path: forty milliseconds of the caller.

        Raises:
            Refused: it is not whole samples of PCM at a rate that is taken, or not taken now.
        """
        self._check_gate()
        if self._history_due:
            body = {"audio": {"data": blob.data, "mimeType": blob.mime_type}}
            self._queued.append(("audio", body))
            return
        self._take(blob, now)

    def _check_gate(self) -> None:
        """2.5 ends the connection for realtime input while a BLOCKING call waits (E-25)."""
        if not self.conversation.delivery.tools.blocked:
            self._n_gated = 0
            return
        tolerated = self._faults.tool_gate_frames
        if tolerated is None:
            tolerated = self.profile.tool_gate_frames
        self._n_gated += 1
        if self._n_gated == 1:
            self._n_calls += 1
        share = self._faults.tool_gate_share
        if int(self._n_calls * share) == int((self._n_calls - 1) * share):
            return
        if tolerated is not None and 0 <= tolerated <= self._n_gated:
            raise Refused(POLICY, NOT_IMPLEMENTED)

    def _audio(self, fields: Mapping[str, Any], now: float) -> None:
        self._take(AudioBlob(fields.get("data", b""), fields.get("mimeType", "")), now)

    def _take(self, blob: AudioBlob, now: float) -> None:
        if blob.mime_type != self._mime_type:
            self._resampler = resampler_for(blob.mime_type)
            self._mime_type = blob.mime_type
        if len(blob.data) % 2:
            raise invalid_argument()
        if blob is not self._blob:  # silence may come as the same one again and again
            self._blob, self._pcm = blob, from_bytes(blob.data)
        pcm = self._pcm
        if self._resampler is not None:
            pcm = self._resampler.process(pcm)
        if self.tape is not None:
            self.tape.append(pcm)
        self.included.add(self._connection, self._n_here, pcm.size)
        self._n_here += pcm.size
        n_samples = self._n_before + self._n_here
        if self.config.compression is None and n_samples > self._faults.session_limit_s * RATE_HZ:
            raise Refused(self._faults.session_limit_code, INVALID_ARGUMENT)
        for activity in self._activity.process(pcm):
            self._act(activity, now)

    def _act(self, activity: Activity, now: float) -> None:
        """Speech began or ended: say so, then let the conversation act on it (E-13)."""
        began = isinstance(activity, ActivityStarted)
        if self.profile.voice_activity:
            kind = "ACTIVITY_START" if began else "ACTIVITY_END"
            at_s = (activity.at_sample - self._origin) / RATE_HZ
            self.conversation.send(frames.voice_activity(kind, at_s))
        if self.config.explicit_vad_signal:
            self.conversation.send(frames.vad_signal("SOS" if began else "EOS"))
        if isinstance(activity, ActivityStarted):
            self._began_at = activity.at_sample
            self.conversation.speech_began(now)
            return
        self._utterances.append(activity.pcm16k.size)
        seconds = (activity.at_sample - self._began_at) / RATE_HZ
        self.conversation.speech_ended(activity.pcm16k, seconds, now)

    def bracket(self, field: str) -> list[Activity]:
        """`audioStreamEnd`, `activityStart` or `activityEnd`.

        Raises:
            Refused: it does not belong to the way activity is detected in this session.
        """
        activity = self._activity
        if (field == "audioStreamEnd") != isinstance(activity, ActivityDetector):
            raise invalid_argument()
        if isinstance(activity, ActivityDetector):
            return activity.flush()
        return activity.start() if field == "activityStart" else activity.end()

    # Content

    def client_content(self, body: Mapping[str, Any], now: float) -> None:
        """Turns of text; answered when the client says they are complete.

        Raises:
            Refused: a turn is not of a kind that the model takes.
        """
        complete = bool(body.get("turnComplete"))
        for content in body.get("turns", []):
            check_content(content, self.profile, initial=self._history_due)
            enter(content, self.conversation.delivery.ledger)
            role, text = content.get("role", "user"), text_of(content)
            if role == "user":
                self._last_text = text
            if self._history_due or not complete:
                self.conversation.read(role, text)
        if not complete:
            return
        text, self._last_text = self._last_text, ""
        if self._history_due:
            self._history_due = False
            queued, self._queued = self._queued, deque(maxlen=MOST_QUEUED)
            for name, realtime in queued:
                self.realtime(name, realtime, now)
        else:
            self.conversation.typed(text, now, interrupts=True)

    def context_update(self, body: Mapping[str, Any]) -> None:
        """A new system instruction or new tools, from here on.

        Raises:
            Refused: a tool is not one the model takes.
        """
        delivery = self.conversation.delivery
        if "systemInstruction" in body:
            delivery.ledger.instruct(text_of(body["systemInstruction"]))
        if "tools" in body:
            delivery.behaviors = read_tools(body["tools"].get("tools", []), self.profile)
