"""Numbers, recordings, messages and conferences in the REST API; without I/O.

Source: docs/protocols/twilio.md 5.3, 5.4.
"""

from typing import Any, Final

from agent.sim.exchange.exchange import Exchange
from agent.sim.exchange.fields import CallStatus
from agent.sim.exchange.plan import IncomingNumber, Message
from agent.sim.exchange.recordings import Recording, begin_recording
from agent.sim.exchange.rest_answers import (
    INVALID,
    NOT_FOUND,
    NUMBER,
    Form,
    Refused,
    RestAnswer,
)
from agent.sim.exchange.rest_calls import check_url, leg_of

LONGEST_MESSAGE: Final = 1_600
CURRENT: Final = "Twilio.CURRENT"
"""Stands for the recording of a call that goes on."""

_NUMBER_FIELDS: Final = {
    "VoiceUrl": "voice_url",
    "VoiceMethod": "voice_method",
    "VoiceFallbackUrl": "fallback_url",
    "VoiceFallbackMethod": "fallback_method",
    "StatusCallback": "status_callback",
    "StatusCallbackMethod": "status_callback_method",
    "FriendlyName": "name",
}


def fetch_account(exchange: Exchange) -> RestAnswer:
    """The account itself."""
    sid = exchange.account.sid
    return RestAnswer(200, {"sid": sid, "status": "active", "type": "Full", "friendly_name": ""})


# Numbers


def list_numbers(exchange: Exchange, query: Form) -> RestAnswer:
    """The account's numbers, or the one that is asked for."""
    wanted = query.get("PhoneNumber")
    found = [_number(exchange, n) for n in exchange.numbers.values() if wanted in {"", n.number}]
    return RestAnswer(200, {"incoming_phone_numbers": found, "page": 0, "next_page_uri": None})


def fetch_number(exchange: Exchange, sid: str) -> RestAnswer:
    """One number."""
    return RestAnswer(200, _number(exchange, _number_of(exchange, sid)))


def update_number(exchange: Exchange, sid: str, form: Form) -> RestAnswer:
    """Say what is asked when a number is called."""
    number = _number_of(exchange, sid)
    for name in ("VoiceUrl", "VoiceFallbackUrl", "StatusCallback"):
        check_url(form.get(name), name)
    for name, attribute in _NUMBER_FIELDS.items():
        if form.has(name):
            value = form.get(name)
            if name.endswith("Method") and value not in {"GET", "POST"}:
                raise Refused(400, INVALID, f"{name} must be GET or POST")
            setattr(number, attribute, value)
    return RestAnswer(200, _number(exchange, number))


def _number_of(exchange: Exchange, sid: str) -> IncomingNumber:
    number = exchange.numbers.get(sid)
    if number is None:
        raise Refused(404, NOT_FOUND, f"number {sid} was not found")
    return number


def _number(exchange: Exchange, number: IncomingNumber) -> dict[str, Any]:
    return {
        "sid": number.sid,
        "account_sid": exchange.account.sid,
        "phone_number": number.number,
        "friendly_name": number.name,
        "voice_url": number.voice_url,
        "voice_method": number.voice_method,
        "voice_fallback_url": number.fallback_url,
        "voice_fallback_method": number.fallback_method,
        "status_callback": number.status_callback,
        "status_callback_method": number.status_callback_method,
        "capabilities": {"voice": True, "sms": True, "mms": False, "fax": False},
        "trunk_sid": None,
        "voice_application_sid": "",
    }


# Messages


def create_message(exchange: Exchange, form: Form) -> RestAnswer:
    """Take an SMS; it is kept, and reaches nobody."""
    to, from_, body = form.get("To"), form.get("From"), form.get("Body")
    if not NUMBER.fullmatch(to):
        raise Refused(400, 21211, f"The 'To' number {to} is not a valid phone number")
    if not (from_ or form.has("MessagingServiceSid")):
        raise Refused(400, 21603, "A 'From' phone number is required")
    if not body:
        raise Refused(400, 21602, "Message body is required")
    if len(body) > LONGEST_MESSAGE:
        raise Refused(400, 21617, f"The message body exceeds {LONGEST_MESSAGE} characters")
    message = Message(exchange.desk.sid("SM"), to, from_, body)
    exchange.messages[message.sid] = message
    exchange.desk.note("", "message", to=to, body=body)
    return RestAnswer(201, _message(message, "queued"))


def fetch_message(exchange: Exchange, sid: str) -> RestAnswer:
    """An SMS."""
    message = exchange.messages.get(sid)
    if message is None:
        raise Refused(404, NOT_FOUND, f"message {sid} was not found")
    return RestAnswer(200, _message(message, "delivered"))


def _message(message: Message, status: str) -> dict[str, Any]:
    return {
        "sid": message.sid,
        "to": message.to,
        "from": message.from_,
        "body": message.body,
        "status": status,
        "num_segments": str(-(-len(message.body) // 160)),
    }


# Recordings


def create_recording(exchange: Exchange, call: str, form: Form) -> RestAnswer:
    """Record a live call from now on."""
    leg = leg_of(exchange, call)
    if leg.over or leg.status is not CallStatus.IN_PROGRESS:
        raise Refused(400, 21220, f"call {call} is not in-progress")
    channels = 2 if form.get("RecordingChannels", "mono") == "dual" else 1
    callback = form.callback("RecordingStatusCallback")
    return RestAnswer(201, _recording(begin_recording(leg, callback, channels=channels)))


def update_recording(exchange: Exchange, call: str, sid: str, form: Form) -> RestAnswer:
    """Pause a recording, go on with it, or end it."""
    recording = _recording_of(exchange, _current(exchange, call) if sid == CURRENT else sid)
    if recording.leg.sid != call:
        raise Refused(404, NOT_FOUND, f"recording {sid} is of another call")
    status = form.get("Status")
    if status not in {"in-progress", "paused", "stopped"}:
        raise Refused(400, INVALID, f"Status {status!r}")
    recording.change(status)
    return RestAnswer(200, _recording(recording))


def fetch_recording(exchange: Exchange, sid: str) -> RestAnswer:
    """A recording's facts."""
    return RestAnswer(200, _recording(_recording_of(exchange, sid)))


def recording_sound(exchange: Exchange, sid: str) -> RestAnswer:
    """A recording itself, as a WAV file."""
    return RestAnswer(200, _recording_of(exchange, sid).wav(), {"Content-Type": "audio/x-wav"})


def delete_recording(exchange: Exchange, sid: str) -> RestAnswer:
    """Delete a recording."""
    del exchange.desk.recordings[_recording_of(exchange, sid).sid]
    return RestAnswer(204)


def _current(exchange: Exchange, call: str) -> str:
    """The recording of a call that goes on; empty: there is none."""
    of_call = (each for each in exchange.desk.recordings.values() if each.leg.sid == call)
    return next((each.sid for each in of_call if each.status in {"in-progress", "paused"}), "")


def _recording_of(exchange: Exchange, sid: str) -> Recording:
    recording = exchange.desk.recordings.get(sid)
    if recording is None:
        raise Refused(404, NOT_FOUND, f"recording {sid} was not found")
    return recording


def _recording(recording: Recording) -> dict[str, Any]:
    return {
        "sid": recording.sid,
        "account_sid": recording.leg.call.account,
        "call_sid": recording.leg.sid,
        "status": recording.status,
        "channels": recording.channels,
        "duration": str(round(recording.seconds)),
        "uri": f"{recording.url}.json",
    }
