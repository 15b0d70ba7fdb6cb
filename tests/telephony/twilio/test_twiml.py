# mypy: disable-error-code="import-untyped, no-untyped-call"
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.twiml.voice_response import Connect, Hangup, Reject, Say, VoiceResponse

from agent.errors import ConfigError, LocalProtocolError
from agent.telephony.twilio.twiml import (
    connect_stream,
    hang_up,
    nothing,
    reject,
    say_and_hang_up,
)

URL = "wss://voice.example.test/twilio/media/eu1"


def canonical(document: str) -> str:
    return ElementTree.canonicalize(document)


def test_stream_document_says_what_the_carriers_own_library_says() -> None:
    response = VoiceResponse()
    connect = Connect()
    stream = connect.stream(
        url=URL,
        status_callback="https://voice.example.test/twilio/stream-status",
        status_callback_method="POST",
    )
    stream.parameter(name="tenant", value="t-17")
    stream.parameter(name="quote", value="<\"Fish & Chips'>")
    response.append(connect)

    ours = connect_stream(
        URL,
        {"tenant": "t-17", "quote": "<\"Fish & Chips'>"},
        status_callback="https://voice.example.test/twilio/stream-status",
    )

    assert canonical(ours) == canonical(str(response))
    assert ours.startswith('<?xml version="1.0" encoding="UTF-8"?><Response>')


def test_endings_say_what_the_carriers_own_library_says() -> None:
    for ours, verbs in (
        (hang_up(), [Hangup()]),
        (say_and_hang_up("Zwölf < 13 & mehr", "de-DE"), [
            Say("Zwölf < 13 & mehr", language="de-DE"), Hangup()]),
        (reject(), [Reject()]),
    ):  # fmt: skip
        response = VoiceResponse()
        for verb in verbs:
            response.append(verb)
        assert canonical(ours) == canonical(str(response))


xml_text = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")
)


@given(st.dictionaries(xml_text.filter(bool), xml_text, max_size=4))
def test_parameters_survive_the_carriers_parser(parameters: dict[str, str]) -> None:
    root = ElementTree.fromstring(connect_stream(URL, parameters).encode())

    assert {p.attrib["name"]: p.attrib["value"] for p in root.iter("Parameter")} == parameters


def test_a_parameter_reaches_499_characters_and_no_more() -> None:
    assert "x" * 490 in connect_stream(URL, {"n" * 9: "x" * 490})
    with pytest.raises(LocalProtocolError, match="500"):
        connect_stream(URL, {"n" * 10: "x" * 490})


@pytest.mark.parametrize(
    "url",
    [
        "https://voice.example.test/media",
        "ws://voice.example.test/media",
        "wss:///media",
        "wss://voice.example.test",
        "wss://voice.example.test/",
        "wss://voice.example.test/media/",
        "wss://voice.example.test/media?tenant=1",
        "wss://voice.example.test/media#x",
    ],
)
def test_urls_the_carrier_would_refuse_are_refused_here(url: str) -> None:
    with pytest.raises(ConfigError, match="media URL"):
        connect_stream(url, {})


def test_plain_websocket_is_for_loopback() -> None:
    for host in ("127.0.0.1:8080", "localhost", "[::1]:8080"):
        assert host in connect_stream(f"ws://{host}/media", {})


def test_what_xml_cannot_carry_is_refused() -> None:
    with pytest.raises(LocalProtocolError, match="XML"):
        say_and_hang_up("bell \x07", "en-US")


def test_what_follows_a_stream_stands_after_it_and_a_pause_before() -> None:
    response = VoiceResponse()
    response.pause(length=1)
    connect = Connect()
    connect.stream(url=URL)
    response.append(connect)
    response.redirect("https://voice.example.test/continue?a=1&b=2", method="POST")

    ours = connect_stream(URL, {}, then="https://voice.example.test/continue?a=1&b=2", pause_s=1)

    assert canonical(ours) == canonical(str(response))
    assert canonical(nothing()) == canonical(str(VoiceResponse()))


HOSTILE = [
    "</Say><Dial>+19005550100</Dial><Say>",
    '"/><Parameter name="tenant" value="other"/><Parameter name="x" value="',
    "<![CDATA[</Response>]]>",
    "<!-- --><!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>&e;&amp;&#60;",
    "' onclick='x' & \u2028 \U0001f600",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_strangers_is_text_and_nothing_else(text: str) -> None:
    said = ElementTree.fromstring(say_and_hang_up(text, "en-US").encode())
    assert [child.tag for child in said] == ["Say", "Hangup"]
    assert said.findtext("Say") == text
    joined = ElementTree.fromstring(connect_stream(URL, {"name": text}).encode())
    assert [child.tag for child in joined.iter()] == ["Response", "Connect", "Stream", "Parameter"]
    assert [p.attrib for p in joined.iter("Parameter")] == [{"name": "name", "value": text}]
