"""Token accounting of one session, as `usageMetadata` reports it, without I/O.

Every turn is billed its whole context as prompt, so counts grow turn by turn.
Source: docs/protocols/gemini-live.md 3.2 and E-18; text is taken as four characters a token.
"""

from __future__ import annotations

import math
from typing import Any

AUDIO_TOKENS_PER_S = 25


def text_tokens(text: str) -> int:
    """Roughly what a tokenizer makes of a text."""
    return math.ceil(len(text) / 4)


def audio_tokens(seconds: float) -> int:
    """40 ms of audio, in or out, are one token."""
    return math.ceil(round(seconds * AUDIO_TOKENS_PER_S, 6))


class TokenLedger:
    """The context of a session, in tokens by modality."""

    def __init__(self, system_instruction: str = "") -> None:
        self._text = text_tokens(system_instruction)
        self._audio = 0

    @property
    def context_tokens(self) -> int:
        """Everything the next turn has as its prompt."""
        return self._text + self._audio

    def add_text(self, text: str) -> None:
        """A text entered the context, from either side."""
        self._text += text_tokens(text)

    def add_audio(self, seconds: float) -> None:
        """Audio entered the context, from either side."""
        self._audio += audio_tokens(seconds)

    def usage(self, *, text: str, audio_s: float, thoughts: int, vertex: bool) -> dict[str, Any]:
        """`usageMetadata` of a turn that is over; what it produced is not yet in the context.

        Args:
            text: the text the turn produced, in TEXT modality.
            audio_s: the audio it produced.
            thoughts: tokens of thought.
        """
        spoken, written = audio_tokens(audio_s), text_tokens(text)
        response = spoken + written
        name = "candidates" if vertex else "response"
        usage: dict[str, Any] = {
            "promptTokenCount": self.context_tokens,
            f"{name}TokenCount": response,
            "thoughtsTokenCount": thoughts,
            "totalTokenCount": self.context_tokens + response + thoughts,
            "promptTokensDetails": _details(self._text, self._audio),
            f"{name}TokensDetails": _details(written, spoken) if response else [],
        }
        if vertex:
            usage["trafficType"] = "ON_DEMAND"
        return {key: value for key, value in usage.items() if value}


def _details(text: int, audio: int) -> list[dict[str, Any]]:
    """Both modalities; a count of zero is left out, its entry is not (as recorded)."""
    return [
        {"modality": modality} | ({"tokenCount": count} if count else {})
        for modality, count in (("TEXT", text), ("AUDIO", audio))
    ]
