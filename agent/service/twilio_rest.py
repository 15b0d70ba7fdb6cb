"""The carrier's REST API: what a voice agent asks of it; see `twilio_http` for how it is asked.

Source: docs/protocols/twilio.md section 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from urllib.parse import quote

import msgspec

from agent.service.twilio_http import SID, CarrierError, Fields, TwilioHttp

ENDED = frozenset({20404, 21220})
"""The carrier's codes for a call that is over (5.3)."""

CURRENT = "Twilio.CURRENT"
"""In place of the sid of a recording: the one that goes on (5.4)."""


class CallResource(msgspec.Struct, frozen=True):
    """A call as the carrier has it; empty where it says nothing.

    Attributes:
        status: queued, ringing, in-progress, canceled, completed, busy, no-answer or failed.
        answered_by: as answering machine detection found; None: not known, or not asked for.
        duration: whole seconds as text, once the call is over.
    """

    sid: str
    status: str
    direction: str | None = None
    to: str | None = None
    from_: str | None = msgspec.field(default=None, name="from")
    answered_by: str | None = None
    duration: str | None = None


class Resource(msgspec.Struct, frozen=True):
    """A recording, a message or a participant: what identifies it and where it stands."""

    sid: str | None = None
    status: str | None = None
    call_sid: str | None = None
    conference_sid: str | None = None


class NumberResource(msgspec.Struct, frozen=True):
    """A number of the account, and what is asked when it is called; empty: nothing.

    Attributes:
        voice_application_sid: an application whose addresses hold in place of these.
        trunk_sid: a SIP trunk that has the number: then nothing is asked.
    """

    sid: str
    phone_number: str
    voice_url: str | None = None
    voice_method: str | None = None
    voice_fallback_url: str | None = None
    voice_fallback_method: str | None = None
    status_callback: str | None = None
    status_callback_method: str | None = None
    voice_application_sid: str | None = None
    trunk_sid: str | None = None


class _Account(msgspec.Struct, frozen=True):
    type: str | None = None


class _Numbers(msgspec.Struct, frozen=True):
    incoming_phone_numbers: tuple[NumberResource, ...]


