"""One media stream of a call, from the upgrade to whatever ends it; without I/O.

However it ends (closed by the service, broken on the way, never opened) the document goes on with
its action or next verb. Not so when the call itself is over or has been given another document:
then the stream gets its `stop`.

Source: docs/protocols/twilio.md 1.3, 1.5, 1.6, section 2 and 9 (E4, E6, E16-E20).
"""

from typing import Final, assert_never

from agent.sim.carrier import CarrierState
from agent.sim.carrier_texts import CallIds
from agent.sim.exchange.elements import BadDocument
from agent.sim.exchange.fields import stream_fields
from agent.sim.exchange.leg import Leg, Life, Wait
from agent.sim.exchange.plan import Break, CallOptions, Signing, StreamBreak, StreamHold
from agent.sim.exchange.signals import (
    BreakSocket,
    DropSocket,
    HoldSocket,
    SocketLost,
    SocketOpened,
    SocketRefused,
)
from agent.sim.exchange.stream_elements import stream_url
from agent.sim.exchange.verbs import Stream

BROKEN: Final = 31903
CLOSED_BY_SERVICE: Final = 31921
ABNORMAL: Final = 1006


def stream(leg: Leg, wanted: Stream, base: str) -> Life[None]:
    """Connect a call to the service until the socket is gone."""
    desk = leg.desk
    leg.n_streams += 1
    number, sid = leg.n_streams, desk.sid("MZ")
    try:
        url = stream_url(wanted, base)
    except BadDocument as bad:
        desk.error(leg.sid, bad.code, str(bad))
        tell_stream(leg, wanted, sid, base, "stream-error", str(bad))
        return
    ids = CallIds(leg.call.account, leg.sid, sid, dict(wanted.parameters))
    desk.open_socket(ids, url, leg.options.signing.get(number, Signing.RIGHT))
    event: object = None
    try:
        while not isinstance(event, SocketOpened | SocketRefused) or event.stream != sid:
            event = yield Wait((SocketOpened, SocketRefused))
    finally:
        if event is None:  # the call ends, or goes elsewhere, during the upgrade
            desk.effects.append(DropSocket(sid))
    if isinstance(event, SocketRefused):
        desk.error(leg.sid, event.code, event.detail)
        tell_stream(leg, wanted, sid, base, "stream-error", event.detail)
        return
    yield from _open(leg, wanted, ids, url, base)


def _open(leg: Leg, wanted: Stream, ids: CallIds, url: str, base: str) -> Life[None]:
    desk, line, sid = leg.desk, leg.line, ids.stream_sid
    assert line is not None
    line.attach(ids, desk.now, start_after_s=leg.options.start_after_s)
    desk.note(leg.sid, "stream.started", stream=sid, number=leg.n_streams)
    tell_stream(leg, wanted, sid, base, "stream-started")
    lost: SocketLost | None = None
    try:
        lost = yield from _until_lost(leg, ids, url)
    finally:
        if line.state is not CarrierState.CLOSED:
            line.detach(desk.now, stop=lost is None)
        broken = lost is not None and lost.code in {None, ABNORMAL}
        desk.note(leg.sid, "stream.ended", stream=sid, code=None if lost is None else lost.code)
        if broken:
            desk.error(leg.sid, BROKEN, "the connection was lost")
            tell_stream(leg, wanted, sid, base, "stream-error", "the connection was lost")
        else:
            tell_stream(leg, wanted, sid, base, "stream-stopped")
    if not broken:
        desk.error(leg.sid, CLOSED_BY_SERVICE, f"the service closed the socket, {lost.code}")


def _until_lost(leg: Leg, ids: CallIds, url: str) -> Life[SocketLost]:
    """Wait for the socket to be lost, and do to it what is planned."""
    desk, sid, began = leg.desk, ids.stream_sid, leg.desk.now
    for after_s, plan in _planned(leg.options, leg.n_streams):
        if (lost := (yield from _lost(sid, began + after_s))) is not None:
            return lost
        match plan:
            case None:
                desk.open_socket(ids, url, Signing.RIGHT, second=True)
            case StreamHold(how, for_s=for_s):
                desk.note(leg.sid, "stream.held", stream=sid, how=how.name, for_s=for_s)
                desk.effects.append(HoldSocket(sid, plan))
            case StreamBreak(how):
                desk.note(leg.sid, "stream.broken", stream=sid, how=how.name)
                desk.effects.append(BreakSocket(sid, how))
                if how is Break.BLACK_HOLE:
                    return (yield from _forgotten(leg, sid, plan.detected_s))
            case _:
                assert_never(plan)
    while True:
        if (lost := (yield from _lost(sid, None))) is not None:
            return lost


type _Plan = StreamBreak | StreamHold | None


def _planned(options: CallOptions, number: int) -> list[tuple[float, _Plan]]:
    """What befalls the stream of this number, in order; None is the second socket."""
    plans: list[StreamBreak | StreamHold] = [*options.holds, *options.breaks]
    planned: list[tuple[float, _Plan]] = [
        (plan.after_s, plan) for plan in plans if plan.stream == number
    ]
    if options.second_socket_after_s is not None and number == 1:
        planned.append((options.second_socket_after_s, None))
    return sorted(planned, key=lambda each: each[0])


def _forgotten(leg: Leg, sid: str, detected_s: float) -> Life[SocketLost]:
    """Nothing arrives any more, and nobody knows; until they do."""
    try:
        yield Wait(until=leg.desk.now + detected_s)
    finally:
        leg.desk.effects.append(DropSocket(sid))
    return SocketLost(sid, None)


def _lost(sid: str, until: float | None) -> Life[SocketLost | None]:
    while True:
        event = yield Wait((SocketLost,), until)
        if event is None:
            return None
        if isinstance(event, SocketLost) and event.stream == sid:
            return event


def tell_stream(leg: Leg, wanted: Stream, sid: str, base: str, event: str, error: str = "") -> None:
    """Tell a stream's status callback."""
    fields = stream_fields(leg.call, sid, wanted.name, event, at_utc=leg.desk.at_utc, error=error)
    leg.desk.callback(wanted.callback, fields, base)
