"""Calls that go badly without being lost: streams held up; and keys that can be heard."""

from base64 import b64decode

from agent.audio import mulaw
from agent.audio.tones import DtmfDetector
from agent.sim.exchange.plan import Break, CallOptions, Hold, StreamBreak, StreamHold, World
from agent.sim.exchange.signals import BreakSocket, HoldSocket
from agent.sim.script import Leave, Pause, Press, Script, WaitForEnd
from tests.exchange.street import DESK, HOST, MEDIA, NUMBER, Street, streaming

STREAM = (
    '<Connect><Stream url="wss://voice.example.com/media" name="leg" '
    f'statusCallback="{HOST}/stream"/></Connect>'
)
AGAIN = f"{STREAM}<Redirect>/continue</Redirect>"
STAYS: Script = [WaitForEnd(timeout_s=600)]


def test_a_stream_is_held_up_when_it_is_planned_and_goes_on() -> None:
    stall = StreamHold(Hold.STALL, 2.0, 1.0)
    deaf = StreamHold(Hold.DEAF, 1.0, 3.0)
    later = StreamHold(Hold.STALL, 0.5, 1.0, stream=2)
    options = CallOptions(
        holds=(stall, deaf, later),
        breaks=(StreamBreak(Break.RST, 4.0),),
        second_socket_after_s=3.0,
    )
    street = Street({"voice": AGAIN, "continue": AGAIN, "stream": ""})
    leg = street.call(STAYS, options)
    street.until(2.5)
    first = street.sockets[0][0].stream_sid
    assert street.done == [HoldSocket(first, deaf), HoldSocket(first, stall)]
    assert len(street.upgrades) == 1
    street.until(3.5)
    assert len(street.upgrades) == 2
    street.until(4.5)
    assert street.done[2:] == [BreakSocket(first, Break.RST)]
    street.lose(1006)
    street.until(6.0)
    assert street.done[3:] == [HoldSocket(street.sockets[1][0].stream_sid, later)]
    held = [note.values for note in street.exchange.notes if note.name == "stream.held"]
    assert [(one["how"], one["for_s"]) for one in held] == [
        ("DEAF", 3.0), ("STALL", 1.0), ("STALL", 1.0),
    ]  # fmt: skip
    assert streaming(leg)


def test_a_stream_that_is_lost_is_not_held_up_any_more() -> None:
    options = CallOptions(holds=(StreamHold(Hold.STALL, 2.0, 1.0),))
    street = Street({"voice": AGAIN, "continue": AGAIN, "stream": ""})
    street.call(STAYS, options)
    street.until(1.0)
    street.lose(1000)
    street.until(5.0)
    assert street.done == []


def test_calls_without_a_word_of_it_go_as_the_world_has_it_each_with_its_own_seed() -> None:
    world = World(options=CallOptions(tones=True, seed=40))
    street = Street({"voice": MEDIA}, world)
    first, second = street.call(STAYS), street.call(STAYS)
    plain = street.call(STAYS, CallOptions(seed=3))
    made = street.rest(
        "POST", "Calls.json", ("To", DESK), ("From", NUMBER), ("Url", f"{HOST}/voice")
    )
    assert isinstance(made.body, dict)
    ordered = street.exchange.legs[made.body["sid"]]
    legs = (first, second, plain, ordered)
    assert [leg.options.seed for leg in legs] == [40, 41, 3, 43]
    assert [leg.options.tones for leg in legs] == [True, True, False, True]


def test_keys_are_in_what_the_caller_says_if_it_is_wanted() -> None:
    for tones in (False, True):
        street = Street({"voice": AGAIN, "stream": ""})
        script: Script = [Pause(0.5), Press("59#"), Pause(0.5), Leave()]
        leg = street.call(script, CallOptions(tones=tones))
        street.over(leg)
        told = [m["dtmf"]["digit"] for m in street.sockets[0][1] if m["event"] == "dtmf"]
        assert told == ["5", "9", "#"]
        sent = [m["media"]["payload"] for m in street.sockets[0][1] if m["event"] == "media"]
        heard = DtmfDetector().process(mulaw.decode(b"".join(map(b64decode, sent))))
        assert heard == (told if tones else [])
        assert DtmfDetector().process(leg.report().said) == heard


def test_keys_that_are_gathered_sound_too_if_it_is_wanted() -> None:
    street = Street({"voice": "<Gather numDigits='2' action='/got'/>", "got": "<Hangup/>"})
    leg = street.call([Pause(0.5), Press("12"), *STAYS], CallOptions(tones=True))
    street.over(leg)
    assert street.told("got")[0]["Digits"] == "12"
    assert DtmfDetector().process(leg.report().said)[:1] == ["1"]