class TwilioRest:
    """The requests of one account."""

    def __init__(self, http: TwilioHttp) -> None:
        self._http = http

    # Calls

    async def create_call(
        self,
        to: str,
        from_: str,
        *,
        url: str | None = None,
        twiml: str | None = None,
        time_limit_s: int,
        **fields: str | int | bool | Sequence[str] | None,
    ) -> CallResource:
        """Have the carrier call somebody; never repeated unless it was surely not done.

        The media stream can be there before this returns: tell calls apart by a parameter of
        your own in the document, not by the sid.

        Args:
            url: where the carrier asks for the document, or `twiml`: the document itself.
            time_limit_s: the longest duration, so that no error of ours leaves a line open.
            fields: others by the carrier's names, such as `Timeout` or `StatusCallbackEvent`.
        Raises:
            CarrierError: see there.
        """
        form = {"To": to, "From": from_, "Url": url, "Twiml": twiml, "TimeLimit": time_limit_s}
        return await self._http.ask("POST", "Calls", {**form, **fields}, CallResource)

    async def fetch_call(self, sid: str) -> CallResource:
        """Look a call up."""
        return await self._http.ask("GET", f"Calls/{_checked(sid)}", None, CallResource)

    async def redirect(
        self, sid: str, *, url: str | None = None, twiml: str | None = None
    ) -> CallResource | None:
        """Have a live call run another document at once; its stream ends, last words and all.

        Returns:
            The call; None: it was over already.
        """
        return await self._change(sid, {"Url": url, "Twiml": twiml})

    async def hang_up(self, sid: str) -> CallResource | None:
        """End a call, ringing or live. Safe to repeat; None: it was over already."""
        return await self._change(sid, {"Status": "completed"})

    async def _change(self, sid: str, form: Fields) -> CallResource | None:
        path = f"Calls/{_checked(sid)}"
        try:
            return await self._http.ask("POST", path, form, CallResource, repeatable=True)
        except CarrierError as error:
            if error.code in ENDED or error.status == 404:
                return None
            raise

    # The account and its numbers

    async def is_trial(self) -> bool:
        """Whether the account is for trying things out; False also when that is not told.

        API keys may not look at their account. Of a trial account's documents the carrier leaves
        streams out.
        """
        try:
            found = await self._http.ask("GET", "", None, _Account)
        except CarrierError:
            return False
        return found.type == "Trial"

    async def number(self, number: str) -> NumberResource | None:
        """Look one of the account's numbers up; None: it has no such number."""
        found = await self._http.ask(
            "GET", "IncomingPhoneNumbers", {"PhoneNumber": number}, _Numbers
        )
        fitting = (each for each in found.incoming_phone_numbers if each.phone_number == number)
        return next(fitting, None)

    async def set_number(self, sid: str, fields: Fields) -> NumberResource:
        """Change what is asked when a number is called; safe to repeat.

        Args:
            fields: by the carrier's names, as `VoiceUrl`; empty: nothing is asked.
        """
        path = f"IncomingPhoneNumbers/{_checked(sid)}"
        return await self._http.ask("POST", path, fields, NumberResource, repeatable=True)

    # Recordings, messages, conferences

    async def record(
        self, call: str, *, dual: bool = True, callback: str | None = None
    ) -> Resource:
        """Record a live call at the carrier; `dual`: each side on a channel of its own."""
        channels = "dual" if dual else "mono"
        form = {"RecordingChannels": channels, "RecordingStatusCallback": callback}
        return await self._http.ask("POST", f"Calls/{_checked(call)}/Recordings", form, Resource)

    async def set_recording(
        self, call: str, recording: str, status: Literal["in-progress", "paused", "stopped"]
    ) -> Resource:
        """Pause, go on with, or end a recording, `CURRENT` for one; a pause is silence in it."""
        which = recording if recording == CURRENT else _checked(recording)
        path = f"Calls/{_checked(call)}/Recordings/{which}"
        form = {"Status": status, "PauseBehavior": "silence" if status == "paused" else None}
        return await self._http.ask("POST", path, form, Resource, repeatable=True)

    async def send_message(self, to: str, from_: str, body: str) -> Resource:
        """Send an SMS of at most 1,600 characters; never repeated unless surely not sent."""
        form = {"To": to, "From": from_, "Body": body}
        return await self._http.ask("POST", "Messages", form, Resource)

    async def add_participant(
        self, conference: str, to: str, from_: str, **fields: str | int | bool | None
    ) -> Resource:
        """Call somebody into a conference, by its name or sid; never repeated blindly.

        Names are the account's: have the call's sid in yours.
        """
        path = f"Conferences/{quote(conference, safe='')}/Participants"
        return await self._http.ask("POST", path, {"To": to, "From": from_, **fields}, Resource)

    async def hold(self, conference: str, call: str, on: bool) -> Resource:
        """Have a participant hear music instead of the others, or the others again."""
        path = f"Conferences/{quote(conference, safe='')}/Participants/{_checked(call)}"
        return await self._http.ask("POST", path, {"Hold": on}, Resource, repeatable=True)

    async def remove_participant(self, conference: str, call: str) -> None:
        """Take a participant out of a conference, which ends that leg; safe to repeat."""
        path = f"Conferences/{quote(conference, safe='')}/Participants/{_checked(call)}"
        try:
            await self._http.ask("DELETE", path, None, Resource, repeatable=True)
        except CarrierError as error:
            if error.status != 404:
                raise


def _checked(sid: str) -> str:
    if not SID.fullmatch(sid):
        raise ValueError(f"{sid!r} is no sid of the carrier")
    return sid
