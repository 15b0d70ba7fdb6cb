"""Fetching documents and doing what they say, verb by verb; without I/O.

A document that cannot be had or read is asked for at the fallback URL; without one the call ends
with a tone. Until a verb answers it, an inbound call only rings.

Source: docs/protocols/twilio.md 1.2, 2.1, 2.2 and 9 (E2, E3).
"""

from collections.abc import Mapping
from typing import Final, assert_never

from agent.sim.exchange import keypad, sounds
from agent.sim.exchange.dialling import dial, refer
from agent.sim.exchange.elements import BadDocument
from agent.sim.exchange.fetching import TOO_MANY_REDIRECTS, Failure, Fetch, joined
from agent.sim.exchange.fields import CallStatus, webhook_fields
from agent.sim.exchange.forks import start_fork, stop_fork
from agent.sim.exchange.leg import Leg, Life, Wait
from agent.sim.exchange.recordings import record
from agent.sim.exchange.signals import Fetched
from agent.sim.exchange.streams import stream
from agent.sim.exchange.twiml import read_document
from agent.sim.exchange.verbs import (
    Callback,
    Connect,
    Dial,
    Document,
    Gather,
    Hangup,
    Pause,
    Play,
    Record,
    Redirect,
    Refer,
    Reject,
    Say,
    Start,
    Stop,
    Verb,
)

THE_END: Final = Document(())
MOST_DOCUMENTS: Final = 1_000
"""Of one call: whoever redirects in a circle is stopped. The carrier's own limit is not known."""


def perform(leg: Leg, document: Document) -> Life[bool]:
    """Do what a document says, and those that it leads to, until nothing is left.

    Returns:
        Whether nothing is left to do; False: the documents want the call to end.
    """
    if document is THE_END:
        return False
    for _ in range(MOST_DOCUMENTS):
        following = yield from _run(leg, document)
        if following is None:
            leg.answer()  # a document that says nothing answers, and hangs up
            return True
        if following is THE_END:
            return False
        document = following
    leg.desk.error(leg.sid, TOO_MANY_REDIRECTS, f"{MOST_DOCUMENTS} documents")
    return False


def document_from(
    leg: Leg, hook: Callback, base: str = "", extra: Mapping[str, str] | None = None
) -> Life[Document]:
    """Ask a URL for a document; `THE_END` where there is none to be had."""
    desk = leg.desk
    asked, told = hook, dict(extra or {})
    twice = leg.options.webhook_twice and not base
    for is_fallback in (False, True):
        fields = webhook_fields(leg.call, leg.status, leg.call_token) | leg.fields() | told
        token = desk.fetch(Fetch(joined(base, asked.url), asked.method, fields), leg, twice=twice)
        result = (yield from _fetched(token)).result
        if isinstance(result, Failure):
            code, detail, url = result.code, result.detail, result.url
        else:
            try:
                return _read(leg, result.text, result.url)
            except BadDocument as bad:
                code, detail, url = bad.code, str(bad), result.url
        desk.error(leg.sid, code, detail)
        if leg.fallback is None or is_fallback:
            break
        asked, base, twice = leg.fallback, "", False
        told |= {"ErrorCode": str(code), "ErrorUrl": url}
    return (yield from _give_up(leg))


def inline_document(leg: Leg, text: str) -> Life[Document]:
    """A document that came with the order for the call."""
    try:
        return _read(leg, text, "")
    except BadDocument as bad:
        leg.desk.error(leg.sid, bad.code, str(bad))
    return (yield from _give_up(leg))


def _fetched(token: str) -> Life[Fetched]:
    while True:
        event = yield Wait((Fetched,))
        if isinstance(event, Fetched) and event.token == token:
            return event


def _read(leg: Leg, text: str, url: str) -> Document:
    document = read_document(text, url) if text.strip() else Document((), url)
    verbs = " ".join(type(verb).__name__ for verb in document.verbs)
    leg.desk.note(leg.sid, "document", url=url, verbs=verbs)
    for note in document.notes:
        leg.desk.note(leg.sid, "warning", detail=note)
    return document


def _give_up(leg: Leg) -> Life[Document]:
    """Nothing can be done: the party hears a tone, where there was an answer already."""
    if leg.status is CallStatus.IN_PROGRESS:
        yield from heard(leg, sounds.beep())
    else:
        leg.finally_ = CallStatus.FAILED
    return THE_END


def _run(leg: Leg, document: Document) -> Life[Document | None]:
    for verb in document.verbs:
        leg.desk.note(leg.sid, "verb", verb=type(verb).__name__)
        following = yield from _step(leg, verb, document.url)
        if following is not None:
            return following
    return None


def _step(leg: Leg, verb: Verb, base: str) -> Life[Document | None]:
    """Do one verb; gives the document that takes over, if one does."""
    match verb:
        case Redirect(url, method):
            return (yield from document_from(leg, Callback(url, method), base))
        case Hangup():
            return None if leg.status.final else _hung_up(leg)
        case Reject(reason):
            return _rejected(leg, reason)
        case Pause(length):
            yield Wait(until=leg.desk.now + length)
            return None
        case Start(wanted):
            leg.answer()
            start_fork(leg, wanted, base)
            return None
        case Stop(name):
            stop_fork(leg, name)
            return None
        case _:
            leg_waits = isinstance(verb, Dial) and verb.answer_on_bridge
            if not leg_waits:
                leg.answer()
            return (yield from _answered_step(leg, verb, base))


def _answered_step(
    leg: Leg, verb: Say | Play | Connect | Dial | Record | Gather | Refer, base: str
) -> Life[Document | None]:
    fields: Mapping[str, str] | None
    match verb:
        case Say() | Play():
            yield from play(leg, verb)
            return None
        case Connect():
            yield from stream(leg, verb.stream, base)
            fields = {}
        case Dial():
            fields = yield from dial(leg, verb, base)
        case Record():
            fields = yield from record(leg, verb)
        case Gather():
            fields = yield from keypad.gather(leg, verb, play)
        case Refer():
            fields = yield from refer(leg, verb)
        case _:
            assert_never(verb)
    action = verb.action
    if isinstance(verb, Record | Gather) and action is None and fields is not None:
        action = Callback(base)  # the document's own URL
    if action is None or fields is None:
        return None
    return (yield from document_from(leg, action, base, fields))


def play(leg: Leg, verb: Say | Play | Pause) -> Life[None]:
    """Let the party hear something."""
    match verb:
        case Say(text, language, loop):
            leg.desk.note(leg.sid, "said", text=text, language=language)
            yield from heard(leg, sounds.hum(text) * max(loop, 1))
        case Play(url, digits):
            leg.desk.note(leg.sid, "played", url=url, digits=digits)
            yield from heard(leg, sounds.keys(digits) if digits else sounds.hum(url))
        case Pause(length):
            yield Wait(until=leg.desk.now + length)
        case _:
            assert_never(verb)


def heard(leg: Leg, audio: bytes) -> Life[None]:
    """Play to the party, to the end."""
    line = leg.line
    assert line is not None
    try:
        yield Wait(until=line.play(audio, leg.desk.now))
    finally:
        line.hush(leg.desk.now)


def _hung_up(leg: Leg) -> Document:
    leg.answer()
    return THE_END


def _rejected(leg: Leg, reason: str) -> Document:
    if leg.status is not CallStatus.IN_PROGRESS:
        leg.finally_ = CallStatus.BUSY if reason == "busy" else CallStatus.NO_ANSWER
    return THE_END
