"""What happens to the connections of a call, case by case, and what we promise about it.

The figures are those of docs/design.md section 2. The caller's script is the same in every case but
for how long he waits: he is greeted, says a word to be remembered, asks for a reply of eight
seconds, asks for the word, and books a table. The replies are numbered: 1 the greeting, 2 to the
word, 3 the long one, 4 to the question for the word, 5 to the booking.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import inf

from agent.sim.clips import Clip
from agent.sim.faults import Faults
from agent.sim.mishaps import (
    INTERNAL_ERROR,
    UNAVAILABLE,
    Cut,
    InTurn,
    Life,
    PhantomInterrupt,
    Planned,
    Refusal,
    Resumption,
    Shut,
    Stall,
    ending,
)
from agent.sim.script import Pause, Say, Step, WaitForAgent
from agent.sim.wire import INVALID_ARGUMENT
from bench.continuity_mind import BOOK, RECALL, REMEMBER, SENTENCES, TELL
from bench.continuity_sound import REPLY_S, utterance

SETUP_S = 0.4
NOTED, LONG_REPLY, RECALLING, BOOKING = 2, 3, 4, 5
MID_REPLY = InTurn(LONG_REPLY, "speaking", audio_s=2.0)
LATE_IN_REPLY = InTurn(LONG_REPLY, "playing", after_s=2.5)
WITH_THE_WORD = InTurn(NOTED, "speaking", audio_s=0.2)
LATER = InTurn(5, "speaking", audio_s=0.2)
MID_QUESTION = InTurn(RECALLING, "hearing", after_s=0.8)
INTERNAL = Shut(1011, INTERNAL_ERROR)
IN_CALL = InTurn(BOOKING, "waiting", after_s=0.5)
AFTER_REPLY_S = 2.5

CLIPS: dict[str, Clip] = {
    sentence: utterance(index, 1.0, sentence) for index, sentence in enumerate(SENTENCES)
}


@dataclass(frozen=True, slots=True)
class Measured:
    """One call, as caller and model's stand-in know it.

    Attributes:
        reply_s: how much of the long reply was heard. again_s: how much of it twice.
        gap_s: the longest silence inside it.
        lost_ms, repeated_ms: of the caller's utterances, for the model.
        memory: what the model answered to the question for the word; None for nothing.
        wait_s: from the caller's last word of that question to the next sound; None for ever.
        bookings: how often the table was booked.
        confirmed: the caller heard of it.
        connections: how many carried the caller's sound.
        used_up: of these, how many the model's stand-in closed.
        ended: why the call was over before the script was.
    """

    reply_s: float
    again_s: float
    gap_s: float
    lost_ms: float
    repeated_ms: float
    memory: bool | None
    wait_s: float | None
    bookings: int
    confirmed: bool
    connections: int
    used_up: int
    ended: str | None


@dataclass(frozen=True, slots=True)
class Promise:
    """The worst that may happen.

    Attributes:
        reply_s: least of the long reply heard; None where it is not the point.
        gap_s: longest silence in it.
        lost_ms, repeated_ms: most of the caller's words.
        wait_s: longest wait for a sound after the caller's question.
        connections: least and most that are set up.
        in_time: each is left before it ends.
    """

    reply_s: float | None = REPLY_S
    gap_s: float = 0.0
    again_s: float = 0.0
    lost_ms: float = 0.0
    repeated_ms: float = 0.0
    wait_s: float = 2.5
    connections: tuple[int, int] = (2, 2)
    in_time: bool = True

    def broken(self, got: Measured) -> Iterator[str]:
        """What of it was not kept, in words."""
        if self.reply_s is not None and got.reply_s < self.reply_s - TOLERANCE_S:
            yield f"{got.reply_s:.2f} s of the reply heard, promised {self.reply_s:.2f} s"
        for what, value, most in (
            ("of silence in the reply", got.gap_s * 1000, self.gap_s * 1000 + TOLERANCE_S * 1000),
            ("of the reply twice", got.again_s * 1000, self.again_s * 1000 + TOLERANCE_S * 1000),
            ("of the caller lost", got.lost_ms, self.lost_ms),
            ("of the caller repeated", got.repeated_ms, self.repeated_ms),
        ):
            if value > most:
                yield f"{value:.0f} ms {what}, promised {most:.0f} ms at most"
        if got.wait_s is not None and got.wait_s > self.wait_s:
            yield f"{got.wait_s:.2f} s without a sound, promised {self.wait_s:.2f} s at most"
        yield from self._afterwards(got)

    def _afterwards(self, got: Measured) -> Iterator[str]:
        """What the call was left with."""
        if got.memory is not True:
            yield "the word was " + ("not answered for" if got.memory is None else "forgotten")
        if got.bookings != 1:
            yield f"{got.bookings} bookings, promised 1"
        if not got.confirmed:
            yield "the caller did not hear that the table is booked"
        least, most = self.connections
        if not least <= got.connections <= most:
            yield f"{got.connections} connections, expected {least} to {most}"
        if self.in_time and got.used_up:
            yield f"{got.used_up} connections used to their end"
        if got.ended is not None:
            yield f"the call did not come to its end: {got.ended}"


TOLERANCE_S = 0.06
"""Three frames: borders between words that fall into a frame are counted for one of them."""


@dataclass(frozen=True, slots=True)
class Case:
    """One misfortune.

    Attributes:
        then_s: what the caller waits from the end of his request for the long reply; he says the
            next sentence then, whatever is going on.
        asks: how often he asks for the word; the last answer counts.
        patience_s: how long he waits for the word at least, whatever he hears.
        rounds: how often he says something more before he asks for the word, every eight seconds.
        age_s: what the service is set to as the greatest age of a connection; None for its own.
    """

    name: str
    title: str
    faults: Faults
    promise: Promise = Promise()
    then_s: float = REPLY_S + AFTER_REPLY_S
    asks: int = 1
    patience_s: float = 0.0
    rounds: int = 0
    age_s: float | None = None

    def script(self) -> list[Step]:
        """What the caller does."""
        quiet = WaitForAgent(quiet_s=0.6)
        steps: list[Step] = [quiet, Say(CLIPS[REMEMBER]), quiet, Say(CLIPS[TELL])]
        steps.append(Pause(self.then_s))
        for number in range(self.rounds):
            steps += [Say(utterance(0, 1.0, REMEMBER, seed=1 + number)), Pause(8.0)]
        patient = WaitForAgent(quiet_s=1.0, timeout_s=45.0)
        for number in range(self.asks):
            asking = utterance(2, 2.0, RECALL, seed=number)
            steps += [Say(asking), Pause(self.patience_s), patient]
        return [*steps, Say(CLIPS[BOOK]), patient, Pause(0.5)]

    @property
    def seconds(self) -> float:
        """About how long it takes."""
        return 22.0 + self.then_s + self.patience_s + 9.0 * self.rounds


CALM = Faults(setup_delay_s=SETUP_S)
MOVED = Promise()
CUT = Promise(reply_s=REPLY_S - 0.6, again_s=0.4, gap_s=2.5, in_time=False)
"""The rest of the reply was never generated: the model is asked once to go on."""
NOT_MOVED = Promise(connections=(1, 1))


def _planned(*planned: Planned) -> Faults:
    return replace(CALM, planned=planned)


def _going(notice_s: float = 3.0) -> Faults:
    return _planned(*ending(MID_REPLY, notice_s))


def _refused(refusal: Refusal) -> Faults:
    return replace(_going(), refusals=(replace(refusal, redials_of=0),))


def _resumed(resumption: Resumption) -> Faults:
    return replace(_going(), resumption=resumption)


def _status(times: int | None, seconds: float | None = None) -> Faults:
    return _refused(Refusal(times=times, seconds=seconds, status=503))


def _closed(times: int | None, seconds: float | None = None) -> Faults:
    return _refused(Refusal(times=times, seconds=seconds, close=Shut(1011, UNAVAILABLE)))


_NEVER_RESUMED = Refusal(times=None, close=Shut(1007, INVALID_ARGUMENT), resumes_only=True)
OUTAGE_S = 18.0
AGE_S, LIFE_S = 15.0, 35.0
"""50:00 and 58:00, scaled so that a call outlives them."""

CASES = (
    Case("calm", "nothing happens", CALM, NOT_MOVED),
    Case("goaway", "goAway in mid-reply, 10 s notice", _going(10.0)),
    Case("goaway-3", "goAway in mid-reply, 3 s notice", _going()),
    Case(
        "goaway-half",
        "goAway in mid-reply, 0.5 s notice",
        _going(0.5),
        replace(CUT, gap_s=0.0, in_time=True),
    ),
    Case("word", "goAway right after the word, 1 s notice", _planned(*ending(WITH_THE_WORD, 1.0))),
    Case("503-once", "goAway, then the re-dial gets 503 once", _status(1)),
    Case("503-five", "goAway, then 503 five times", _status(5)),
    Case("503-20s", "goAway, then 503 for 20 s", _status(None, 20.0), patience_s=OUTAGE_S),
    Case("1011-once", "goAway, then 1011 at set-up once", _closed(1)),
    Case("1011-five", "goAway, then 1011 at set-up five times", _closed(5)),
    Case(
        "1011-20s",
        "goAway, then 1011 at set-up for 20 s",
        _closed(None, 20.0),
        patience_s=OUTAGE_S,
    ),
    Case("abrupt-1011", "1011 in mid-reply", _planned(Planned(MID_REPLY, INTERNAL)), CUT),
    Case("abrupt-drop", "socket gone in mid-reply", _planned(Planned(MID_REPLY, Cut())), CUT),
    Case("1007", "goAway, then every resume gets 1007", _refused(_NEVER_RESUMED)),
    Case(
        "poisoned",
        "goAway, then a session that hears and never answers",
        _resumed(Resumption(poisoned=frozenset({0}))),
        Promise(connections=(2, 3)),
        patience_s=12.0,
    ),
    Case("no-handle", "goAway before any handle", _resumed(Resumption(handles="none"))),
    Case(
        "forgotten",
        "goAway, then a resume that has lost the context",
        replace(_planned(*ending(LATER, 3.0)), resumption=Resumption(forgets=True)),
        Promise(connections=(3, 3)),
        rounds=2,
        asks=2,
    ),
    Case("tool", "goAway during a function, 1 s notice", _planned(*ending(IN_CALL, 1.0))),
    Case("speech", "goAway while the caller speaks", _planned(*ending(MID_QUESTION, 3.0))),
    Case(
        "speech-1011",
        "1011 while the caller speaks",
        _planned(Planned(MID_QUESTION, INTERNAL)),
        Promise(repeated_ms=2_000.0, in_time=False),
    ),
    Case(
        "pongs",
        "pings never answered, 120 s",
        replace(CALM, slow_pong_s=inf),
        NOT_MOVED,
        rounds=9,
    ),
    Case(
        "stall",
        "nothing more from the middle of a reply on",
        _planned(Planned(MID_REPLY, Stall())),
        replace(CUT, gap_s=8.0, connections=(2, 3)),
        then_s=REPLY_S + 8.0 + AFTER_REPLY_S,
    ),
    Case(
        "phantom",
        "interrupted early in a reply, though nobody spoke",
        _planned(Planned(MID_REPLY, PhantomInterrupt())),
        replace(CUT, connections=(1, 2)),
    ),
    Case(
        "phantom-late",
        "interrupted late in a reply, though nobody spoke",
        _planned(Planned(LATE_IN_REPLY, PhantomInterrupt())),
        NOT_MOVED,
    ),
    Case(
        "age",
        "the connection's age, without notice",
        replace(CALM, life=Life(LIFE_S, ())),
        Promise(connections=(2, 4)),
        rounds=3,
        age_s=AGE_S,
    ),
)
