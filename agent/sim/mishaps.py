"""What can happen to a connection of the model's service, and when, as data, without I/O.

Source: docs/protocols/gemini-live.md 3.6, 3.7, 4 and E-21, E-28 to E-35.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from agent.gemini.durations import format_duration

DEADLINE = "Deadline expired before operation could complete."
UNAVAILABLE = "The service is currently unavailable."
INTERNAL_ERROR = "Internal error encountered."


@dataclass(frozen=True, slots=True)
class GoAway:
    """A notice that the connection will end.

    Attributes:
        time_left: what stands in it, however unreadable; None leaves the field out.
    """

    time_left: str | None = "60s"


@dataclass(frozen=True, slots=True)
class Shut:
    """The service closes."""

    code: int = 1011
    reason: str = DEADLINE


@dataclass(frozen=True, slots=True)
class Cut:
    """The socket is gone, without a close frame."""


@dataclass(frozen=True, slots=True)
class PhantomInterrupt:
    """`interrupted` although nobody spoke; a running turn is really cut."""


@dataclass(frozen=True, slots=True)
class Stall:
    """Nothing is sent any more; what is due meanwhile comes afterwards.

    Attributes:
        seconds: None for ever.
    """

    seconds: float | None = None


type Mishap = GoAway | Shut | Cut | PhantomInterrupt | Stall


@dataclass(frozen=True, slots=True)
class At:
    """Seconds after `setup` came."""

    seconds: float


type Moment = Literal["hearing", "thinking", "speaking", "playing", "waiting"]


@dataclass(frozen=True, slots=True)
class InTurn:
    """A state of a turn of the model, counted from 1 in each session; 0 is any turn.

    Attributes:
        moment: "hearing" is the caller's speech before it, "waiting" a BLOCKING call in it.
        audio_s: only when the turn has put out this much audio.
        after_s: so long after that.
    """

    turn: int
    moment: Moment = "speaking"
    audio_s: float = 0.0
    after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Planned:
    """One mishap of one connection.

    Attributes:
        connection: which of the session's connections it befalls, from 1; 0 is each of them.
        session: which of the stand-in's sessions, from 1 in the order of their beginning; 0 is
            each of them.
    """

    when: At | InTurn
    what: Mishap
    connection: int = 1
    session: int = 0


@dataclass(frozen=True, slots=True)
class Notice:
    """A goAway so long before the end of a connection's life.

    Attributes:
        says: replaces the truth, such as "soon"; "" leaves `timeLeft` out.
    """

    before_s: float
    says: str | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """How long a connection lasts and how that is told (E-34).

    Attributes:
        notices: in any order.
        silent: after the first notice nothing more is sent.
        end: how it closes.
    """

    seconds: float = 600.0
    notices: tuple[Notice, ...] = (Notice(60.0),)
    silent: bool = False
    end: Shut = Shut()


def ending(
    when: At | InTurn, notice_s: float, *, says: str | None = None, end: Shut | None = None
) -> tuple[Planned, Planned]:
    """A goAway then, and the end of that connection when the notice has run out.

    Args:
        says: replaces the truth in the notice, as in `Notice`.
    """
    left = format_duration(notice_s) if says is None else says
    return (
        Planned(when, GoAway(left or None)),
        Planned(_later(when, notice_s), Shut() if end is None else end),
    )


def _later(when: At | InTurn, seconds: float) -> At | InTurn:
    if isinstance(when, At):
        return At(when.seconds + seconds)
    return replace(when, after_s=when.after_s + seconds)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Connections that come to nothing, several in a row.

    Attributes:
        first: the first one that is refused, counted from 1 over all that count.
        times: how many; None for all that come within `seconds` of the first.
        seconds: for how long, from the first.
        status: an HTTP status that answers the upgrade; None lets `setup` come and closes then.
        resumes_only: only a `setup` with a handle counts, and is refused.
        redials_of: only attempts count that come after a connection of this session was told to
            go, or has ended; 0 is any session, None counts from the beginning. An upgrade names no
            session, nor does a `setup` that resumes nothing: of these every one counts then.
    """

    first: int = 1
    times: int | None = 1
    seconds: float | None = None
    status: int | None = None
    close: Shut = Shut(1011, UNAVAILABLE)
    resumes_only: bool = False
    redials_of: int | None = None


@dataclass(frozen=True, slots=True)
class Resumption:
    """How the service keeps its promise of resumption (E-28 to E-33).

    Attributes:
        handles: "all" that are due, only the first "once", or "none" at all.
        when_generated: a handle is given as soon as all of a reply is sent, and not only when it is
            assumed to have been heard.
        during_calls: handles are given while a function is at work.
        poisoned: which of a session's handles, from 1, lead to a session that hears and never
            answers; 0 is each of them.
        replays_transcript: a resumed session sends the last input transcription again.
        forgets: a resumed session has lost its context, and says nothing of it.
        allow_overlap: a session may be resumed while its previous socket is open.
        newer_invalidates: only a session's newest handle is good.
        covers_open_speech: a handle includes speech that has not ended; None asks the profile.
        index_lag: transparent updates come so many messages after what they confirm; the first of
            a connection, which confirms nothing, comes at once.
        update_every: in transparent mode, messages between two updates.
        setup_delay_s: how long `setupComplete` takes on a resume; None as otherwise.
        setup_never: it does not come on a resume.
    """

    handles: Literal["all", "once", "none"] = "all"
    when_generated: bool = False
    during_calls: bool = False
    poisoned: frozenset[int] = frozenset()
    replays_transcript: bool = False
    forgets: bool = False
    allow_overlap: bool = False
    newer_invalidates: bool = False
    covers_open_speech: bool | None = None
    index_lag: int = 0
    update_every: int = 25
    setup_delay_s: float | None = None
    setup_never: bool = False
