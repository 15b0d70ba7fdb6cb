"""The REST API: what it answers, whom, and what it refuses by which number."""

from base64 import b64encode
from typing import Any

import pytest

from agent.sim.exchange.rest import RestRequest, answer
from agent.sim.exchange.rest_faults import Fault, RestFault, RestFaults
from agent.sim.script import WaitForEnd
from tests.exchange.street import ACCOUNT, DESK, HOST, MEDIA, NUMBER, Street

STAYS = [WaitForEnd(timeout_s=600)]
GOOD = [("To", DESK), ("From", NUMBER), ("Url", f"{HOST}/out")]
ROOT = f"/2010-04-01/Accounts/{ACCOUNT.sid}"


def basic(user: str, secret: str) -> str:
    return "Basic " + b64encode(f"{user}:{secret}".encode()).decode()


def code(given: Any) -> tuple[int, int]:
    return given.status, given.body["code"]


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (basic(ACCOUNT.sid, ACCOUNT.token), 200),
        (basic("SK" + "b" * 32, "secret"), 200),
        (basic(ACCOUNT.sid, "wrong"), 401),
        (basic("SK" + "c" * 32, "secret"), 401),
        (f"Bearer {ACCOUNT.token}", 401),
        ("Basic !", 401),
        ("Basic /w==", 401),
        ("", 401),
    ],
)
def test_the_accounts_token_or_a_keys_secret_opens_it(authorization: str, status: int) -> None:
    street = Street({})
    request = RestRequest("GET", f"{ROOT}/Calls.json", (), authorization)
    given: Any = answer(street.exchange, request, 1.0)
    assert given.status == status
    if status == 401:
        assert given.body["code"] == 20003


def test_what_is_not_there_is_20404_in_the_carriers_form() -> None:
    street = Street({})
    for method, path in [
        ("GET", "Calls/CA0.json"),
        ("POST", "Calls/CA0.json"),
        ("GET", "Nothing.json"),
        ("GET", "Messages/SM0.json"),
        ("GET", "Recordings/RE0.json"),
        ("POST", "IncomingPhoneNumbers/PN0.json"),
        ("DELETE", "Conferences/room/Participants/CA0.json"),
    ]:
        given: Any = street.rest(method, path)
        assert code(given) == (404, 20404)
        assert sorted(given.body) == ["code", "message", "more_info", "status"]
    request = RestRequest(
        "GET", "/2010-04-01/Accounts/ACother/Calls.json", (), basic(ACCOUNT.sid, ACCOUNT.token)
    )
    assert code(answer(street.exchange, request, 1.0)) == (404, 20404)


def test_a_wrong_method_is_refused() -> None:
    assert code(Street({}).rest("DELETE", "Calls.json")) == (405, 20004)


def test_the_account_and_a_call_are_fetched() -> None:
    street = Street({"voice": MEDIA})
    request = RestRequest("GET", f"{ROOT}.json", (), basic(ACCOUNT.sid, ACCOUNT.token))
    account: Any = answer(street.exchange, request, 1.0)
    assert (account.body["sid"], account.body["status"]) == (ACCOUNT.sid, "active")
    leg = street.call(STAYS)
    street.until(2.0)
    given: Any = street.rest("GET", f"Calls/{leg.sid}.json")
    call = given.body
    assert (call["sid"], call["status"], call["direction"]) == (leg.sid, "in-progress", "inbound")
    assert call["duration"] is None
    street.lose()
    street.until(3.0)
    given = street.rest("GET", f"Calls/{leg.sid}.json")
    assert (given.body["status"], given.body["duration"]) == ("completed", "2")
    found: Any = street.rest("GET", "Calls.json", ("Status", "completed"), ("To", NUMBER))
    assert [one["sid"] for one in found.body["calls"]] == [leg.sid]
    none: Any = street.rest("GET", "Calls.json", ("Status", "ringing"))
    assert none.body["calls"] == []


