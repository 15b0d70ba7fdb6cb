"""Pieces of a TwiML document, read strictly; without I/O."""

import re
from typing import Final
from xml.etree.ElementTree import Element

from agent.sim.exchange.verbs import Callback, Method

UNREADABLE: Final = 12100
"""No document at all."""
INVALID: Final = 12200
"""A document that breaks a rule. The carrier only warns of some; here each is refused."""

_SSML: Final = frozenset(
    {"break", "emphasis", "lang", "p", "phoneme", "prosody", "s", "say-as", "sub", "w"}
)
_CALLBACK: Final = "statusCallback statusCallbackMethod statusCallbackEvent"
_RECORDED: Final = (
    "recordingStatusCallback recordingStatusCallbackMethod recordingStatusCallbackEvent"
)
# What only changes a sound (voice, beep, trim, waitUrl) is taken and makes no difference here.
_ATTRIBUTES: Final = {
    tag: frozenset(names.split())
    for tag, names in {
        "Response": "",
        "Say": "voice language loop",
        "Play": "digits",
        "Pause": "length",
        "Redirect": "method",
        "Hangup": "",
        "Reject": "reason",
        "Connect": "action method",
        "Start": "",
        "Stop": "",
        "Stream": "url name track statusCallback statusCallbackMethod",
        "Parameter": "name value",
        "Dial": "action method timeout timeLimit callerId hangupOnStar answerOnBridge",
        "Number": f"url method {_CALLBACK}",
        "Sip": f"url method {_CALLBACK}",
        "Conference": "muted beep startConferenceOnEnter endConferenceOnExit participantLabel "
        f"waitUrl waitMethod {_CALLBACK}",
        "Record": f"action method timeout maxLength finishOnKey playBeep trim {_RECORDED}",
        "Gather": "input action method timeout numDigits finishOnKey actionOnEmptyResult "
        "language hints speechTimeout",
        "Refer": "action method",
    }.items()
}
_KEYS: Final = re.compile(r"[0-9A-D*#]*")


class BadDocument(Exception):
    """The carrier does not take this document.

    Attributes:
        code: the carrier's own number for it.
    """

    def __init__(self, code: int, detail: str) -> None:
        super().__init__(detail)
        self.code = code


def check(element: Element) -> None:
    """Refuse tags and attributes that nobody knows, at any depth."""
    known = _ATTRIBUTES.get(element.tag)
    if known is None:
        raise BadDocument(INVALID, f"<{element.tag}> is not known")
    for name in element.keys():  # noqa: SIM118 (an element is no mapping)
        if name not in known:
            raise BadDocument(INVALID, f"<{element.tag}>: {name} is not known")
    for child in element:
        if not (element.tag == "Say" and child.tag in _SSML):
            check(child)


def only_child(element: Element, tag: str) -> Element:
    """The one child of an element, of this kind."""
    no_text(element)
    if len(element) != 1 or element[0].tag != tag:
        raise BadDocument(INVALID, f"<{element.tag}> holds one <{tag}>")
    return element[0]


def text_of(element: Element) -> str:
    """The text of an element that holds nothing else."""
    if len(element):
        raise BadDocument(INVALID, f"<{element.tag}> holds text only")
    return (element.text or "").strip()


def empty(element: Element) -> None:
    """Refuse an element that holds anything."""
    if text_of(element):
        raise BadDocument(INVALID, f"<{element.tag}> holds nothing")


def no_text(element: Element) -> None:
    """Refuse text between the children of an element."""
    if any((text or "").strip() for text in [element.text, *(child.tail for child in element)]):
        raise BadDocument(INVALID, f"<{element.tag}> holds no text")


def seconds_of(element: Element, name: str, default: float, least: float, most: float) -> float:
    """A whole number, within its bounds."""
    given = element.get(name)
    if given is None:
        return default
    if not re.fullmatch(r"\d{1,6}", given) or not least <= int(given) <= most:
        raise BadDocument(INVALID, f"<{element.tag}>: {name} {given!r}")
    return float(given)


def flag_of(element: Element, name: str, *, default: bool) -> bool:
    """`true` or `false`."""
    given = element.get(name)
    if given not in {None, "true", "false"}:
        raise BadDocument(INVALID, f"<{element.tag}>: {name} {given!r}")
    return default if given is None else given == "true"


def keys_of(element: Element, default: str) -> str:
    """The keys that end an input."""
    given = element.get("finishOnKey", default)
    if not _KEYS.fullmatch(given):
        raise BadDocument(INVALID, f"<{element.tag}>: finishOnKey {given!r}")
    return given


def method_of(element: Element, name: str) -> Method:
    """`GET` or `POST`."""
    given = element.get(name, "POST")
    if given == "POST":
        return "POST"
    if given == "GET":
        return "GET"
    raise BadDocument(INVALID, f"<{element.tag}>: {name} {given!r}")


def callback_of(element: Element, name: str, method: str | None = None) -> Callback | None:
    """A URL to be told of something, with its method and events."""
    url = element.get(name)
    if url is None:
        return None
    events = tuple(element.get(f"{name}Event", "").split())
    return Callback(url, method_of(element, method or f"{name}Method"), events)


def action_of(element: Element) -> Callback | None:
    """Who is asked what next."""
    url = element.get("action")
    return None if url is None else Callback(url, method_of(element, "method"))
