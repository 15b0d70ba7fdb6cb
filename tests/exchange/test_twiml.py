"""The documents an exchange takes, and those it refuses."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.sim.exchange.elements import BadDocument
from agent.sim.exchange.stream_elements import stream_url
from agent.sim.exchange.twiml import read_document
from agent.sim.exchange.verbs import (
    Callback,
    Conference,
    Connect,
    Dial,
    Gather,
    Hangup,
    Number,
    Pause,
    Play,
    Record,
    Redirect,
    Refer,
    Reject,
    Say,
    Start,
    Stop,
    Stream,
    Verb,
)
from agent.telephony.twilio import dial as ours
from agent.telephony.twilio.twiml import connect_stream, hang_up, say_and_hang_up
from agent.telephony.twilio.twiml import reject as rejection

A = "https://a.example.com/x"


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("<Say>Hello <break/>  there</Say>", Say("Hello there")),
        ('<Say language="de-DE" voice="x" loop="2">Tag</Say>', Say("Tag", "de-DE", 2)),
        ("<Play>a.mp3</Play>", Play("a.mp3")),
        ('<Play digits="1w2#"/>', Play(digits="1w2#")),
        ("<Pause/>", Pause()),
        ('<Pause length="3"/>', Pause(3)),
        ("<Redirect> /next </Redirect>", Redirect("/next")),
        ('<Redirect method="GET">/next</Redirect>', Redirect("/next", "GET")),
        ("<Hangup/>", Hangup()),
        ("<Reject/>", Reject()),
        ('<Reject reason="busy"/>', Reject("busy")),
        (
            f'<Connect action="{A}"><Stream url="wss://h/m"/></Connect>',
            Connect(Stream("wss://h/m"), Callback(A)),
        ),
        (
            '<Start><Stream url="wss://h/m" name="a" track="both_tracks"/></Start>',
            Start(Stream("wss://h/m", "a", "both_tracks")),
        ),
        ('<Stop><Stream name="a"/></Stop>', Stop("a")),
        ("<Dial>+15550100199</Dial>", Dial((Number("+15550100199"),))),
        (
            '<Dial timeout="20" timeLimit="60" callerId="+15550100100" answerOnBridge="true" '
            f'hangupOnStar="true" action="{A}" method="GET"><Number url="/s" method="GET" '
            'statusCallback="/t" statusCallbackEvent="initiated answered">+15550100199</Number>'
            "<Sip>sip:desk@pbx.example.com?X-Case=4&amp;X-B=1</Sip></Dial>",
            Dial(
                (
                    Number(
                        "+15550100199",
                        Callback("/s", "GET"),
                        Callback("/t", "POST", ("initiated", "answered")),
                    ),
                    Number("sip:desk@pbx.example.com?X-Case=4&X-B=1"),
                ),
                None,
                Callback(A, "GET"),
                20,
                60,
                "+15550100100",
                True,
                True,
            ),
        ),
        (
            '<Dial><Conference startConferenceOnEnter="false" endConferenceOnExit="true" '
            'muted="true" participantLabel="l" beep="false">room</Conference></Dial>',
            Dial(room=Conference("room", "l", True, False, True)),
        ),
        (
            f'<Record action="{A}" timeout="2" maxLength="9" finishOnKey="#" playBeep="false"/>',
            Record(Callback(A), 2, 9, "#", False),
        ),
        (
            '<Gather numDigits="1" timeout="3" actionOnEmptyResult="true"><Say>Press.</Say>'
            "</Gather>",
            Gather((Say("Press."),), None, 3, 1, "#", True),
        ),
        ("<Refer><Sip>sip:a@b.example.com</Sip></Refer>", Refer("sip:a@b.example.com")),
    ],
)
def test_every_verb_is_read(text: str, verb: Verb) -> None:
    assert read_document(f"<Response>{text}</Response>").verbs == (verb,)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", 12100),
        ("no xml", 12100),
        ("<Response>", 12100),
        ("<Answer/>", 12100),
        (f"<Response>{' ' * 70_000}</Response>", 12100),
        *(
            (f"<Response>{inside}</Response>", 12200)
            for inside in (
                "text",
                "<Sing/>",
                "<Start/>",
                "<Start action='/a'><Stream url='wss://h/m'/></Start>",
                "<Start><Stream url='wss://h/m'/><Stream url='wss://h/n'/></Start>",
                "<Stop/>",
                "<Stop><Stream/></Stop>",
                "<Stop><Stream name=''/></Stop>",
                "<Stop><Stream name='a' url='wss://h/m'/></Stop>",
                "<Stop><Stream name='a'><Parameter name='a' value='b'/></Stream></Stop>",
                "<Stream url='wss://h/m'/>",
                "<Hangup now='yes'/>",
                "<Hangup>now</Hangup>",
                "<Say/>",
                "<Say loop='x'>a</Say>",
                "<Say><Pause/></Say>",
                "<Play/>",
                "<Play digits='1'>a.mp3</Play>",
                "<Play digits='1z'/>",
                "<Pause length='-1'/>",
                "<Pause length='999'/>",
                "<Redirect/>",
                "<Redirect method='PUT'>/a</Redirect>",
                "<Reject reason='tired'/>",
                "<Connect/>",
                "<Connect>text<Stream url='wss://h/m'/></Connect>",
                "<Connect><Stream url='wss://h/m'/><Stream url='wss://h/n'/></Connect>",
                "<Connect><Say>a</Say></Connect>",
                "<Connect><Stream url='wss://h/m' audioFormat='pcm'/></Connect>",
                "<Connect><Stream url='wss://h/m'><Say>a</Say></Stream></Connect>",
                "<Connect><Stream url='wss://h/m'><Parameter name='a'/></Stream></Connect>",
                f"<Connect><Stream url='wss://h/m'><Parameter name='a' value='{'v' * 499}'/>"
                "</Stream></Connect>",
                "<Dial/>",
                "<Dial>12</Dial>",
                "<Dial><Number>anybody</Number></Dial>",
                "<Dial><Sip>desk@pbx</Sip></Dial>",
                "<Dial><Say>a</Say></Dial>",
                "<Dial><Conference/></Dial>",
                "<Dial><Conference>a</Conference><Number>+15550100199</Number></Dial>",
                "<Dial timeout='0'>+15550100199</Dial>",
                "<Dial answerOnBridge='yes'>+15550100199</Dial>",
                "<Record finishOnKey='x'/>",
                "<Gather input='voice'/>",
                "<Gather><Hangup/></Gather>",
                "<Refer><Number>+15550100199</Number></Refer>",
            )
        ),
        ("<Response><Connect><Stream/></Connect></Response>", 31923),
    ],
)
def test_what_breaks_a_rule_is_refused_with_its_number(text: str, code: int) -> None:
    with pytest.raises(BadDocument) as refused:
        read_document(text)
    assert refused.value.code == code


def test_a_parameter_of_499_characters_with_its_name_passes() -> None:
    parameter = f"<Parameter name='a' value='{'v' * 498}'/>"
    text = f"<Response><Connect><Stream url='wss://h/m'>{parameter}</Stream></Connect></Response>"
    [verb] = read_document(text).verbs
    assert isinstance(verb, Connect)
    assert len(verb.stream.parameters["a"]) == 498


def test_a_streams_url_is_where_it_says_without_its_query() -> None:
    assert stream_url(Stream("wss://h/m?x=1"), A) == "wss://h/m"
    assert stream_url(Stream("/m"), A) == "wss://a.example.com/m"
    assert stream_url(Stream("ws://localhost:1/m"), A) == "ws://localhost:1/m"


def test_the_documents_of_this_service_are_all_taken() -> None:
    person = ours.Leg("+15550100199")
    desk = ours.Leg("sip:desk@pbx.example.com", {"X-Case": "4 & 5"})
    words = 'A & B <say> "this"'
    documents = [
        connect_stream("wss://h/m", {"a": words}, status_callback=A, then=A, pause_s=1),
        hang_up(),
        rejection(),
        say_and_hang_up(words, "en-US"),
        ours.dial(person, action="/a", ring_s=20, time_limit_s=60, progress="/p", say=words),
        ours.dial(desk, action="/a", ring_s=20, time_limit_s=60, caller_id="+15550100100"),
        ours.refer(desk, action="/a"),
        ours.record(
            say=words, language="en-US", action="/a", callback="/c", longest_s=60, pause_s=5
        ),
        ours.conference("room", action="/a", time_limit_s=60, starts=True, events="/e", hold="/h"),
        ours.ask_for_key(words, language="en-US", action="/a", wait_s=5),
        ours.redirect("/a"),
    ]
    for document in documents:
        read_document(document)


@given(st.text())
def test_no_text_makes_it_fail_in_another_way(text: str) -> None:
    for document in (text, f"<Response>{text}</Response>"):
        with suppress(BadDocument):
            read_document(document)