@pytest.mark.parametrize(
    ("fields", "number"),
    [
        ([], 21201),
        ([("To", "anybody")], 21211),
        ([("To", DESK)], 21213),
        ([("To", DESK), ("From", "+15550109999")], 21210),
        ([("To", DESK), ("From", NUMBER)], 21205),
        ([("To", DESK), ("From", NUMBER), ("Url", "/relative")], 21205),
        ([("To", DESK), ("From", NUMBER), ("Url", "https://under_score.example.com/")], 21205),
        ([*GOOD, ("StatusCallback", "ftp://x")], 21205),
        ([*GOOD, ("Timeout", "0")], 20001),
        ([*GOOD, ("TimeLimit", "for ever")], 20001),
        ([*GOOD, ("Record", "perhaps")], 20001),
        ([*GOOD, ("MachineDetection", "Guess")], 20001),
        ([("To", DESK), ("From", NUMBER), ("Twiml", "x" * 4001)], 21626),
    ],
)
def test_a_call_that_cannot_be_made_is_refused_by_its_number(
    fields: list[tuple[str, str]], number: int
) -> None:
    street = Street({})
    assert code(street.rest("POST", "Calls.json", *fields)) == (400, number)
    assert street.exchange.legs == {}


def test_a_live_call_is_ended_and_a_second_time_it_is_gone() -> None:
    street = Street({"voice": f"{MEDIA}<Redirect>/next</Redirect>"})
    leg = street.call(STAYS)
    street.until(1.0)
    path = f"Calls/{leg.sid}.json"
    assert code(street.rest("POST", path, ("Status", "canceled"))) == (400, 21220)
    assert code(street.rest("POST", path, ("Status", "tired"))) == (400, 21218)
    given: Any = street.rest("POST", path, ("Status", "completed"))
    assert (given.status, given.body["status"]) == (200, "completed")
    assert street.events() == ["connected", "start", "stop", "(close)"]
    assert street.pages() == ["voice"]
    assert code(street.rest("POST", path, ("Status", "completed"))) == (404, 20404)


def test_a_call_that_rings_is_canceled_and_takes_no_document() -> None:
    street = Street({})
    sid = str(street.rest("POST", "Calls.json", *GOOD).body["sid"])  # type: ignore[call-overload,index]
    path = f"Calls/{sid}.json"
    assert code(street.rest("POST", path, ("Url", f"{HOST}/x"))) == (400, 21220)
    assert street.rest("POST", path, ("Status", "canceled")).status == 200
    assert street.exchange.legs[sid].status == "canceled"


def test_a_live_call_takes_one_document_by_url_or_as_text() -> None:
    street = Street({"voice": MEDIA})
    leg = street.call(STAYS)
    street.until(1.0)
    path = f"Calls/{leg.sid}.json"
    both = (("Url", f"{HOST}/x"), ("Twiml", "<Response/>"))
    assert code(street.rest("POST", path, *both)) == (400, 20001)
    assert street.rest("POST", path, ("Twiml", f"<Response>{MEDIA}</Response>")).status == 200
    street.until(2.0)
    (first, _), (second, _) = street.sockets
    assert first.call_sid == second.call_sid
    assert first.stream_sid != second.stream_sid
    assert street.events(0) == ["connected", "start", "stop", "(close)"]


def test_a_numbers_webhooks_are_listed_and_changed() -> None:
    street = Street({})
    found: Any = street.rest("GET", "IncomingPhoneNumbers.json", ("PhoneNumber", NUMBER))
    [number] = found.body["incoming_phone_numbers"]
    assert number["voice_url"] == f"{HOST}/voice"
    path = f"IncomingPhoneNumbers/{number['sid']}.json"
    wanted = {"VoiceUrl": f"{HOST}/new", "VoiceFallbackUrl": f"{HOST}/b", "VoiceMethod": "GET"}
    changed: Any = street.rest("POST", path, *wanted.items())
    assert (changed.status, changed.body["voice_fallback_url"]) == (200, f"{HOST}/b")
    assert street.rest("GET", path).body == changed.body
    assert code(street.rest("POST", path, ("VoiceUrl", "nonsense"))) == (400, 21205)
    assert code(street.rest("POST", path, ("VoiceMethod", "PUT"))) == (400, 20001)
    street.call(STAYS)
    assert street.asked[0].attempt.method == "GET"
    assert street.asked[0].attempt.url.startswith(f"{HOST}/new?AccountSid=AC")
    assert street.pages()[1] == "b"
    other: Any = street.rest("GET", "IncomingPhoneNumbers.json", ("PhoneNumber", "+15550109999"))
    assert other.body["incoming_phone_numbers"] == []


