"""One media stream of a call, from the upgrade to whatever ends it; without I/O.

However it ends (closed by the service, broken on the way, never opened) the document goes on with
its action or next verb. Not so when the call itself is over or has been given another document:
then the stream gets its `stop`.

Source: docs/protocols/twilio.md 1.3, 1.5, 1.6, section 2 and 9 (E4, E6, E16, E17, E19).
"""

from typing import Final

from agent.sim.carrier import CarrierState
from agent.sim.carrier_texts import CallIds
from agent.sim.exchange.elements import BadDocument
from agent.sim.exchange.fields import stream_fields
from agent.sim.exchange.leg import Leg, Life, Wait
from agent.sim.exchange.plan import Break, Signing
from agent.sim.exchange.signals import (
    BreakSocket,
    DropSocket,
    SocketLost,
    SocketOpened,
    SocketRefused,
)
from agent.sim.exchange.twiml import stream_url
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
        _tell(leg, wanted, sid, base, "stream-error", str(bad))
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
        _tell(leg, wanted, sid, base, "stream-error", event.detail)
        return
    yield from _open(leg, wanted, ids, url, base)


def _open(leg: Leg, wanted: Stream, ids: CallIds, url: str, base: str) -> Life[None]:
    desk, line, sid = leg.desk, leg.line, ids.stream_sid
    assert line is not None
    line.attach(ids, desk.now, start_after_s=leg.options.start_after_s)
    desk.note(leg.sid, "stream.started", stream=sid, number=leg.n_streams)
    _tell(leg, wanted, sid, base, "stream-started")
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
            _tell(leg, wanted, sid, base, "stream-error", "the connection was lost")
        else:
            _tell(leg, wanted, sid, base, "stream-stopped")
    if not broken:
        desk.error(leg.sid, CLOSED_BY_SERVICE, f"the service closed the socket, {lost.code}")


def _until_lost(leg: Leg, ids: CallIds, url: str) -> Life[SocketLost]:
    """Wait for the socket to be lost, and lose it where that is planned."""
    desk, sid, began = leg.desk, ids.stream_sid, leg.desk.now
    second = leg.options.second_socket_after_s
    if second is not None and leg.n_streams == 1:
        if (lost := (yield from _lost(sid, began + second))) is not None:
            return lost
        desk.open_socket(ids, url, Signing.RIGHT, second=True)
    planned = [plan for plan in leg.options.breaks if plan.stream == leg.n_streams]
    for plan in sorted(planned, key=lambda plan: plan.after_s):
        if (lost := (yield from _lost(sid, began + plan.after_s))) is not None:
            return lost
        desk.note(leg.sid, "stream.broken", stream=sid, how=plan.how.name)
        desk.effects.append(BreakSocket(sid, plan.how))
        if plan.how is Break.BLACK_HOLE:
            try:
                yield Wait(until=desk.now + plan.detected_s)
            finally:
                desk.effects.append(DropSocket(sid))
            return SocketLost(sid, None)
    while True:
        if (lost := (yield from _lost(sid, None))) is not None:
            return lost


def _lost(sid: str, until: float | None) -> Life[SocketLost | None]:
    while True:
        event = yield Wait((SocketLost,), until)
        if event is None:
            return None
        if isinstance(event, SocketLost) and event.stream == sid:
            return event


def _tell(leg: Leg, wanted: Stream, sid: str, base: str, event: str, error: str = "") -> None:
    fields = stream_fields(leg.call, sid, wanted.name, event, at_utc=leg.desk.at_utc, error=error)
    leg.desk.callback(wanted.callback, fields, base)
