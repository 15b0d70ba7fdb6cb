"""Gathering keys; without I/O."""

from collections.abc import Callable, Mapping

from agent.sim.exchange.leg import Leg, Life, Wait
from agent.sim.exchange.signals import Event, KeyPressed
from agent.sim.exchange.verbs import Gather, Pause, Play, Say

type Player = Callable[[Leg, Say | Play | Pause], Life[None]]


def gather(leg: Leg, wanted: Gather, play: Player) -> Life[Mapping[str, str] | None]:
    """Collect keys, from the first prompt on.

    Returns:
        The fields for the action; None where it is not asked: no key came.
    """
    pressed = ""
    for prompt in wanted.prompts:
        key = yield from _until_key(leg, play(leg, prompt))
        if key is not None:
            pressed = key
            break
    while not _enough(wanted, pressed):
        event = yield Wait((KeyPressed,), leg.desk.now + wanted.timeout)
        if not isinstance(event, KeyPressed):
            break
        pressed += event.digit
    digits = pressed.rstrip(wanted.finish_on_key) if _finished(wanted, pressed) else pressed
    leg.desk.note(leg.sid, "gathered", digits=digits)
    if not pressed and not wanted.action_on_empty:
        return None
    return {"Digits": digits, "msg": "Gather End"}


def _enough(wanted: Gather, pressed: str) -> bool:
    return _finished(wanted, pressed) or (
        wanted.num_digits is not None and len(pressed) >= wanted.num_digits
    )


def _finished(wanted: Gather, pressed: str) -> bool:
    return bool(pressed) and bool(wanted.finish_on_key) and pressed[-1] in wanted.finish_on_key


def _until_key(leg: Leg, playing: Life[None]) -> Life[str | None]:
    """Play something; a key ends it."""
    event: Event | None = None
    try:
        while True:
            try:
                wait = playing.send(event)
            except StopIteration:
                return None
            event = yield Wait((*wait.kinds, KeyPressed), wait.until)
            if isinstance(event, KeyPressed):
                return event.digit
    finally:
        playing.close()
