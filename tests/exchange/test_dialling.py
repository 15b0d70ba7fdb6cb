"""Calls that are connected with others: numbers, SIP addresses, conferences, handing over."""

import pytest

from agent.sim.exchange.leg import Leg
from agent.sim.exchange.plan import CallOptions, Party, World
from agent.sim.script import Leave, Pause, Press, Say, Script, WaitForEnd
from tests.exchange.street import CALLER, DESK, HOST, NUMBER, OTHER, Street
from tests.sim.lines import tone

STAYS = [WaitForEnd(timeout_s=600)]
DIAL = "<Dial action='/dialed' timeout='20'>{}</Dial>"


def reaching(party: Party, document: str = DIAL.format(DESK), **more: str) -> Street:
    """A street where the desk is this party."""
    return Street({"voice": document, "dialed": "<Hangup/>", **more}, World({DESK: party}))


def other(street: Street) -> Leg:
    """The leg that was dialled."""
    return list(street.exchange.legs.values())[1]


@pytest.mark.parametrize(
    ("party", "status", "answered"),
    [
        (Party(outcome="busy"), "busy", False),
        (Party(outcome="failed"), "failed", False),
        (Party(outcome="no-answer"), "no-answer", False),
        (Party(after_s=30.0), "no-answer", False),
        (Party(script=[Pause(3.0), Leave()]), "completed", True),
        (Party(answered_by="machine", script=[Pause(3.0), Leave()]), "completed", True),
    ],
)
def test_the_action_is_told_what_became_of_the_dialling(
    party: Party, status: str, answered: bool
) -> None:
    street = reaching(party)
    leg = street.call(STAYS)
    street.over(leg)
    [told] = street.told("dialed")
    assert told["DialCallStatus"] == status
    assert told["DialCallSid"] == other(street).sid
    assert told.get("DialCallDuration") == ("3" if answered else None)
    child = other(street)
    assert (child.call.direction, child.call.parent) == ("outbound-dial", leg.sid)
    assert child.call.from_ == CALLER
    assert child.over


def test_without_an_action_the_next_verb_follows() -> None:
    document = f"<Dial>{DESK}</Dial><Redirect>/after</Redirect>"
    street = reaching(Party(outcome="busy"), document, after="<Hangup/>")
    leg = street.call(STAYS)
    street.over(leg)
    assert street.pages() == ["voice", "after"]


def test_the_two_hear_each_other_until_one_of_them_goes() -> None:
    hello = tone(0.5, "hello")
    person = Party(script=[Pause(1.0), Say(hello), Pause(3.0), Leave()])
    street = reaching(person)
    leg = street.call([Pause(3.0), Say(tone(0.5, "who is it")), *STAYS])
    street.over(leg)
    assert leg.report().heard.any()
    heard = other(street).report().heard
    assert heard.any()
    assert not heard[:8000].any()


def test_the_caller_rings_on_until_somebody_answers_if_it_is_wanted() -> None:
    document = f"<Dial answerOnBridge='true'>{DESK}</Dial>"
    street = reaching(Party(after_s=5.0, script=[Pause(1.0), Leave()]), document)
    leg = street.call(STAYS)
    street.over(leg)
    assert leg.answered_at == pytest.approx(105.0, abs=0.1)


def test_the_first_who_answers_has_the_call_and_the_others_stop_ringing() -> None:
    document = DIAL.format(f"<Number>{DESK}</Number><Number>{OTHER}</Number>")
    street = Street(
        {"voice": document, "dialed": "<Hangup/>"},
        World({DESK: Party(after_s=9.0), OTHER: Party(script=[Pause(1.0), Leave()])}),
    )
    leg = street.call(STAYS)
    street.over(leg)
    _, slow, quick = street.exchange.legs.values()
    assert (slow.status, quick.status) == ("canceled", "completed")
    assert street.told("dialed")[0]["DialCallSid"] == quick.sid


def test_whoever_is_called_can_be_asked_first() -> None:
    number = f"<Number url='/screen'>{DESK}</Number>"
    accept = "<Gather numDigits='1' action='/key'><Say>Press one.</Say></Gather><Hangup/>"
    for key, through in (("1", True), ("2", False)):
        street = reaching(
            Party(script=[Pause(2.0), Press(key), Pause(3.0), Leave()]),
            DIAL.format(number),
            screen=accept,
            key="<Pause length='1'/>" if through else "<Hangup/>",
        )
        leg = street.call(STAYS)
        street.over(leg)
        [told] = street.told("dialed")
        assert (told.get("DialBridged") == "true") is through
        [screened] = street.told("screen")
        assert screened["ParentCallSid"] == leg.sid
        assert screened["CallSid"] == other(street).sid


