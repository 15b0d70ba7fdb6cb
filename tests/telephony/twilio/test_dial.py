# mypy: disable-error-code="import-untyped, no-untyped-call"
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.twiml.voice_response import Dial, Gather, Refer, VoiceResponse

from agent.telephony.twilio import dial
from agent.telephony.twilio.dial import Leg

NUMBER = Leg("+15550100199")
DESK = Leg("sip:desk@pbx.example.com", {"X-Case": "42 & more", "X-Who": "Ann"})
DONE = "https://voice.example.test/done"
HOSTILE = "</Say><Dial>+1900</Dial>\x07\ud800 &amp;"


def canonical(document: str) -> str:
    return ElementTree.canonicalize(document)


def verbs(fill: Callable[[VoiceResponse], object]) -> str:
    response = VoiceResponse()
    fill(response)
    return canonical(str(response))


def test_a_number_is_dialled_as_the_carriers_own_library_says_it() -> None:
    def expected(response: VoiceResponse) -> None:
        response.say("One moment.", language="de-DE")
        verb = Dial(
            action=DONE,
            method="POST",
            timeLimit=3600,
            timeout=25,
            answerOnBridge=True,
            callerId="+15550100100",
        )
        verb.number(
            "+15550100199",
            status_callback="/progress",
            status_callback_method="POST",
            status_callback_event="answered",
        )
        response.append(verb)

    ours = dial.dial(
        NUMBER,
        action=DONE,
        ring_s=25.0,
        time_limit_s=3600.0,
        caller_id="+15550100100",
        progress="/progress",
        say="One moment.",
        language="de-DE",
    )
    assert canonical(ours) == verbs(expected)


def test_a_sip_address_is_dialled_with_its_headers() -> None:
    def expected(response: VoiceResponse) -> None:
        verb = Dial(action=DONE, method="POST", timeLimit=60, timeout=5, answerOnBridge=True)
        verb.sip("sip:desk@pbx.example.com?X-Case=42%20%26%20more&X-Who=Ann")
        response.append(verb)

    ours = dial.dial(DESK, action=DONE, ring_s=5, time_limit_s=60)
    assert canonical(ours) == verbs(expected)
    assert "&amp;X-Who" in ours


def test_a_call_that_is_passed_on_never_lasts_for_ever() -> None:
    ours = dial.dial(NUMBER, action=DONE, ring_s=5, time_limit_s=1e9)
    assert f'timeLimit="{dial.LONGEST_CALL_S}"' in ours


def test_a_sip_call_is_handed_over() -> None:
    def expected(response: VoiceResponse) -> None:
        verb = Refer(action=DONE, method="POST")
        verb.sip("sip:desk@pbx.example.com?X-Case=42%20%26%20more&X-Who=Ann")
        response.append(verb)

    assert canonical(dial.refer(DESK, action=DONE)) == verbs(expected)


def test_a_message_is_recorded() -> None:
    def expected(response: VoiceResponse) -> None:
        response.say("After the tone.", language="en-US")
        response.record(
            action=DONE,
            method="POST",
            max_length=120,
            timeout=5,
            finish_on_key="#",
            play_beep=True,
            trim="trim-silence",
            recording_status_callback="/recorded",
            recording_status_callback_method="POST",
        )
        response.hangup()

    ours = dial.record(
        say="After the tone.",
        language="en-US",
        action=DONE,
        callback="/recorded",
        longest_s=120.0,
        pause_s=5.0,
    )
    assert canonical(ours) == verbs(expected)


def test_one_side_of_a_conference_waits_for_the_other() -> None:
    def waits(response: VoiceResponse) -> None:
        verb = Dial(action=DONE, method="POST", timeLimit=600)
        verb.conference(
            "warm-CA1",
            start_conference_on_enter=False,
            end_conference_on_exit=True,
            beep=False,
            wait_url="https://cdn.example.com/hold.mp3",
            wait_method="GET",
            status_callback="/events",
            status_callback_method="POST",
            status_callback_event="join leave end",
        )
        response.append(verb)

    ours = dial.conference(
        "warm-CA1",
        action=DONE,
        time_limit_s=600,
        starts=False,
        events="/events",
        hold="https://cdn.example.com/hold.mp3",
    )
    assert canonical(ours) == verbs(waits)


