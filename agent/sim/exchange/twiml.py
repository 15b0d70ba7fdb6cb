"""TwiML, read as strictly as the carrier documents it; without I/O.

Written from the carrier's side and not shared with `agent.telephony`: a mistake made there must
not be forgiven here. What this stand-in does not play (`Enqueue`, `Pay`, ...) it refuses.

Source: docs/protocols/twilio.md 1.3, 1.6 and 9 (E3, E4).
"""

import re
from collections.abc import Callable
from typing import Final, cast
from xml.etree.ElementTree import Element, ParseError, fromstring

from agent.sim.exchange.elements import (
    INVALID,
    UNREADABLE,
    BadDocument,
    action_of,
    callback_of,
    check,
    empty,
    flag_of,
    keys_of,
    method_of,
    no_text,
    only_child,
    seconds_of,
    text_of,
)
from agent.sim.exchange.stream_elements import read_connect, read_start, read_stop
from agent.sim.exchange.verbs import (
    Conference,
    Dial,
    Document,
    Gather,
    Hangup,
    Number,
    Pause,
    Play,
    Record,
    Redirect,
    Refer,
    Reject,
    Say,
    Verb,
)

MOST_CHARACTERS: Final = 64 * 1024

_TONES: Final = re.compile(r"[0-9A-DwW*#]+")
_NUMBER: Final = re.compile(r"\+[1-9]\d{6,14}")
_SIP: Final = re.compile(r"sips?:[^\s@<>]+@[^\s@<>]+")


def read_document(text: str, url: str = "") -> Document:
    """Read a whole document.

    Args:
        url: where it came from.
    Raises:
        BadDocument: it is no XML, or says something that the carrier does not know.
    """
    if len(text) > MOST_CHARACTERS:
        raise BadDocument(UNREADABLE, f"{len(text)} characters; at most {MOST_CHARACTERS}")
    try:
        root = fromstring(text.strip())
    except (ParseError, ValueError) as error:
        raise BadDocument(UNREADABLE, f"no XML: {error}") from None
    if root.tag != "Response":
        raise BadDocument(UNREADABLE, f"<{root.tag}> in place of <Response>")
    check(root)
    no_text(root)
    notes = tuple(
        "the query of a stream's URL is dropped"
        for stream in root.iter("Stream")
        if "?" in stream.get("url", "")
    )
    return Document(tuple(_verb(element) for element in root), url, notes)


def _verb(element: Element) -> Verb:
    read = _VERBS.get(element.tag)
    if read is None:
        raise BadDocument(INVALID, f"<{element.tag}> is no verb")
    return read(element)


def _say(element: Element) -> Say:
    text = " ".join("".join(element.itertext()).split())
    if not text:
        raise BadDocument(INVALID, "<Say> without words")
    loop = int(seconds_of(element, "loop", 1, 0, 1000))
    return Say(text, element.get("language", "en-US"), loop)


def _play(element: Element) -> Play:
    url, digits = text_of(element), element.get("digits", "")
    if bool(url) == bool(digits):
        raise BadDocument(INVALID, "<Play> needs a URL or digits")
    if digits and not _TONES.fullmatch(digits):
        raise BadDocument(INVALID, f"<Play>: digits {digits!r}")
    return Play(url, digits)


def _pause(element: Element) -> Pause:
    empty(element)
    return Pause(seconds_of(element, "length", 1, 0, 180))


def _redirect(element: Element) -> Redirect:
    url = text_of(element)
    if not url:
        raise BadDocument(INVALID, "<Redirect> without a URL")
    return Redirect(url, method_of(element, "method"))


def _hangup(element: Element) -> Hangup:
    empty(element)
    return Hangup()


def _reject(element: Element) -> Reject:
    empty(element)
    reason = element.get("reason", "rejected")
    if reason == "rejected":
        return Reject()
    if reason == "busy":
        return Reject("busy")
    raise BadDocument(INVALID, f"<Reject>: reason {reason!r}")


