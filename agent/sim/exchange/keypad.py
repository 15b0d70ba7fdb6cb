"""Gathering keys, or words; without I/O."""

from collections.abc import Callable, Mapping

from agent.sim.exchange.leg import Leg, Life, Wait
from agent.sim.exchange.signals import Event, KeyPressed, Spoke
from agent.sim.exchange.verbs import Gather, Pause, Play, Say

CONFIDENCE = "0.5"
"""Of every result: nobody should rely upon it."""

type Player = Callable[[Leg, Say | Play | Pause], Life[None]]
type Input = KeyPressed | Spoke


def gather(leg: Leg, wanted: Gather, play: Player) -> Life[Mapping[str, str] | None]:
    """Collect keys, from the first prompt on; where words are taken, those end it.

    Returns:
        The fields for the action; None where it is not asked: nothing came.
    """
    wants: dict[type[Input], bool] = {KeyPressed: wanted.keys, Spoke: wanted.speech}
    kinds = tuple(kind for kind, is_wanted in wants.items() if is_wanted)
    came: Input | None = None
    for prompt in wanted.prompts:
        came = yield from _until(kinds, play(leg, prompt))
        if came is not None:
            break
    pressed = ""
    while True:
        if isinstance(came, Spoke) and not pressed:
            return _spoken(leg, came.text)
        if isinstance(came, KeyPressed):
            pressed += came.digit
        if _enough(wanted, pressed):
            break
        event = yield Wait(kinds, leg.desk.now + wanted.timeout)
        if not isinstance(event, KeyPressed | Spoke):
            break
        came = event
    digits = pressed.rstrip(wanted.finish_on_key) if _finished(wanted, pressed) else pressed
    leg.desk.note(leg.sid, "gathered", digits=digits)
    if not pressed and not wanted.action_on_empty:
        return None
    return {"Digits": digits, "msg": "Gather End"}


def _spoken(leg: Leg, text: str) -> Mapping[str, str]:
    leg.desk.note(leg.sid, "gathered", speech=text)
    return {"SpeechResult": text, "Confidence": CONFIDENCE, "msg": "Gather End"}


def _enough(wanted: Gather, pressed: str) -> bool:
    return _finished(wanted, pressed) or (
        wanted.num_digits is not None and len(pressed) >= wanted.num_digits
    )


def _finished(wanted: Gather, pressed: str) -> bool:
    return bool(pressed) and bool(wanted.finish_on_key) and pressed[-1] in wanted.finish_on_key


def _until(kinds: tuple[type[Input], ...], playing: Life[None]) -> Life[Input | None]:
    """Play something; what is waited for ends it."""
    event: Event | None = None
    try:
        while True:
            try:
                wait = playing.send(event)
            except StopIteration:
                return None
            event = yield Wait((*wait.kinds, *kinds), wait.until)
            if isinstance(event, kinds):
                return event
    finally:
        playing.close()