def test_the_other_side_begins_it() -> None:
    def begins(response: VoiceResponse) -> None:
        verb = Dial(action=DONE, method="POST", timeLimit=600)
        verb.conference(
            "warm-CA1",
            start_conference_on_enter=True,
            end_conference_on_exit=True,
            beep=False,
        )
        response.append(verb)

    ours = dial.conference("warm-CA1", action=DONE, time_limit_s=600, starts=True)
    assert canonical(ours) == verbs(begins)


def test_a_person_is_asked_twice_for_a_key() -> None:
    def expected(response: VoiceResponse) -> None:
        for _ in range(2):
            gather = Gather(input="dtmf", num_digits=1, timeout=6, action="/answer", method="POST")
            gather.say("Press 1.", language="en-US")
            response.append(gather)
        response.redirect("/answer", method="POST")

    ours = dial.ask_for_key("Press 1.", language="en-US", action="/answer", wait_s=6.0)
    assert canonical(ours) == verbs(expected)


def test_the_person_may_answer_by_voice() -> None:
    def expected(response: VoiceResponse) -> None:
        gather = Gather(
            input="dtmf speech",
            num_digits=1,
            timeout=6,
            action="/answer",
            method="POST",
            language="en-US",
            hints="yes,no",
            speech_timeout="auto",
        )
        gather.say("Yes?", language="en-US")
        response.append(gather)
        response.redirect("/answer", method="POST")

    ours = dial.ask_for_key(
        "Yes?", language="en-US", action="/answer", wait_s=6.0, hints=("yes", "no"), times=1
    )
    assert canonical(ours) == verbs(expected)


def test_the_carrier_dials_on_the_line() -> None:
    def expected(response: VoiceResponse) -> None:
        response.play(digits="1w2#")
        response.redirect("/dialled", method="POST")

    assert canonical(dial.play_digits("1w2#", then="/dialled")) == verbs(expected)


def test_the_carrier_is_sent_on() -> None:
    assert canonical(dial.redirect("/enter")) == verbs(
        lambda response: response.redirect("/enter", method="POST")
    )


DOCUMENTS: list[Callable[[str], str]] = [
    lambda text: dial.ask_for_key(text, language="en-US", action="/a", wait_s=5),
    lambda text: dial.dial(NUMBER, action="/a", ring_s=5, time_limit_s=60, say=text),
    lambda text: dial.dial(Leg(text), action="/a", ring_s=5, time_limit_s=60),
    lambda text: dial.refer(Leg("sip:a@b", {"X-A": text}), action="/a"),
    lambda text: dial.conference(text, action="/a", time_limit_s=60, starts=True),
    lambda text: dial.record(
        say=text, language="en-US", action="/a", callback="/b", longest_s=60, pause_s=5
    ),
]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_hostile_text_is_a_text_and_nothing_else(document: Callable[[str], str]) -> None:
    safe = HOSTILE.replace("\ud800", "")  # a lone surrogate cannot be a header of ours either
    plain = {element.tag for element in ElementTree.fromstring(document("x")).iter()}
    assert {element.tag for element in ElementTree.fromstring(document(safe)).iter()} == plain


@given(st.text())
def test_what_xml_cannot_carry_is_left_out(text: str) -> None:
    ElementTree.fromstring(dial.ask_for_key(text, language="en", action="/a", wait_s=5).encode())
    assert dial.carried(dial.carried(text)) == dial.carried(text)


def test_nothing_is_said_where_there_are_no_words() -> None:
    assert "<Say" not in dial.dial(NUMBER, action="/a", ring_s=5, time_limit_s=60, say=" \x07 ")


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ("completed", None),
        ("answered", None),
        ("busy", "the line is busy"),
        ("no-answer", "nobody answered"),
        ("canceled", "it was called off"),
        ("failed", "the call could not be put through"),
        ("", "the call could not be put through"),
        ("<evil>", "the call could not be put through"),
    ],
)
def test_what_became_of_it_is_told_in_words(status: str, why: str | None) -> None:
    assert dial.failure(status) == why


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"ReferCallStatus": "completed"}, None),
        ({"ReferCallStatus": "failed", "NotifySipResponseCode": "200"}, None),
        ({"ReferSipResponseCode": "202", "NotifySipResponseCode": "486"}, "the line is busy"),
        ({"ReferSipResponseCode": "480"}, "nobody answered"),
        ({"ReferSipResponseCode": "405"}, "the call could not be put through"),
        ({}, "the call could not be put through"),
    ],
)
def test_what_became_of_a_call_that_was_handed_over(fields: dict[str, str], why: str) -> None:
    assert dial.refer_failure(fields) == why
