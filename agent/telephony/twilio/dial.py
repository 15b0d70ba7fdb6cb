"""The documents that pass a call on: to a number, a SIP address, a conference or a recording.

What the carrier does next stands in each of them: it asks `action`, or goes on with what follows.
Addresses may be relative; the carrier completes them by the one it got the document from. Texts
may come from a model: what XML cannot carry is left out of them. Without I/O.

Source: docs/protocols/twilio.md 5.3, 5.4 and section 6.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement

from agent.telephony.twilio.twiml import document

LONGEST_CALL_S: Final = 4 * 3600
"""The carrier's own limit for a call that is passed on."""

OVER: Final = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
"""The states of a call that is over (5.2)."""

_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_HEADER_SAFE: Final = "-_.!~*'()"


def carried(text: str) -> str:
    """The text without the characters that XML cannot carry."""
    return _NOT_XML.sub("", text)


@dataclass(frozen=True, slots=True)
class Leg:
    """Who is called.

    Attributes:
        to: a number in international form, or a SIP address without headers.
        headers: for a SIP address, `X-...`.
    """

    to: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_sip(self) -> bool:
        """Whether it is a SIP address."""
        return self.to.startswith(("sip:", "sips:"))

    @property
    def address(self) -> str:
        """As the carrier takes it, with the headers."""
        given = "&".join(
            f"{name}={quote(value, safe=_HEADER_SAFE)}" for name, value in self.headers.items()
        )
        return f"{self.to}?{given}" if given else self.to


def dial(
    leg: Leg,
    *,
    action: str,
    ring_s: float,
    time_limit_s: float,
    caller_id: str | None = None,
    progress: str | None = None,
    say: str = "",
    language: str = "en-US",
) -> str:
    """Connect the call to somebody.

    Args:
        action: is asked what next once that is over, however it ended.
        ring_s: how long it rings.
        time_limit_s: of the connected call.
        caller_id: what the called side sees; None: the caller's number.
        progress: is told when somebody answers.
        say: words of the carrier's voice before.
    """
    response = Element("Response")
    _say(response, say, language)
    verb = _dial(response, action, time_limit_s)
    verb.set("timeout", str(round(ring_s)))
    verb.set("answerOnBridge", "true")
    if caller_id is not None:
        verb.set("callerId", caller_id)
    noun = SubElement(verb, "Sip" if leg.is_sip else "Number")
    if progress is not None:
        noun.set("statusCallback", progress)
        noun.set("statusCallbackMethod", "POST")
        noun.set("statusCallbackEvent", "answered")
    noun.text = carried(leg.address)
    return document(response)


def refer(leg: Leg, *, action: str) -> str:
    """Hand a call that came by SIP over to another SIP address; it leaves this service."""
    response = Element("Response")
    verb = SubElement(response, "Refer", action=action, method="POST")
    SubElement(verb, "Sip").text = carried(leg.address)
    return document(response)


def record(
    *,
    say: str,
    language: str,
    action: str,
    callback: str,
    longest_s: float,
    pause_s: float,
) -> str:
    """Take a message after the tone.

    Args:
        say: what is heard before.
        action: is asked what next once it is over; without a sound, the call just ends.
        callback: is told once the recording can be fetched.
        pause_s: silence that ends it.
    """
    response = Element("Response")
    _say(response, say, language)
    SubElement(
        response,
        "Record",
        action=action,
        method="POST",
        maxLength=str(round(longest_s)),
        timeout=str(round(pause_s)),
        finishOnKey="#",
        playBeep="true",
        trim="trim-silence",
        recordingStatusCallback=callback,
        recordingStatusCallbackMethod="POST",
    )
    SubElement(response, "Hangup")
    return document(response)