def test_a_message_is_taken_and_kept() -> None:
    street = Street({})
    given: Any = street.rest(
        "POST", "Messages.json", ("To", DESK), ("From", NUMBER), ("Body", "Hi")
    )
    assert (given.status, given.body["status"]) == (201, "queued")
    fetched: Any = street.rest("GET", f"Messages/{given.body['sid']}.json")
    assert fetched.body["status"] == "delivered"
    [message] = street.exchange.messages.values()
    assert (message.to, message.body) == (DESK, "Hi")
    wrong = [
        ([("From", NUMBER), ("Body", "a")], 21211),
        ([("To", DESK), ("Body", "a")], 21603),
        ([("To", DESK), ("From", NUMBER)], 21602),
        ([("To", DESK), ("From", NUMBER), ("Body", "a" * 1601)], 21617),
    ]
    for fields, number in wrong:
        assert code(street.rest("POST", "Messages.json", *fields)) == (400, number)


def test_recordings_and_participants_are_refused_by_their_numbers() -> None:
    street = Street({"voice": "<Say>a</Say><Pause length='60'/>"})
    leg = street.call(STAYS)
    street.until(1.0)
    made: Any = street.rest("POST", f"Calls/{leg.sid}/Recordings.json")
    sid = made.body["sid"]
    assert code(street.rest("POST", f"Calls/CA1/Recordings/{sid}.json", ("Status", "paused"))) == (
        404,
        20404,
    )
    path = f"Calls/{leg.sid}/Recordings/{sid}.json"
    assert code(street.rest("POST", path, ("Status", "gone"))) == (400, 20001)
    street.rest("POST", f"Calls/{leg.sid}.json", ("Status", "completed"))
    assert code(street.rest("POST", f"Calls/{leg.sid}/Recordings.json")) == (400, 21220)
    room = "Conferences/room/Participants.json"
    assert code(street.rest("POST", room, ("To", "x"), ("From", NUMBER))) == (400, 21211)
    assert code(street.rest("POST", room, ("To", DESK), ("From", DESK))) == (400, 21210)


# What goes wrong on order


@pytest.mark.parametrize(
    ("what", "done", "status"),
    [
        (Fault.TOO_MANY, False, 429),
        (Fault.UNAVAILABLE, False, 503),
        (Fault.LOST, True, 503),
        (Fault.GARBAGE, True, 201),
        (Fault.RESET, True, None),
        (Fault.HANG, True, None),
    ],
)
def test_a_fault_stands_in_place_of_the_answer(what: Fault, done: bool, status: int | None) -> None:
    street = Street({})
    normal = street.rest("POST", "Messages.json", ("To", DESK), ("From", NUMBER), ("Body", "a"))
    fault = RestFault(what, retry_after_s=2)
    given: Any = fault.in_place_of(normal)
    assert fault.done is done
    assert (given and given.status) == status
    if what is Fault.TOO_MANY:
        assert (given.body["code"], given.headers) == (20429, {"Retry-After": "2"})
    if what is Fault.GARBAGE:
        assert isinstance(given.body, bytes)


def test_faults_happen_in_turn_to_what_they_are_for() -> None:
    faults = RestFaults(
        RestFault(Fault.TOO_MANY, "Calls", "POST", times=2), RestFault(Fault.LOST, "Calls")
    )
    assert faults.take("GET", "/Messages.json") is None
    taken = [faults.take("POST", "/Calls.json") for _ in range(4)]
    assert [fault and fault.what for fault in taken] == [
        Fault.TOO_MANY, Fault.TOO_MANY, Fault.LOST, None,
    ]  # fmt: skip
    assert RestFault(Fault.TOO_MANY).in_place_of(None).headers == {}  # type: ignore[union-attr]