def test_whoever_is_called_is_told_of_with_the_events_that_were_asked_for() -> None:
    number = (
        f"<Number statusCallback='{HOST}/leg' "
        f"statusCallbackEvent='initiated ringing answered completed'>{DESK}</Number>"
    )
    street = reaching(Party(script=[Pause(1.0), Leave()]), DIAL.format(number), leg="")
    leg = street.call(STAYS)
    street.over(leg)
    told = [(fields["SequenceNumber"], fields["CallStatus"]) for fields in street.told("leg")]
    assert told == [("0", "initiated"), ("1", "ringing"), ("2", "in-progress"), ("3", "completed")]


def test_a_caller_who_hangs_up_takes_the_dialled_call_along() -> None:
    street = reaching(Party(after_s=1.0))
    leg = street.call([Pause(4.0), Leave()])
    street.over(leg)
    assert other(street).status == "completed"
    assert street.told("dialed") == []
    assert street.exchange.next_timer() is None


def test_a_star_ends_the_talk_if_it_may() -> None:
    document = f"<Dial action='/dialed' hangupOnStar='true'>{DESK}</Dial>"
    street = reaching(Party(), document)
    leg = street.call([Pause(4.0), Press("*"), *STAYS])
    street.over(leg)
    assert street.told("dialed")[0]["DialCallDuration"] == "3"
    assert other(street).over


def test_a_sip_address_is_reached_without_its_headers() -> None:
    address = "sip:desk@pbx.example.com"
    street = Street(
        {"voice": DIAL.format(f"<Sip>{address}?X-Case=4</Sip>"), "dialed": "<Hangup/>"},
        World({address: Party(outcome="busy")}),
    )
    leg = street.call(STAYS)
    street.over(leg)
    assert street.told("dialed")[0]["DialCallStatus"] == "busy"
    assert other(street).sip_code == 486


# Conferences

ROOM = (
    f"<Dial action='/left'><Conference statusCallback='{HOST}/room' "
    "statusCallbackEvent='start end join leave mute hold' {}>room</Conference></Dial>"
)


def in_room(terms: str = "", world: World | None = None) -> tuple[Street, Leg]:
    """A caller who waits in a conference."""
    street = Street({"voice": ROOM.format(terms), "left": "<Hangup/>", "room": ""}, world)
    leg = street.call(STAYS)
    street.until(0.5)
    return street, leg


def add(street: Street, **fields: str) -> str:
    """Call somebody into the room; the sid of his call."""
    given = street.rest(
        "POST", "Conferences/room/Participants.json",
        ("To", DESK), ("From", NUMBER), *fields.items(),
    )  # fmt: skip
    assert given.status == 201
    assert isinstance(given.body, dict)
    sid: str = given.body["call_sid"]
    return sid


def happened(street: Street) -> list[str]:
    return [fields["StatusCallbackEvent"] for fields in street.told("room")]


def test_a_person_joins_a_waiting_caller_and_they_hear_each_other() -> None:
    world = World({DESK: Party(script=[Pause(1.0), Say(tone(0.5, "hello")), *STAYS])})
    street, leg = in_room("startConferenceOnEnter='false' endConferenceOnExit='true'", world)
    person = street.exchange.legs[add(street, Label="person")]
    street.until(5.0)
    assert happened(street) == ["participant-join", "participant-join", "conference-start"]
    joined = street.told("room")[1]
    assert (joined["ParticipantLabel"], joined["CallSid"]) == ("person", person.sid)
    street.rest("POST", f"Calls/{leg.sid}.json", ("Status", "completed"))
    street.until(7.0)
    assert person.over
    assert leg.report().heard.any()
    assert happened(street)[3:] == ["participant-leave", "participant-leave", "conference-end"]
    assert "exit" in street.told("room")[-1]["ReasonConferenceEnded"]
    assert street.told("left") == []


def test_when_the_room_ends_who_is_left_asks_his_action() -> None:
    world = World({DESK: Party(script=[Pause(2.0), Leave()])})
    street, leg = in_room("", world)
    add(street, EndConferenceOnExit="true")
    street.over(leg)
    [told] = street.told("left")
    assert told["DialCallStatus"] == "completed"
    assert leg.status == "completed"


def test_somebody_can_be_held_muted_put_out_and_let_back() -> None:
    street, leg = in_room()
    sid = add(street)
    street.until(3.0)
    path = f"Conferences/room/Participants/{sid}.json"
    for fields in (("Hold", "true"), ("Hold", "false"), ("Muted", "true"), ("Muted", "true")):
        assert street.rest("POST", path, fields).status == 200
    given = street.rest("GET", path)
    assert isinstance(given.body, dict)
    assert (given.body["muted"], given.body["hold"]) == (True, False)
    assert street.rest("DELETE", path).status == 204
    street.until(4.0)
    assert street.exchange.legs[sid].over
    assert not leg.over
    assert happened(street)[3:] == [
        "participant-hold", "participant-unhold", "participant-mute", "participant-leave",
    ]  # fmt: skip


