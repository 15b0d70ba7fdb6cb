"""Token accounting of one session, as `usageMetadata` reports it, without I/O.

Every turn is billed its whole context as prompt, so counts grow turn by turn.
Source: docs/protocols/gemini-live.md 3.2 and E-18; text is taken as four characters a token.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

AUDIO_TOKENS_PER_S = 25


def text_tokens(text: str) -> int:
    """Roughly what a tokenizer makes of a text."""
    return math.ceil(len(text) / 4)


def audio_tokens(seconds: float) -> int:
    """40 ms of audio, in or out, are one token."""
    return math.ceil(round(seconds * AUDIO_TOKENS_PER_S, 6))


type Role = Literal["user", "model"]


@dataclass(frozen=True, slots=True)
class Piece:
    """Something in the context: audio or text, or only the words of audio.

    Attributes:
        text: tokens of text in it.
        audio: tokens of audio in it.
        function: it is a call or an answer that was handed over in a turn.
    """

    role: Role
    words: str
    text: int = 0
    audio: int = 0
    function: bool = False


class TokenLedger:
    """The context of a session: who said what, and what it costs by modality."""

    def __init__(self, system_instruction: str = "") -> None:
        self._system = text_tokens(system_instruction)
        self._text = self._audio = 0
        self._pieces: list[Piece] = []

    @property
    def context_tokens(self) -> int:
        """Everything the next turn has as its prompt."""
        return self._system + self._text + self._audio

    @property
    def history(self) -> list[tuple[Role, str]]:
        """Who said what, as far as words are known."""
        return [(piece.role, piece.words) for piece in self._pieces if piece.words]

    def instruct(self, system_instruction: str) -> None:
        """A system instruction takes the place of the one before."""
        self._system = text_tokens(system_instruction)

    def add_text(self, text: str, role: Role = "user") -> None:
        """A text entered the context."""
        self._add(Piece(role, text, text=text_tokens(text)))

    def add_function(self, text: str, role: Role) -> None:
        """A call or an answer entered the context as part of a turn."""
        self._add(Piece(role, text, text=text_tokens(text), function=True))

    def forget_functions(self) -> None:
        """What `add_function` brought is gone."""
        self._keep([piece for piece in self._pieces if not piece.function])

    def add_audio(self, seconds: float, role: Role = "user", words: str = "") -> None:
        """Audio entered the context."""
        self._add(Piece(role, words, audio=audio_tokens(seconds)))

    def add_words(self, words: str) -> None:
        """What the caller's last audio was, now that the ear knows."""
        self._add(Piece("user", words))

    def cut(self, target: int) -> None:
        """Forget what is oldest, up to the start of a user turn, until `target` tokens are left.

        The last user turn stays, however long it is, and so does the system instruction (2.1.4).
        """
        starts = [
            i
            for i, piece in enumerate(self._pieces)
            if piece.role == "user" and (not i or self._pieces[i - 1].role == "model")
        ]
        for start in starts:
            kept = self._pieces[start:]
            if start == starts[-1] or self._system + _cost(kept) <= target:
                self._keep(kept)
                return

    def copy(self) -> TokenLedger:
        """The same, to go its own way."""
        twin = TokenLedger()
        twin._system, twin._text, twin._audio = self._system, self._text, self._audio
        twin._pieces = list(self._pieces)
        return twin

    def _keep(self, pieces: Iterable[Piece]) -> None:
        self._pieces = []
        self._text = self._audio = 0
        for piece in pieces:
            self._add(piece)

    def _add(self, piece: Piece) -> None:
        if piece.words or piece.text or piece.audio:
            self._pieces.append(piece)
        self._text += piece.text
        self._audio += piece.audio

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
            "promptTokensDetails": _details(self._system + self._text, self._audio),
            f"{name}TokensDetails": _details(written, spoken) if response else [],
        }
        if vertex:
            usage["trafficType"] = "ON_DEMAND"
        return {key: value for key, value in usage.items() if value}


def _cost(pieces: Iterable[Piece]) -> int:
    return sum(piece.text + piece.audio for piece in pieces)


def _details(text: int, audio: int) -> list[dict[str, Any]]:
    """Both modalities; a count of zero is left out, its entry is not (as recorded)."""
    return [
        {"modality": modality} | ({"tokenCount": count} if count else {})
        for modality, count in (("TEXT", text), ("AUDIO", audio))
    ]
