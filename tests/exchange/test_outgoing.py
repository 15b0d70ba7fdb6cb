"""Calls that are made: how they ring, who answers, and what is found out about him."""

from typing import Any

import pytest

from agent.sim.exchange.leg import Leg
from agent.sim.exchange.plan import Party, World
from agent.sim.script import Leave, Pause, Script
from tests.exchange.street import DESK, HOST, MEDIA, NUMBER, Street

PATIENT: Script = [Pause(20.0), Leave()]
ALL_EVENTS = [("StatusCallbackEvent", e) for e in ("initiated", "ringing", "answered", "completed")]
STATUS = ("StatusCallback", f"{HOST}/status")


def place(street: Street, *fields: tuple[str, str]) -> Leg:
    """Make a call to the desk; its document is at `/out`."""
    given = street.rest(
        "POST", "Calls.json", ("To", DESK), ("From", NUMBER), ("Url", f"{HOST}/out"), *fields
    )
    assert given.status == 201, given.body
    body: Any = given.body
    assert body["status"] == "queued"
    return street.exchange.legs[body["sid"]]


def town(party: Party, **more: str) -> Street:
    return Street(
        {"out": "<Pause length='2'/>", "status": "", "amd": "", **more}, World({DESK: party})
    )


def test_a_call_rings_is_answered_and_asks_for_its_document() -> None:
    street = town(Party(script=PATIENT))
    leg = place(street, STATUS, *ALL_EVENTS)
    street.until(0.9)
    assert leg.status == "ringing"
    street.over(leg)
    [told] = street.told("out")
    assert (told["Direction"], told["CallStatus"]) == ("outbound-api", "in-progress")
    assert (told["To"], told["From"]) == (DESK, NUMBER)
    assert "AnsweredBy" not in told
    statuses = [(t["SequenceNumber"], t["CallStatus"]) for t in street.told("status")]
    assert statuses == [
        ("0", "initiated"), ("1", "ringing"), ("2", "in-progress"), ("3", "completed"),
    ]  # fmt: skip
    assert street.told("status")[3]["CallDuration"] == "2"


@pytest.mark.parametrize(
    ("party", "status", "code"),
    [
        (Party(outcome="busy"), "busy", "486"),
        (Party(outcome="no-answer"), "no-answer", "480"),
        (Party(outcome="failed"), "failed", "503"),
        (Party(after_s=90.0), "no-answer", "480"),
    ],
)
def test_a_call_that_is_not_answered_says_why_under_the_event_completed(
    party: Party, status: str, code: str
) -> None:
    street = town(party)
    leg = place(street, STATUS)
    street.over(leg, within_s=120)
    [told] = street.told("status")
    assert (told["CallStatus"], told["SipResponseCode"]) == (status, code)
    assert told["CallDuration"] == "0"
    assert street.told("out") == []


@pytest.mark.parametrize(
    ("party", "mode", "found", "asked_s"),
    [
        (Party(), "Enable", "human", 3.0),
        (Party(answered_by="machine", known_after_s=4.0), "Enable", "machine_start", 5.0),
        (Party(answered_by="machine"), "DetectMessageEnd", "machine_end_beep", 7.0),
        (Party(answered_by="fax"), "Enable", "fax", 3.0),
        (Party(answered_by="unknown", known_after_s=5.0), "Enable", "unknown", 6.0),
        (Party(known_after_s=40.0), "Enable", "unknown", 31.0),
    ],
)
def test_the_document_waits_for_what_detection_finds(
    party: Party, mode: str, found: str, asked_s: float
) -> None:
    street = town(party)
    place(street, ("MachineDetection", mode))
    street.until(asked_s - 0.1)
    assert street.told("out") == []
    street.until(asked_s + 0.1)
    assert street.told("out")[0]["AnsweredBy"] == found


def test_detection_can_run_beside_the_document_and_is_told_of_once() -> None:
    street = town(Party(answered_by="machine"), out=MEDIA)
    place(
        street,
        ("MachineDetection", "DetectMessageEnd"),
        ("AsyncAmd", "true"),
        ("AsyncAmdStatusCallback", f"{HOST}/amd"),
    )
    street.until(1.5)
    assert len(street.told("out")) == 1
    assert street.told("amd") == []
    street.until(20.0)
    [told] = street.told("amd")
    assert told["AnsweredBy"] == "machine_end_beep"
    assert told["MachineDetectionDuration"] == "6000"


def test_detection_of_a_call_that_is_over_is_not_told() -> None:
    street = town(Party(script=[Pause(0.5), Leave()]))
    place(
        street,
        ("MachineDetection", "Enable"),
        ("AsyncAmd", "true"),
        ("AsyncAmdStatusCallback", f"{HOST}/amd"),
    )
    street.until(20.0)
    assert street.told("amd") == []


def test_digits_are_pressed_for_the_callee_before_the_document() -> None:
    street = town(Party(script=PATIENT))
    leg = place(street, ("SendDigits", "1w2"), ("MachineDetection", "Enable"))
    street.until(1.5)
    assert street.told("out") == []
    street.over(leg)
    assert "AnsweredBy" not in street.told("out")[0]
    assert leg.report().heard.any()


def test_a_document_can_come_with_the_order() -> None:
    street = town(Party(script=PATIENT))
    for verb in ("<Sing/>", "<Say>a</Say>"):
        document = ("Twiml", f"<Response>{verb}</Response>")
        given = street.rest("POST", "Calls.json", ("To", DESK), ("From", NUMBER), document)
        assert given.status == 201
    street.until(10.0)
    assert street.codes() == [12200]
    assert "said" in [note.name for note in street.exchange.notes]
    assert all(leg.over for leg in street.exchange.legs.values())


def test_a_call_is_ended_at_the_time_limit_it_was_made_with() -> None:
    street = town(Party(), out="<Pause length='100'/>")
    leg = place(street, ("TimeLimit", "5"))
    street.over(leg)
    assert leg.ended_at == pytest.approx(106.0, abs=0.1)


def test_more_calls_than_begin_in_a_second_are_queued() -> None:
    street = Street({"out": "<Pause/>"}, World({}, Party(after_s=5.0), calls_per_s=1.0))
    legs = [place(street) for _ in range(3)]
    street.until(0.5)
    assert [str(leg.status) for leg in legs] == ["ringing", "queued", "queued"]
    street.until(2.5)
    assert [str(leg.status) for leg in legs] == ["ringing"] * 3


def test_the_fallback_of_the_order_is_asked_when_the_document_fails() -> None:
    street = town(Party(script=PATIENT), out="<Sing/>", plan_b="<Hangup/>")
    leg = place(street, ("FallbackUrl", f"{HOST}/plan_b"))
    street.over(leg)
    assert street.told("plan_b")[0]["ErrorCode"] == "12200"
