"""What is to happen in one simulated call: who says what, and what goes wrong; data only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agent.sim.faults import TurnFault
from agent.sim.mishaps import Planned, Refusal, Resumption

TOOL = "book"
DONE = "done-"
"""A function\'s result, with the number of the request after it."""
END_CALL = "end_call"


@dataclass(frozen=True, slots=True)
class Utterance:
    """Something the caller says, and what the model does with it.

    Attributes:
        number: from 1.
        ms: how long it is; a multiple of a frame.
        answer: the model speaks; first has a function run; or ends the call.
        reply_words: how many words the model says then; each takes `WORD_MS`.
        tool_s: how long the function takes.
        barge_in_s: spoken into the agent's words so long after they began; None: afterwards.
        pause_s: how long after the agent's last word it is spoken.
    """

    number: int
    ms: int
    answer: Literal["reply", "tool", "end"] = "reply"
    reply_words: int = 5
    tool_s: float = 0.5
    barge_in_s: float | None = None
    pause_s: float = 0.5


WORD_MS = 400


# What goes wrong. Each is one thing that a smaller script can do without.


@dataclass(frozen=True, slots=True)
class Ending:
    """A connection ends, announced or not.

    Attributes:
        plans: what befalls it, in order.
        notice_s: how long before its end it is announced; None: not at all.
    """

    plans: tuple[Planned, ...]
    notice_s: float | None = None


@dataclass(frozen=True, slots=True)
class Mishappening:
    """A connection goes silent, or an interruption is claimed that nobody made."""

    plan: Planned


@dataclass(frozen=True, slots=True)
class Refused:
    """Connections that come to nothing."""

    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Handles:
    """Resumption does not work as promised."""

    rules: Resumption


@dataclass(frozen=True, slots=True)
class BadTurn:
    """One turn of the model goes wrong."""

    turn: int
    fault: TurnFault


@dataclass(frozen=True, slots=True)
class SlowDial:
    """One dial takes long; `seconds` None: for ever."""

    connection: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class SlowClose:
    """The service learns so late that this side has closed a connection."""

    seconds: float


@dataclass(frozen=True, slots=True)
class SlowSetup:
    """The service takes so long for each `setup`."""

    seconds: float


@dataclass(frozen=True, slots=True)
class CarrierGap:
    """For a while nothing comes from the carrier: afterwards all at once, or never."""

    at_s: float
    for_s: float
    lost: bool


@dataclass(frozen=True, slots=True)
class LineBreak:
    """The carrier's socket breaks without a word, and the same call comes back on another one.

    Attributes:
        for_s: how long it is gone; None: it does not come back.
        told_s: how much later our side is told; None: nobody tells it.
        start_s: between the other socket and the carrier's `start` on it.
        leaves: the caller hangs up instead of coming back.
    """

    at_s: float
    for_s: float | None
    told_s: float | None = 0.0
    start_s: float = 0.0
    leaves: bool = False


@dataclass(frozen=True, slots=True)
class SteppingAside:
    """Our side lets the phone go, as for a transfer; `for_s` None: it does not come back."""

    at_s: float
    for_s: float | None


type Trouble = (
    Ending
    | Mishappening
    | Refused
    | Handles
    | BadTurn
    | SlowDial
    | SlowClose
    | SlowSetup
    | CarrierGap
    | LineBreak
    | SteppingAside
)


@dataclass(frozen=True, slots=True)
class Script:
    """One call.

    Attributes:
        profile: the stand-in's name of the model.
        utterances: what the caller says, in order.
        greeting_words: what the agent says first.
        latency_s: one way between us and the model.
        dial_s: until a connection is open.
        patience_s: how long the caller waits for a word.
        leaves: how it ends if nothing else ends it: the caller hangs up, or falls silent.
        hang_up_s: the caller hangs up at this time at the latest.
        keys: keys the caller presses, as (seconds, digit).
        troubles: what goes wrong.
    """

    seed: int
    profile: str
    utterances: tuple[Utterance, ...]
    greeting_words: int = 4
    latency_s: float = 0.02
    dial_s: float = 0.1
    patience_s: float = 7.0
    leaves: Literal["hangs up", "silent"] = "hangs up"
    hang_up_s: float = 60.0
    keys: tuple[tuple[float, str], ...] = ()
    troubles: tuple[Trouble, ...] = ()
