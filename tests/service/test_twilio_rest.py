"""What is asked of the carrier's REST API, and in which words."""

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from agent.service.twilio_http import CarrierError
from agent.service.twilio_rest import CURRENT, TwilioRest
from tests.service.rest_side import ACCOUNT, CALL, LIVE, Carrier, ask, create, refused

pytestmark = pytest.mark.socket

OTHER = "RE" + "2" * 32


def test_a_call_is_made_with_the_fields_of_the_carrier() -> None:
    carrier = Carrier(web.json_response(LIVE, status=201))
    call = ask(carrier, create)
    assert (call.sid, call.status, call.from_) == (CALL, "in-progress", "+15550100100")
    assert carrier.authorization == aiohttp.encode_basic_auth(ACCOUNT, "secret")
    assert carrier.asked == [
        (
            "POST",
            "Calls.json",
            [
                ("To", "+15550100199"),
                ("From", "+15550100100"),
                ("Twiml", "<Response/>"),
                ("TimeLimit", "600"),
                ("StatusCallbackEvent", "initiated"),
                ("StatusCallbackEvent", "completed"),
                ("AsyncAmd", "true"),
            ],
        )
    ]


@pytest.mark.parametrize(
    ("request_", "asked"),
    [
        (lambda r: r.fetch_call(CALL), ("GET", f"Calls/{CALL}.json", [])),
        (lambda r: r.hang_up(CALL), ("POST", f"Calls/{CALL}.json", [("Status", "completed")])),
        (
            lambda r: r.redirect(CALL, url="https://x.example/next"),
            ("POST", f"Calls/{CALL}.json", [("Url", "https://x.example/next")]),
        ),
        (
            lambda r: r.record(CALL),
            ("POST", f"Calls/{CALL}/Recordings.json", [("RecordingChannels", "dual")]),
        ),
        (
            lambda r: r.record(CALL, dual=False, callback="https://x.example/r"),
            (
                "POST",
                f"Calls/{CALL}/Recordings.json",
                [("RecordingChannels", "mono"), ("RecordingStatusCallback", "https://x.example/r")],
            ),
        ),
        (
            lambda r: r.set_recording(CALL, OTHER, "paused"),
            (
                "POST",
                f"Calls/{CALL}/Recordings/{OTHER}.json",
                [("Status", "paused"), ("PauseBehavior", "silence")],
            ),
        ),
        (
            lambda r: r.set_recording(CALL, CURRENT, "stopped"),
            ("POST", f"Calls/{CALL}/Recordings/Twilio.CURRENT.json", [("Status", "stopped")]),
        ),
        (
            lambda r: r.set_recording(CALL, OTHER, "in-progress"),
            ("POST", f"Calls/{CALL}/Recordings/{OTHER}.json", [("Status", "in-progress")]),
        ),
        (
            lambda r: r.send_message("+15550100199", "+15550100100", "booked"),
            (
                "POST",
                "Messages.json",
                [("To", "+15550100199"), ("From", "+15550100100"), ("Body", "booked")],
            ),
        ),
        (
            lambda r: r.add_participant("desk 1", "+15550100199", "+15550100100", Timeout=25),
            (
                "POST",
                "Conferences/desk 1/Participants.json",
                [("To", "+15550100199"), ("From", "+15550100100"), ("Timeout", "25")],
            ),
        ),
        (
            lambda r: r.hold("desk-1", CALL, False),
            ("POST", f"Conferences/desk-1/Participants/{CALL}.json", [("Hold", "false")]),
        ),
    ],
)
def test_each_request_is_the_carrier_s(
    request_: Callable[[TwilioRest], Awaitable[Any]], asked: tuple[str, str, list[Any]]
) -> None:
    carrier = Carrier(web.json_response(LIVE))
    assert ask(carrier, request_).sid == CALL
    assert carrier.asked == [asked]


@pytest.mark.parametrize("answer", [web.Response(status=204), refused(404, 20404)])
def test_a_participant_who_is_gone_is_removed_already(answer: web.Response) -> None:
    carrier = Carrier(answer)
    ask(carrier, lambda rest: rest.remove_participant("desk-1", CALL))
    assert carrier.asked == [("DELETE", f"Conferences/desk-1/Participants/{CALL}.json", [])]


def test_a_participant_who_cannot_be_removed_is_told() -> None:
    with pytest.raises(CarrierError, match="HTTP 403"):
        ask(Carrier(refused(403)), lambda rest: rest.remove_participant("desk-1", CALL))


@pytest.mark.parametrize("answer", [refused(404, 20404), refused(400, 21220), refused(404)])
def test_hanging_up_a_call_that_is_over_is_no_error(answer: web.Response) -> None:
    assert ask(Carrier(answer), lambda rest: rest.hang_up(CALL)) is None


NUMBER = {"sid": OTHER, "phone_number": "+15550100100", "voice_url": None, "sms_url": "?"}


def test_a_number_is_looked_up_by_itself() -> None:
    carrier = Carrier(web.json_response({"incoming_phone_numbers": [NUMBER], "page": 0}))
    number = ask(carrier, lambda rest: rest.number("+15550100100"))
    assert number is not None
    assert (number.sid, number.voice_url, number.trunk_sid) == (OTHER, None, None)
    assert carrier.queries == [{"PhoneNumber": "+15550100100"}]
    assert carrier.asked == [("GET", "IncomingPhoneNumbers.json", [])]
    assert ask(carrier, lambda rest: rest.number("+15550100199")) is None


def test_a_number_is_changed_again_when_nobody_knows_whether_it_was() -> None:
    carrier = Carrier(refused(503), web.json_response(NUMBER))
    ask(carrier, lambda rest: rest.set_number(OTHER, {"VoiceUrl": "https://x.example/v"}))
    asked = ("POST", f"IncomingPhoneNumbers/{OTHER}.json", [("VoiceUrl", "https://x.example/v")])
    assert carrier.asked == [asked, asked]


@pytest.mark.parametrize(
    ("answer", "trial"),
    [
        (web.json_response({"type": "Trial"}), True),
        (web.json_response({"type": "Full"}), False),
        (refused(401), False),
    ],
)
def test_a_trial_account_says_so_and_a_key_may_not_look(answer: web.Response, trial: bool) -> None:
    carrier = Carrier(answer)
    assert ask(carrier, lambda rest: rest.is_trial()) is trial
    assert carrier.asked[0][1].endswith(f"Accounts/{ACCOUNT}.json")