def test_who_is_on_hold_neither_hears_nor_is_heard() -> None:
    speaks: Script = [Pause(2.0), Say(tone(1.0, "hello")), *STAYS]
    street, leg = in_room("", World({DESK: Party(script=speaks)}))
    sid = add(street)
    street.until(2.0)
    street.rest("POST", f"Conferences/room/Participants/{sid}.json", ("Hold", "true"))
    street.until(6.0)
    street.rest("POST", f"Calls/{leg.sid}.json", ("Status", "completed"))
    assert not leg.report().heard.any()


def test_a_person_who_is_busy_never_comes() -> None:
    street, leg = in_room("", World({DESK: Party(outcome="busy")}))
    sid = add(street, StatusCallback=f"{HOST}/left")
    street.until(5.0)
    assert street.exchange.legs[sid].status == "busy"
    assert street.told("left")[0]["SipResponseCode"] == "486"
    assert not leg.over


def test_a_conference_can_be_ended_and_is_not_found_afterwards() -> None:
    street, leg = in_room()
    given = street.rest("GET", "Conferences.json", ("FriendlyName", "room"))
    assert isinstance(given.body, dict)
    [found] = given.body["conferences"]
    assert found["status"] == "init"
    people = street.rest("GET", f"Conferences/{found['sid']}/Participants.json")
    assert isinstance(people.body, dict)
    assert [one["call_sid"] for one in people.body["participants"]] == [leg.sid]
    assert street.rest("POST", "Conferences/room.json", ("Status", "open")).status == 400
    assert street.rest("POST", "Conferences/room.json", ("Status", "completed")).status == 200
    street.over(leg)
    assert street.rest("POST", "Conferences/room.json", ("Status", "completed")).status == 404
    assert street.told("left") != []


# Handing over


@pytest.mark.parametrize(
    ("outcome", "status", "code"), [("answer", "completed", "200"), ("busy", "failed", "486")]
)
def test_a_sip_call_is_handed_over(outcome: str, status: str, code: str) -> None:
    address = "sip:desk@pbx.example.com"
    party = Party(outcome="answer" if outcome == "answer" else "busy")
    document = f"<Refer action='/done'><Sip>{address}</Sip></Refer><Redirect>/next</Redirect>"
    street = Street({"voice": document, "done": "<Hangup/>"}, World({address: party}))
    leg = street.call(STAYS, CallOptions(fields={"SipDomain": "x.sip.example.com"}))
    street.over(leg)
    [told] = street.told("done")
    assert told["ReferCallStatus"] == status
    assert told["NotifySipResponseCode"] == code


def test_a_call_that_did_not_come_by_sip_cannot_be_handed_over() -> None:
    document = "<Refer action='/done'><Sip>sip:desk@pbx.example.com</Sip></Refer>"
    street = Street({"voice": document, "done": "<Hangup/>"})
    leg = street.call(STAYS)
    street.over(leg)
    assert street.told("done")[0]["ReferCallStatus"] == "failed"
    assert street.codes() == [13710]


def test_a_star_leaves_a_conference_if_it_may() -> None:
    document = "<Dial action='/left' hangupOnStar='true'><Conference>room</Conference></Dial>"
    street = Street({"voice": document, "left": "<Hangup/>"})
    leg = street.call([Pause(2.0), Press("1"), Pause(1.0), Press("*"), *STAYS])
    street.over(leg)
    assert leg.ended_at == pytest.approx(103.4, abs=0.4)
    assert len(street.told("left")) == 1


def test_who_is_being_asked_is_given_time_beyond_the_ringing() -> None:
    document = f"<Dial action='/dialed' timeout='5'><Number url='/screen'>{DESK}</Number></Dial>"
    street = reaching(Party(), document, screen="<Pause length='8'/>")
    leg = street.call([Pause(15.0), Leave()])
    street.over(leg)
    assert other(street).answered_at == pytest.approx(101.0, abs=0.1)
    assert "participant-join" in street.noted(leg)


def test_who_calls_for_nobody_gives_up_when_the_ringing_ends() -> None:
    street = reaching(Party(after_s=60.0), "<Dial timeout='5' action='/dialed'>" + DESK + "</Dial>")
    leg = street.call(STAYS)
    street.over(leg)
    assert street.told("dialed")[0]["DialCallStatus"] == "no-answer"
    assert other(street).ended_at == pytest.approx(105.0, abs=0.1)