def conference(
    name: str,
    *,
    action: str,
    time_limit_s: float,
    starts: bool,
    events: str | None = None,
    hold: str | None = None,
) -> str:
    """Have the call join a conference; it ends for all of them when one side leaves.

    Args:
        name: the account's: have the call's sid in it.
        action: is asked what next when the call has left it.
        starts: begin with this side; else it waits, with hold audio, for one that does.
        events: is told who comes and goes.
        hold: the address of a sound to wait with; None: the carrier's music.
    """
    response = Element("Response")
    noun = SubElement(
        _dial(response, action, time_limit_s),
        "Conference",
        startConferenceOnEnter="true" if starts else "false",
        endConferenceOnExit="true",
        beep="false",
    )
    if hold is not None:
        noun.set("waitUrl", hold)
        noun.set("waitMethod", "GET")
    if events is not None:
        noun.set("statusCallback", events)
        noun.set("statusCallbackMethod", "POST")
        noun.set("statusCallbackEvent", "join leave end")
    noun.text = carried(name)
    return document(response)


def ask_for_key(
    text: str,
    *,
    language: str,
    action: str,
    wait_s: float,
    hints: Sequence[str] = (),
    times: int = 2,
) -> str:
    """Say something, twice if no key comes, and report the key; without one, report none.

    Args:
        action: gets the key as `Digits`; it is asked without one at the end.
        wait_s: for a key, after the words.
        hints: words that may be spoken in place of a key, reported as `SpeechResult`; none: what
            is spoken is not listened to.
    """
    response = Element("Response")
    spoken = {"language": language, "hints": ",".join(hints), "speechTimeout": "auto"}
    for _ in range(times):
        gather = SubElement(
            response,
            "Gather",
            spoken if hints else {},
            input="dtmf speech" if hints else "dtmf",
            numDigits="1",
            timeout=str(round(wait_s)),
            action=action,
            method="POST",
        )
        _say(gather, text, language)
    SubElement(response, "Redirect", method="POST").text = action
    return document(response)


def play_digits(digits: str, *, then: str) -> str:
    """Dial on the line; the carrier makes the tones.

    Args:
        digits: `0`-`9`, `*`, `#`, `A`-`D`, `w` for half a second of silence and `W` for a second.
        then: is asked what next.
    """
    response = Element("Response")
    SubElement(response, "Play", digits=digits)
    SubElement(response, "Redirect", method="POST").text = then
    return document(response)


def redirect(url: str) -> str:
    """Ask another address what to do."""
    response = Element("Response")
    SubElement(response, "Redirect", method="POST").text = url
    return document(response)


FAILURES: Final[Mapping[str, str]] = {
    "busy": "the line is busy",
    "no-answer": "nobody answered",
    "failed": "the call could not be put through",
    "canceled": "it was called off",
}
"""What became of a call that was not put through, in words for the agent (5.3)."""


def failure(status: str) -> str | None:
    """Why nobody was reached, in words; None: somebody was, and that call is over."""
    if status in {"completed", "answered"}:
        return None
    return FAILURES.get(status, FAILURES["failed"])


def refer_failure(fields: Mapping[str, str]) -> str | None:
    """Why a call was not handed over, in words; None: it was.

    Args:
        fields: that the action of `<Refer>` was asked with.
    """
    final = fields.get("NotifySipResponseCode") or fields.get("ReferSipResponseCode") or ""
    if fields.get("ReferCallStatus") == "completed" or re.fullmatch(r"2\d\d", final):
        return None
    return {"486": FAILURES["busy"], "600": FAILURES["busy"], "480": FAILURES["no-answer"]}.get(
        final, FAILURES["failed"]
    )


def _dial(response: Element, action: str, time_limit_s: float) -> Element:
    limit = min(round(time_limit_s), LONGEST_CALL_S)
    return SubElement(response, "Dial", action=action, method="POST", timeLimit=str(limit))


def _say(parent: Element, text: str, language: str) -> None:
    if words := carried(text).strip():
        SubElement(parent, "Say", language=language).text = words
