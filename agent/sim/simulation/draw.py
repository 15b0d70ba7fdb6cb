"""One call drawn from a seed: the same one each time, without I/O."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from agent.sim.faults import TurnFault
from agent.sim.mishaps import (
    INTERNAL_ERROR,
    UNAVAILABLE,
    At,
    Cut,
    InTurn,
    Mishap,
    Moment,
    PhantomInterrupt,
    Planned,
    Refusal,
    Resumption,
    Shut,
    Stall,
    ending,
)
from agent.sim.simulation.phone_side import FRAME_MS
from agent.sim.simulation.script import (
    BadTurn,
    CarrierGap,
    Ending,
    Handles,
    LineBreak,
    Mishappening,
    Refused,
    Script,
    SlowClose,
    SlowDial,
    SlowSetup,
    SteppingAside,
    Trouble,
    Utterance,
)
from agent.sim.wire import INVALID_ARGUMENT

PROFILES = ("dev-3.8", "dev-3.8", "dev-3.1", "dev-2.5", "vertex-3.8", "vertex-2.5-half-cascade")
LONGEST_S = 60.0
SPEECH_MS = (400, 1800)
LINE = 7
"""The line has dice of its own: what else a seed draws does not depend on it."""

_MOMENTS: tuple[Moment, ...] = ("hearing", "thinking", "speaking", "playing", "waiting")
_ENDS: tuple[Shut | Cut, ...] = (
    Shut(),
    Shut(1011, INTERNAL_ERROR),
    Shut(1008, "The operation was aborted."),
    Shut(1007, INVALID_ARGUMENT),
    Shut(1000, ""),
    Cut(),
)
_SAYS = ("-1s", "soon", "")
_HANDLES = (
    Resumption(handles="none"),
    Resumption(handles="once"),
    Resumption(poisoned=frozenset({0})),
    Resumption(poisoned=frozenset({2})),
    Resumption(replays_transcript=True),
    Resumption(forgets=True),
    Resumption(newer_invalidates=True),
    Resumption(setup_delay_s=4.0),
    Resumption(setup_never=True),
    Resumption(index_lag=20),
)
_MISHAPS: tuple[Mishap, ...] = (PhantomInterrupt(), PhantomInterrupt(), Stall(6.0), Stall())
_TURN_FAULTS = tuple(TurnFault)


class Dice:
    """A seed's numbers, by what they are wanted for."""

    def __init__(self, seed: int | list[int]) -> None:
        self._rng = np.random.default_rng(seed)

    def chance(self, share: float) -> bool:
        """True in so many of all cases."""
        return bool(self._rng.random() < share)

    def seconds(self, low: float, high: float) -> float:
        """A time, in whole milliseconds."""
        return round(float(self._rng.uniform(low, high)), 3)

    def whole(self, low: int, high: int) -> int:
        """A number from `low` to `high`, both included."""
        return int(self._rng.integers(low, high, endpoint=True))

    def one[T](self, of: Sequence[T]) -> T:
        """One of these."""
        return of[int(self._rng.integers(len(of)))]


def draw(seed: int) -> Script:
    """The call that this seed stands for."""
    dice = Dice(seed)
    profile = dice.one(PROFILES)
    n = dice.one((1, 1, 2, 2, 2, 3, 3, 4))
    return Script(
        seed=seed,
        profile=profile,
        utterances=tuple(_utterance(dice, number, last=number == n) for number in range(1, n + 1)),
        greeting_words=dice.whole(2, 4),
        latency_s=dice.one((0.005, 0.02, 0.08)),
        dial_s=dice.one((0.02, 0.1, 0.4)),
        patience_s=dice.one((4.0, 6.0, 10.0)),
        leaves="silent" if dice.chance(0.1) else "hangs up",
        hang_up_s=dice.seconds(3.0, 30.0) if dice.chance(0.1) else LONGEST_S,
        keys=((dice.seconds(1.0, 20.0), "5"),) if dice.chance(0.1) else (),
        troubles=(*_troubles(dice), *_line_troubles(Dice([seed, LINE]))),
    )


