"""Misfortune by name, and at random from a seed, as `Faults`, without I/O."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from agent.errors import ConfigError
from agent.sim.faults import Faults, TurnFault
from agent.sim.mishaps import (
    INTERNAL_ERROR,
    UNAVAILABLE,
    At,
    Cut,
    GoAway,
    InTurn,
    Life,
    Mishap,
    Moment,
    Notice,
    PhantomInterrupt,
    Planned,
    Refusal,
    Resumption,
    Shut,
    Stall,
    ending,
)
from agent.sim.wire import INVALID_ARGUMENT

NOTICE_S = 10.0
LIFE_S = 60.0
PONG_S = 20.0
REPLY = 2
"""Whose middle it befalls: the first one after the greeting."""
_RANDOM = re.compile(r"random:(\d{1,18})", re.ASCII)


type _Change = Callable[[Faults, InTurn], Faults]


def _planned(what: Mishap) -> _Change:
    """Befalls each session once, in the middle of a reply."""
    return lambda faults, when: replace(faults, planned=(*faults.planned, Planned(when, what)))


def _refused(refusal: Refusal) -> _Change:
    return lambda faults, _: replace(faults, refusals=(*faults.refusals, refusal))


def _going_away(faults: Faults, when: InTurn) -> Faults:
    """In the middle of a reply, and each later connection after a minute."""
    return replace(
        faults,
        planned=(*faults.planned, *ending(when, NOTICE_S)),
        life=Life(LIFE_S, (Notice(NOTICE_S),)),
        resumption=replace(faults.resumption, when_generated=True),
    )


CHAOS: dict[str, tuple[str, _Change]] = {
    "goaway": ("goAway in mid-reply, the end 10 s later; then every minute", _going_away),
    "drop": ("the socket is gone in mid-reply", _planned(Cut())),
    "1011": ("closed with 1011 in mid-reply", _planned(Shut(1011, INTERNAL_ERROR))),
    "1007": (
        "every resume is refused with 1007",
        _refused(Refusal(times=None, close=Shut(1007, INVALID_ARGUMENT), resumes_only=True)),
    ),
    "stall": ("silence from the middle of a reply on", _planned(Stall())),
    "slow-pong": ("pings are answered 20 s late", lambda f, _: replace(f, slow_pong_s=PONG_S)),
    "phantom-interrupt": ("interrupted though nobody spoke", _planned(PhantomInterrupt())),
    "refuse": (
        "the socket is gone in mid-reply, and three re-dials get HTTP 503",
        _refused(Refusal(times=3, status=503, redials_of=0)),
    ),
    "none": ("nothing", lambda faults, _: faults),
}
"""What each name does, in words and to `Faults`."""


def chaos(names: Iterable[str], *, reply: int = REPLY) -> Faults:
    """All of these together; `random:7` is whatever the seed 7 makes.

    Args:
        reply: in the middle of which turn it happens; the greeting is the first.
    Raises:
        ConfigError: there is no such name.
    """
    faults = Faults()
    when = InTurn(reply, "speaking", audio_s=1.0)
    for name in names:
        seeded = _RANDOM.fullmatch(name)
        if seeded:
            drawn = random_faults(int(seeded[1]))
            faults = replace(
                drawn,
                planned=(*faults.planned, *(replace(plan, session=0) for plan in drawn.planned)),
                refusals=(*faults.refusals, *drawn.refusals),
                life=faults.life or drawn.life,
                slow_pong_s=max(faults.slow_pong_s, drawn.slow_pong_s),
            )
        elif name in CHAOS:
            faults = CHAOS[name][1](faults, when)
        else:
            known = ", ".join([*CHAOS, "random:SEED"])
            raise ConfigError(f"--chaos {name}: there is none; one of {known}")
    ends = any(isinstance(plan.what, Shut | Cut) for plan in faults.planned)
    if faults.refusals and not ends:  # nothing is refused unless the client comes back
        faults = _planned(Cut())(faults, when)
    return faults


_MOMENTS: tuple[Moment, ...] = ("hearing", "thinking", "speaking", "playing", "waiting")
_ENDS = (
    Shut(),
    Shut(1011, INTERNAL_ERROR),
    Shut(1008, "The operation was aborted."),
    Shut(1007, INVALID_ARGUMENT),
    Shut(1000, ""),
    Cut(),
)
_NOTICES = ("50s", "9.5s", "3s", "0.5s", "-1s", "soon", None)
_RESUMPTIONS = (
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
_TURN_FAULTS = tuple(TurnFault)


def random_faults(seed: int) -> Faults:
    """A schedule drawn from a seed: the same one each time.

    It is for a stand-in with one caller: a session begun afresh is left alone, so that it ends.
    """
    rng = np.random.default_rng(seed)
    planned: list[Planned] = []
    for connection in range(1, int(rng.integers(2, 5))):
        planned += _ending(rng, connection)
    if rng.random() < 0.3:
        what: Mishap = (PhantomInterrupt(), Stall(8.0), Stall())[int(rng.integers(3))]
        planned.append(Planned(_moment(rng), what))
    resumption = Resumption()
    if rng.random() < 0.4:
        resumption = _RESUMPTIONS[int(rng.integers(len(_RESUMPTIONS)))]
    turns = {}
    if rng.random() < 0.3:
        turn_fault = _TURN_FAULTS[int(rng.integers(len(_TURN_FAULTS)))]
        turns[int(rng.integers(1, 6))] = frozenset({turn_fault})
    return Faults(
        turns=turns,
        planned=tuple(replace(plan, session=1) for plan in planned),
        refusals=_refusals(rng),
        resumption=resumption,
        setup_delay_s=float(rng.choice([0.05, 0.2, 1.5])),
        slow_pong_s=float(rng.choice([0.0, 0.0, 8.0, 30.0])),
    )


def _ending(rng: np.random.Generator, connection: int) -> list[Planned]:
    """How one connection ends: somewhere, somehow, perhaps announced."""
    end = _ENDS[int(rng.integers(len(_ENDS)))]
    if rng.random() < 0.5:
        return [Planned(_moment(rng), end, connection)]
    at_s = float(np.round(rng.uniform(3.0, 40.0), 3))
    notice_s = float(rng.choice([50.0, 10.0, 3.0, 0.5]))
    said = _NOTICES[int(rng.integers(len(_NOTICES)))] if rng.random() < 0.3 else f"{notice_s:g}s"
    notice = Planned(At(at_s), GoAway(said), connection)
    return [notice, Planned(At(at_s + notice_s), end, connection)]


def _moment(rng: np.random.Generator) -> At | InTurn:
    if rng.random() < 0.3:
        return At(float(np.round(rng.uniform(0.0, 40.0), 3)))
    moment = _MOMENTS[int(rng.integers(len(_MOMENTS)))]
    audio_s = float(np.round(rng.uniform(0.0, 2.0), 3)) if moment == "speaking" else 0.0
    after_s = float(np.round(rng.uniform(0.0, 1.0), 3))
    return InTurn(int(rng.integers(0, 5)), moment, audio_s, after_s)


def _refusals(rng: np.random.Generator) -> tuple[Refusal, ...]:
    if rng.random() > 0.4:
        return ()
    close = Shut(1011, UNAVAILABLE)
    drawn = (
        Refusal(first=2, times=int(rng.integers(1, 6)), status=503),
        Refusal(first=2, times=None, seconds=float(rng.integers(1, 20)), status=503),
        Refusal(times=int(rng.integers(1, 6)), close=close, resumes_only=True),
        Refusal(times=None, seconds=float(rng.integers(1, 20)), close=close, resumes_only=True),
        Refusal(times=1, close=Shut(1007, INVALID_ARGUMENT), resumes_only=True),
    )
    return (drawn[int(rng.integers(len(drawn)))],)
