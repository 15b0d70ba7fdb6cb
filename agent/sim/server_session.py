"""What a set-up connection knows: its profile, its ears' state, its dialogue; without I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from typing import Any

from agent.audio.pcm import Pcm16, from_bytes
from agent.audio.resample import PAIRS, Resampler
from agent.sim.conversation import Conversation
from agent.sim.server_profiles import ServerProfile
from agent.sim.session_config import SessionConfig, read_tools, text_of
from agent.sim.vad import RATE_HZ, Activity, ActivityDetector, ManualActivity
from agent.sim.wire import INVALID_PAYLOAD, POLICY, AudioBlob, Refused, invalid_argument

_MIME = re.compile(r"audio/pcm(?:\s*;\s*rate=(\d{4,6}))?", re.ASCII)


class Session:
    """One session between `setupComplete` and the end.

    Attributes:
        unknown: field paths this model's API does not know.
        conversation: turn-taking.
        speech_began_at: where the caller's last utterance began, in samples at 16 kHz.
    """

    def __init__(
        self,
        profile: ServerProfile,
        config: SessionConfig,
        unknown: Set[str],
        conversation: Conversation,
    ) -> None:
        self.profile, self.config, self.unknown = profile, config, unknown
        self.conversation = conversation
        self.speech_began_at = 0
        self._manual = ManualActivity() if config.vad.disabled else None
        self._automatic = ActivityDetector(config.vad)
        self._mime_type: str | None = None
        self._resampler: Resampler | None = None
        self._history_due = config.history_first
        self._last_text = ""

    def audio(self, blob: AudioBlob) -> list[Activity]:
        """The caller's audio, and what activity it brings to light.

        Raises:
            Refused: it is not whole samples of PCM at a rate that is taken.
        """
        if blob.mime_type != self._mime_type:
            self._resampler = _resampler_for(blob.mime_type)
            self._mime_type = blob.mime_type
        if len(blob.data) % 2:
            raise invalid_argument()
        pcm: Pcm16 = from_bytes(blob.data)
        if self._resampler is not None:
            pcm = self._resampler.process(pcm)
        return (self._manual or self._automatic).process(pcm)

    def bracket(self, field: str) -> list[Activity]:
        """`audioStreamEnd`, `activityStart` or `activityEnd`.

        Raises:
            Refused: it does not belong to the way activity is detected in this session.
        """
        if (field == "audioStreamEnd") != (self._manual is None):
            raise invalid_argument()
        if self._manual is None:
            return self._automatic.flush()
        return self._manual.start() if field == "activityStart" else self._manual.end()

    def client_content(self, body: Mapping[str, Any], now: float) -> None:
        """Turns of text; answered when the client says they are complete.

        Raises:
            Refused: a turn is not of a kind that the model takes.
        """
        for content in body.get("turns", []):
            self._check(content)
            text = text_of(content)
            if content.get("role", "user") == "user":
                self._last_text = text
            self.conversation.delivery.ledger.add_text(text)
        if not body.get("turnComplete"):
            return
        text, self._last_text = self._last_text, ""
        if self._history_due:
            self._history_due = False
        else:
            self.conversation.typed(text, now, interrupts=True)

    def context_update(self, body: Mapping[str, Any]) -> None:
        """A new system instruction or new tools, from here on.

        Raises:
            Refused: a tool is not one the model takes.
        """
        delivery = self.conversation.delivery
        delivery.ledger.add_text(text_of(body.get("systemInstruction", {})))
        if "tools" in body:
            delivery.behaviors = read_tools(body["tools"].get("tools", []), self.profile)

    def _check(self, content: Mapping[str, Any]) -> None:
        """What a turn may hold differs by model (section 2.2)."""
        role = content.get("role")
        roles = {"user", "model"} | ({"system"} if self.profile.system_role else set())
        if role not in roles and (role is not None or self.profile.role_required):
            raise invalid_argument()
        for part in content.get("parts", []):
            if part.keys() & {"functionCall", "functionResponse"} and not (
                self.profile.function_parts
            ):
                raise invalid_argument()
            mime_type = part.get("inlineData", {}).get("mimeType", "")
            if mime_type.startswith("audio/") and not self.profile.audio_parts:
                raise Refused(INVALID_PAYLOAD, "Precondition check failed.")
            if "rate=24000" in mime_type:
                reason = "Operation is not implemented, or supported, or enabled."
                raise Refused(POLICY, reason)


def _resampler_for(mime_type: str) -> Resampler | None:
    """What brings audio of this type to 16 kHz; None when it is there already (E-10)."""
    match = _MIME.fullmatch(mime_type)
    if match is None:
        raise invalid_argument()
    rate_hz = int(match[1] or RATE_HZ)
    if rate_hz == RATE_HZ:
        return None
    if (rate_hz, RATE_HZ) not in PAIRS:
        raise invalid_argument()
    return Resampler(rate_hz, RATE_HZ)
