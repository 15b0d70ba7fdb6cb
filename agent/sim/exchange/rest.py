"""The carrier's REST API as a stand-in: its paths, its key, its faults on order; without I/O.

Resources carry the fields that a voice agent reads, under the carrier's names. What goes wrong on
order is in `rest_faults`; waiting and hanging is the shell's.

Source: docs/protocols/twilio.md section 5 and 9 (E5).
"""

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hmac import compare_digest
from typing import Final
from urllib.parse import unquote

from agent.sim.exchange import rest_calls, rest_conferences, rest_others
from agent.sim.exchange.exchange import Exchange
from agent.sim.exchange.fields import API_VERSION
from agent.sim.exchange.rest_answers import (
    NOT_FOUND,
    UNAUTHORISED,
    Form,
    Refused,
    RestAnswer,
    refusal,
)

type _Does = Callable[..., RestAnswer]

_ID = r"([^/]+)"
_CONFERENCE = f"Conferences/{_ID}"

_ROUTES: Final[tuple[tuple[str, str, _Does], ...]] = (
    ("POST", r"Calls\.json", rest_calls.create_call),
    ("GET", r"Calls\.json", rest_calls.list_calls),
    ("GET", rf"Calls/{_ID}\.json", rest_calls.fetch_call),
    ("POST", rf"Calls/{_ID}\.json", rest_calls.update_call),
    ("POST", rf"Calls/{_ID}/Recordings\.json", rest_others.create_recording),
    ("POST", rf"Calls/{_ID}/Recordings/{_ID}\.json", rest_others.update_recording),
    ("GET", rf"Recordings/{_ID}\.json", rest_others.fetch_recording),
    ("DELETE", rf"Recordings/{_ID}\.json", rest_others.delete_recording),
    ("GET", rf"Recordings/{_ID}\.wav", rest_others.recording_sound),
    ("GET", r"IncomingPhoneNumbers\.json", rest_others.list_numbers),
    ("GET", rf"IncomingPhoneNumbers/{_ID}\.json", rest_others.fetch_number),
    ("POST", rf"IncomingPhoneNumbers/{_ID}\.json", rest_others.update_number),
    ("POST", r"Messages\.json", rest_others.create_message),
    ("GET", rf"Messages/{_ID}\.json", rest_others.fetch_message),
    ("GET", r"Conferences\.json", rest_conferences.list_conferences),
    ("POST", rf"{_CONFERENCE}\.json", rest_conferences.update_conference),
    ("GET", rf"{_CONFERENCE}/Participants\.json", rest_conferences.list_participants),
    ("POST", rf"{_CONFERENCE}/Participants\.json", rest_conferences.add_participant),
    ("GET", rf"{_CONFERENCE}/Participants/{_ID}\.json", rest_conferences.fetch_participant),
    ("POST", rf"{_CONFERENCE}/Participants/{_ID}\.json", rest_conferences.change_participant),
    ("DELETE", rf"{_CONFERENCE}/Participants/{_ID}\.json", rest_conferences.remove_participant),
)
_WANTS_FORM: Final = frozenset({rest_calls.list_calls, rest_others.list_numbers}) | {
    rest_conferences.list_conferences
}


@dataclass(frozen=True, slots=True)
class RestRequest:
    """A request to the API.

    Attributes:
        path: as it came, percent-escapes and all.
        fields: of the form, or of the query, in order.
        authorization: the header, or empty.
    """

    method: str
    path: str
    fields: Sequence[tuple[str, str]] = ()
    authorization: str = ""


def answer(exchange: Exchange, request: RestRequest, now: float) -> RestAnswer:
    """Do what is asked, if it may be; the exchange has effects afterwards."""
    exchange.desk.now = now
    try:
        given = _answer(exchange, request)
    except Refused as refused:
        given = refused.answer
    exchange.desk.note("", "rest", method=request.method, path=request.path, status=given.status)
    exchange.settle(now)
    return given


def _answer(exchange: Exchange, request: RestRequest) -> RestAnswer:
    if not _may(exchange, request.authorization):
        raise Refused(401, UNAUTHORISED, "Authenticate")
    prefix = f"/{API_VERSION}/Accounts/"
    path = request.path.removeprefix(prefix)
    sid, _, rest = path.partition("/")
    if path == request.path or sid.removesuffix(".json") != exchange.account.sid:
        raise Refused(404, NOT_FOUND, f"The requested resource {request.path} was not found")
    if sid.endswith(".json") and request.method == "GET":
        return rest_others.fetch_account(exchange)
    allowed = False
    for method, pattern, does in _ROUTES:
        found = re.fullmatch(pattern, rest)
        if found is None:
            continue
        allowed = True
        if method == request.method:
            names = [unquote(name) for name in found.groups()]
            if method == "POST" or does in _WANTS_FORM:
                return does(exchange, *names, Form(request.fields))
            return does(exchange, *names)
    if allowed:
        return refusal(405, 20004, "Method not allowed")
    raise Refused(404, NOT_FOUND, f"The requested resource {request.path} was not found")


def _may(exchange: Exchange, authorization: str) -> bool:
    """Whether somebody showed the account's token, or an API key's secret."""
    kind, _, given = authorization.partition(" ")
    try:
        user, _, secret = b64decode(given, validate=True).decode().partition(":")
    except (Error, UnicodeDecodeError):
        return False
    account = exchange.account
    known = {account.sid: account.token, **account.keys}.get(user)
    return kind == "Basic" and known is not None and compare_digest(known.encode(), secret.encode())