def _dial(element: Element) -> Dial:
    targets = [_target(child) for child in element if child.tag in {"Number", "Sip"}]
    rooms = [_conference(child) for child in element if child.tag == "Conference"]
    if len(targets) + len(rooms) != len(element) or len(rooms) > 1 or (rooms and targets):
        raise BadDocument(INVALID, "<Dial> holds <Number> and <Sip>, or one <Conference>")
    text = (element.text or "").strip()
    if text:
        targets.append(Number(_address(text, _NUMBER)))
    if not targets and not rooms:
        raise BadDocument(INVALID, "<Dial> calls nobody")
    return Dial(
        tuple(targets),
        rooms[0] if rooms else None,
        action_of(element),
        seconds_of(element, "timeout", 30, 1, 600),
        seconds_of(element, "timeLimit", 14_400, 1, 86_400),
        element.get("callerId", ""),
        flag_of(element, "hangupOnStar", default=False),
        flag_of(element, "answerOnBridge", default=False),
    )


def _target(element: Element) -> Number:
    form = _NUMBER if element.tag == "Number" else _SIP
    return Number(
        _address(text_of(element), form),
        callback_of(element, "url", "method"),
        callback_of(element, "statusCallback"),
    )


def _address(text: str, form: re.Pattern[str]) -> str:
    if not form.fullmatch(text):
        raise BadDocument(INVALID, f"{text!r} cannot be dialled")
    return text


def _conference(element: Element) -> Conference:
    name = text_of(element)
    if not 0 < len(name) <= 128:
        raise BadDocument(INVALID, "<Conference> needs a name of at most 128 characters")
    return Conference(
        name,
        element.get("participantLabel", ""),
        flag_of(element, "muted", default=False),
        flag_of(element, "startConferenceOnEnter", default=True),
        flag_of(element, "endConferenceOnExit", default=False),
        callback_of(element, "statusCallback"),
    )


def _record(element: Element) -> Record:
    empty(element)
    return Record(
        action_of(element),
        seconds_of(element, "timeout", 5, 0, 600),
        seconds_of(element, "maxLength", 3600, 1, 14_400),
        keys_of(element, "1234567890*#"),
        flag_of(element, "playBeep", default=True),
        callback_of(element, "recordingStatusCallback"),
    )


def _gather(element: Element) -> Gather:
    no_text(element)
    listens = element.get("input", "dtmf").split()
    if sorted(listens) not in (["dtmf"], ["speech"], ["dtmf", "speech"]):
        raise BadDocument(INVALID, "<Gather>: input is dtmf, speech, or both")
    keys, speech = "dtmf" in listens, "speech" in listens
    if not keys and any(element.get(name) for name in ("numDigits", "finishOnKey")):
        raise BadDocument(INVALID, "<Gather>: nothing is pressed where input is speech")
    given = element.get("hints", "")
    if not speech and any(element.get(name) for name in ("hints", "language", "speechTimeout")):
        raise BadDocument(INVALID, "<Gather>: nothing is said where input is dtmf")
    if element.get("speechTimeout", "auto") != "auto":
        seconds_of(element, "speechTimeout", 0, 1, 600)
    prompts = [_verb(child) for child in element]
    if not all(isinstance(prompt, Say | Play | Pause) for prompt in prompts):
        raise BadDocument(INVALID, "<Gather> holds <Say>, <Play> and <Pause> only")
    digits = seconds_of(element, "numDigits", 0, 0, 100)
    return Gather(
        tuple(cast("list[Say | Play | Pause]", prompts)),
        action_of(element),
        seconds_of(element, "timeout", 5, 0, 600),
        int(digits) or None,
        keys_of(element, "#"),
        flag_of(element, "actionOnEmptyResult", default=False),
        speech,
        element.get("language", "en-US"),
        tuple(hint.strip() for hint in given.split(",")) if given else (),
        keys,
    )


def _refer(element: Element) -> Refer:
    address = text_of(only_child(element, "Sip"))
    return Refer(_address(address, _SIP), action_of(element))


_VERBS: Final[dict[str, Callable[[Element], Verb]]] = {
    "Say": _say,
    "Play": _play,
    "Pause": _pause,
    "Redirect": _redirect,
    "Hangup": _hangup,
    "Reject": _reject,
    "Connect": read_connect,
    "Start": read_start,
    "Stop": read_stop,
    "Dial": _dial,
    "Record": _record,
    "Gather": _gather,
    "Refer": _refer,
}
