"""One answer of the model: its words, its sound, and what the caller heard of both; without I/O."""

from dataclasses import dataclass, field

from agent.call.words import (
    MOST_CHARACTERS_PER_S,
    RATE_HZ,
    Piece,
    characters_in,
    spoken,
    whole_words,
)

NOT_KEPT = "[not kept]"
"""Stands where words were."""


@dataclass(slots=True)
class Turn:
    """One answer of the model.

    Attributes:
        number: from 1.
        answers_caller: the caller spoke since the turn before; else we asked for it.
        caller_text, agent_text: transcripts as they came, joined.
        resumed_at: where in the agent's text it was last gone on with.
        pieces: where each piece of the agent's transcript ended, and how much audio had come.
        audio: samples at 8 kHz queued for the caller.
        output_from: when it began, was last gone on with, or spoke again after a function.
        paused: it waits for a function.
        output_at: when its last output, of any kind, came.
        caller_stopped_at: when the caller had finished speaking.
        audio_came_at: when its first audio came from the model.
        audio_started_at: when its first audio went out.
        generated: the model has sent all of it.
        resting: the service says that more of the same exchange follows, in its own time.
        closed: nothing more belongs to it.
        interrupted: the caller did not hear all of it.
        unheard_s: how much not.
        hidden: its words are not to be kept.
        reason: why it ended, where the service or a watchdog gave one.
    """

    number: int
    began_at: float
    answers_caller: bool
    caller_text: str = ""
    agent_text: str = ""
    resumed_at: int = 0
    pieces: list[Piece] = field(default_factory=list)
    audio: int = 0
    output_from: float = 0.0
    paused: bool = False
    output_at: float = 0.0
    caller_stopped_at: float | None = None
    audio_came_at: float | None = None
    audio_started_at: float | None = None
    generated: bool = False
    resting: bool = False
    closed: bool = False
    interrupted: bool = False
    unheard_s: float = 0.0
    hidden: bool = False
    reason: str | None = None

    @property
    def has_rest(self) -> bool:
        """Whether more of it was to come; what waits for a function has said all for now."""
        return not (self.generated or self.paused)

    @property
    def heard_s(self) -> float:
        """How much of it the caller heard, once it is over, in seconds."""
        return max(0.0, self.audio / RATE_HZ - self.unheard_s)

    @property
    def latency_s(self) -> float | None:
        """From the caller's last sound to the agent's first, as far as both are known."""
        if self.caller_stopped_at is None or self.audio_started_at is None:
            return None
        return self.audio_started_at - self.caller_stopped_at

    @property
    def model_s(self) -> float | None:
        """The model's share of the latency: until its first audio came."""
        if self.latency_s is None or self.caller_stopped_at is None or self.audio_came_at is None:
            return None
        return min(max(0.0, self.audio_came_at - self.caller_stopped_at), self.latency_s)

    def audio_came(self, now: float) -> None:
        """A piece of its sound came from the model."""
        if self.audio_came_at is None:
            self.audio_came_at = now

    @property
    def agent_text_heard(self) -> str:
        """The agent's words, cut to what was heard and at a word's end; rather too few."""
        text = self.agent_text.strip()
        if not self.interrupted:
            return text
        heard = self.heard_s * RATE_HZ
        share = heard / self.audio if self.audio else 0.0
        n = int(min(len(text) * share, self.heard_s * MOST_CHARACTERS_PER_S))
        if self.pieces:
            n = min(n, characters_in(self.pieces, round(heard)))
        return whole_words(text, n)

    @property
    def caller_text_kept(self) -> str:
        """The caller's words, if they may be kept."""
        return self.kept(self.caller_text.strip())

    def kept(self, text: str) -> str:
        """Words of this turn, or what stands for them."""
        return NOT_KEPT if text and self.hidden else text

    @property
    def latest_text_heard(self) -> str:
        """The same, of what came since it was last gone on with."""
        return self.agent_text_heard[self.resumed_at :].strip()

    def go_on(self, now: float) -> None:
        """More of it comes, after it was cut short."""
        self.agent_text = f"{self.agent_text.rstrip()} ".lstrip()
        self.resumed_at = len(self.agent_text)
        self.closed = self.generated = self.resting = False
        self.output_from = self.output_at = now

    def stop_short(self) -> None:
        """Nothing more of it comes: words that ran ahead of its sound were never spoken."""
        self.agent_text = spoken(self.agent_text, self.pieces, self.audio)
        n = len(self.agent_text)
        self.pieces = [(min(characters, n), samples) for characters, samples in self.pieces]