def _utterance(dice: Dice, number: int, *, last: bool) -> Utterance:
    share = dice.seconds(0.0, 1.0)
    return Utterance(
        number,
        dice.whole(SPEECH_MS[0] // FRAME_MS, SPEECH_MS[1] // FRAME_MS) * FRAME_MS,
        "end" if last and share < 0.2 else "tool" if share < 0.45 else "reply",
        dice.whole(2, 7),
        dice.one((0.05, 0.3, 0.5, 1.0, 2.0, 5.0)),
        dice.seconds(0.2, 2.0) if number > 1 and dice.chance(0.25) else None,
        dice.seconds(0.2, 0.9),
    )


def _troubles(dice: Dice) -> list[Trouble]:
    """What goes wrong; in a tenth of the calls nothing does, in a third only what is announced."""
    kind = dice.seconds(0.0, 1.0)
    if kind < 0.1:
        return []
    n_ends = dice.whole(1, 3)
    if kind < 0.4:
        return [_announced(dice, connection) for connection in range(1, n_ends + 1)]
    found: list[Trouble] = [_end(dice, connection) for connection in range(1, n_ends + 1)]
    if dice.chance(0.2):
        found.append(Mishappening(Planned(_moment(dice), dice.one(_MISHAPS), 1, 1)))
    if dice.chance(0.35):
        found.append(_refused(dice))
    if dice.chance(0.25):
        found.append(Handles(dice.one(_HANDLES)))
    if dice.chance(0.15):
        found.append(BadTurn(dice.whole(1, 5), dice.one(_TURN_FAULTS)))
    return found + _slowness(dice)


def _slowness(dice: Dice) -> list[Trouble]:
    """What takes longer than it should."""
    found: list[Trouble] = []
    if dice.chance(0.15):
        seconds = None if dice.chance(0.2) else dice.seconds(0.5, 6.0)
        found.append(SlowDial(dice.whole(2, 3), seconds))
    if dice.chance(0.15):
        found.append(SlowClose(dice.seconds(0.1, 3.0)))
    if dice.chance(0.2):
        found.append(SlowSetup(dice.seconds(0.3, 3.0)))
    if dice.chance(0.15):
        at_s, for_s = dice.seconds(1.0, 12.0), dice.seconds(0.1, 3.0)
        found.append(CarrierGap(at_s, for_s, dice.chance(0.5)))
    return found


def _announced(dice: Dice, connection: int) -> Ending:
    """A goAway with time enough."""
    notice_s = dice.one((10.0, 5.0, 3.0))
    when = _moment(dice)
    return Ending(tuple(_of(plan, connection) for plan in ending(when, notice_s)), notice_s)


def _end(dice: Dice, connection: int) -> Ending:
    """How one connection ends: somewhere, somehow, perhaps announced, perhaps untruly."""
    shut = dice.one(_ENDS)
    if dice.chance(0.5):
        return Ending((Planned(_moment(dice), shut, connection, 1),))
    notice_s = dice.one((10.0, 3.0, 0.5))
    says = dice.one(_SAYS) if dice.chance(0.3) else None
    end = shut if isinstance(shut, Shut) else None
    plans = ending(_moment(dice), notice_s, says=says, end=end)
    told = notice_s if says is None else None
    return Ending(tuple(_of(plan, connection) for plan in plans), told)


def _of(plan: Planned, connection: int) -> Planned:
    return Planned(plan.when, plan.what, connection, 1)


def _moment(dice: Dice) -> At | InTurn:
    if dice.chance(0.4):
        return At(dice.seconds(0.0, 12.0))
    moment = dice.one(_MOMENTS)
    audio_s = dice.seconds(0.0, 2.0) if moment == "speaking" else 0.0
    return InTurn(dice.whole(0, 3), moment, audio_s, dice.seconds(0.0, 1.0))


def _refused(dice: Dice) -> Refused:
    """Dials or set-ups that come to nothing, for at most 20 s: less than the budget."""
    busy = Shut(1011, UNAVAILABLE)
    return Refused(
        dice.one(
            (
                Refusal(times=dice.whole(1, 5), status=503, redials_of=0),
                Refusal(times=None, seconds=dice.seconds(1, 20), status=503, redials_of=0),
                Refusal(times=dice.whole(1, 5), close=busy, resumes_only=True, redials_of=0),
                Refusal(
                    times=None,
                    seconds=dice.seconds(1, 20),
                    close=busy,
                    resumes_only=True,
                    redials_of=0,
                ),
                Refusal(
                    times=1, close=Shut(1007, INVALID_ARGUMENT), resumes_only=True, redials_of=0
                ),
            )
        )
    )


def _line_troubles(dice: Dice) -> tuple[Trouble, ...]:
    """In a twentieth of the calls the phone goes, and mostly comes back."""
    if not dice.chance(0.05):
        return ()
    at_s = dice.seconds(0.3, 12.0)
    if dice.chance(0.2):
        aside = SteppingAside(at_s, None if dice.chance(0.25) else dice.seconds(0.5, 8.0))
        if dice.chance(0.3):  # it breaks while the last words are heard
            return aside, _break(dice, round(at_s + dice.seconds(0.0, 3.0), 3))
        return (aside,)
    first = _break(dice, at_s)
    if first.for_s is None or first.leaves or not dice.chance(0.3):
        return (first,)
    return first, _break(dice, round(at_s + first.for_s + dice.seconds(0.0, 4.0), 3))


def _break(dice: Dice, at_s: float) -> LineBreak:
    return LineBreak(
        at_s,
        None if dice.chance(0.1) else dice.seconds(0.2, 8.0),
        dice.one((0.0, 0.0, 0.0, 0.5, 2.0, None)),
        dice.one((0.0, 0.0, 0.05, 0.4)),
        dice.chance(0.1),
    )
