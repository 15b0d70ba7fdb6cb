"""Streams of one way: <Start> and <Stop>, and the call that goes on beside them."""

from base64 import b64decode
from typing import Any

import numpy as np
import pytest

from agent.audio import mulaw
from agent.sim.exchange.attachment import ForkAttachment, attached
from agent.sim.exchange.leg import Leg
from agent.sim.exchange.plan import CallOptions, Party, World
from agent.sim.exchange.signals import DropSocket
from agent.sim.mouth import Loss
from agent.sim.script import Leave, Pause, Press, Say, WaitForEnd
from tests.exchange.street import DESK, HOST, MEDIA, Street, streaming
from tests.sim.lines import tone

STAYS = [WaitForEnd(timeout_s=600)]
CONNECT = f"{MEDIA}<Redirect>/continue</Redirect>"


def start(
    name: str = "copy", track: str = "both_tracks", url: str = "wss://ear.example.com/"
) -> str:
    return (
        f'<Start><Stream url="{url}" name="{name}" track="{track}" '
        f'statusCallback="{HOST}/stream"><Parameter name="a" value="b"/></Stream></Start>'
    )


def sound_of(messages: list[dict[str, Any]], track: str) -> Any:
    """What a track of a stream has, as samples."""
    media = [m["media"] for m in messages if m["event"] == "media"]
    audio = [b64decode(m["payload"]) for m in media if m["track"] == track]
    return mulaw.decode(b"".join(audio))


def loud(sound: Any) -> float:
    """For how many seconds something was to be heard."""
    frames = np.abs(sound[: len(sound) // 160 * 160].astype(np.int32)).reshape(-1, 160)
    return float((frames.max(axis=1) > 500).sum() * 0.02)


def fork_of(leg: Leg) -> ForkAttachment:
    """The socket's end of the only copy of a call."""
    [fork] = leg.forks.values()
    there = attached(leg, fork.ids, lambda now: None)
    assert isinstance(there, ForkAttachment)
    return there


def test_a_document_goes_on_at_once_beside_a_stream_of_one_way() -> None:
    street = Street({"voice": start() + CONNECT, "stream": ""})
    leg = street.call([Pause(1.0), Say(tone(1.0)), *STAYS])
    street.until(1.0)
    assert streaming(leg)
    assert leg.n_streams == 1
    assert [wanted.url for wanted in street.upgrades] == [
        "wss://ear.example.com/",
        "wss://voice.example.com/media",
    ]
    street.say(leg, {"event": "media", "media": {"payload": "gICA" * 2000}})
    street.until(3.0)
    (ids, copy), (_, both_ways) = street.sockets
    connected, begin, *media = copy
    assert connected == {"event": "connected", "protocol": "Call", "version": "1.0.0"}
    assert begin["start"]["tracks"] == ["inbound", "outbound"]
    assert begin["start"]["customParameters"] == {"a": "b"}
    assert begin["streamSid"] == ids.stream_sid
    assert {message["event"] for message in media} == {"media"}
    assert [m["sequenceNumber"] for m in media] == [str(n) for n in range(2, len(media) + 2)]
    for track in ("inbound", "outbound"):
        told = [m["media"] for m in media if m["media"]["track"] == track]
        assert [m["chunk"] for m in told] == [str(n) for n in range(1, len(told) + 1)]
        assert [int(m["timestamp"]) for m in told] == [20 * n for n in range(len(told))]
        assert len(told) == pytest.approx(150, abs=2)
    assert loud(sound_of(copy, "inbound")) == pytest.approx(1.0, abs=0.1)
    assert loud(sound_of(copy, "outbound")) == pytest.approx(0.75, abs=0.1)
    assert {m["media"]["track"] for m in both_ways if m["event"] == "media"} == {"inbound"}
    assert [fields["StreamEvent"] for fields in street.told("stream")] == ["stream-started"]
    assert street.told("stream")[0]["StreamName"] == "copy"


@pytest.mark.parametrize(
    ("track", "tracks"),
    [("inbound_track", {"inbound"}), ("outbound_track", {"outbound"})],
)
def test_a_stream_of_one_way_has_the_tracks_that_were_asked_for(
    track: str, tracks: set[str]
) -> None:
    street = Street({"voice": start(track=track) + "<Say>Good day.</Say>", "stream": ""})
    leg = street.call([Say(tone(0.5)), *STAYS])
    street.over(leg)
    [(_, messages)] = street.sockets
    assert messages[1]["start"]["tracks"] == list(tracks)
    assert {m["media"]["track"] for m in messages if m["event"] == "media"} == tracks
    for one in tracks:
        assert loud(sound_of(messages, one)) > 0.3


def test_what_is_lost_of_the_caller_is_lost_here_too() -> None:
    street = Street({"voice": start() + "<Pause length='4'/>", "stream": ""})
    street.over(street.call(STAYS, CallOptions(loss=Loss(0.5))))
    [(_, messages)] = street.sockets
    tracks = [m["media"]["track"] for m in messages if m["event"] == "media"]
    assert tracks.count("outbound") == pytest.approx(200, abs=2)
    assert 60 < tracks.count("inbound") < 140


def test_with_nothing_after_it_the_call_ends_and_the_stream_with_it() -> None:
    street = Street({"voice": start(), "stream": ""})
    leg = street.call(STAYS)
    street.over(leg)
    assert leg.status == "completed"
    ids = street.upgrades[0].ids
    assert street.done == [DropSocket(ids.stream_sid)]
    assert attached(leg, ids, lambda now: None) is None


def test_keys_and_marks_are_not_told_on_a_stream_of_one_way() -> None:
    street = Street({"voice": start() + CONNECT, "stream": ""})
    leg = street.call([Pause(0.5), Press("5"), Pause(0.5), Leave()])
    street.until(0.8)
    street.say(leg, {"event": "mark", "mark": {"name": "m"}})
    street.over(leg)
    assert street.events(0) == ["connected", "start", "stop", "(close)"]
    assert street.events(1) == ["connected", "start", "dtmf", "mark", "stop", "(close)"]
    told = [fields["StreamEvent"] for fields in street.told("stream")]
    assert told == ["stream-started", "stream-stopped"]


def test_stop_ends_it_by_its_name_and_the_call_goes_on() -> None:
    document = f"{start()}<Pause/><Stop><Stream name='copy'/></Stop>{CONNECT}"
    street = Street({"voice": document, "stream": ""})
    leg = street.call(STAYS)
    street.until(3.0)
    assert street.events(0) == ["connected", "start", "stop", "(close)"]
    assert streaming(leg)
    street.lose(1000, 0)  # the service has closed it, too: that is no news
    assert street.codes() == []
    assert [fields["StreamEvent"] for fields in street.told("stream")] == [
        "stream-started", "stream-stopped",
    ]  # fmt: skip
    sent = len(street.sockets[0][1])
    street.until(4.0)
    assert len(street.sockets[0][1]) == sent


def test_a_stop_for_nobody_is_written_down_and_no_more() -> None:
    street = Street({"voice": "<Stop><Stream name='other'/></Stop><Hangup/>"})
    leg = street.call(STAYS)
    street.over(leg)
    assert "warning" in street.noted(leg)
    assert street.codes() == []
    assert leg.status == "completed"


def test_a_name_is_free_again_when_its_stream_is_over() -> None:
    document = f"{start()}<Stop><Stream name='copy'/></Stop>{start()}{start()}{CONNECT}"
    street = Street({"voice": document, "stream": ""})
    street.call(STAYS)
    street.until(1.0)
    assert street.codes() == [12200]
    assert len(street.upgrades) == 3
    assert [fields["StreamEvent"] for fields in street.told("stream")].count("stream-error") == 1


def test_a_call_has_four_tracks_and_no_more() -> None:
    third = start("c", "inbound_track")
    street = Street({"voice": start("a") + start("b") + third + CONNECT, "stream": ""})
    street.call(STAYS)
    street.until(1.0)
    assert street.codes() == [31941]
    assert len(street.sockets) == 3


@pytest.mark.parametrize(
    ("stream", "code"),
    [
        (start(track="every_track"), 31941),
        (start(url="ws://ear.example.com/"), 31922),
        (start(url="wss://[/"), 31923),
    ],
)
def test_a_stream_of_one_way_that_cannot_be_had_never_starts_and_the_call_goes_on(
    stream: str, code: int
) -> None:
    street = Street({"voice": stream + CONNECT, "stream": ""})
    leg = street.call(STAYS)
    street.until(1.0)
    assert street.codes() == [code]
    assert len(street.upgrades) == 1
    assert streaming(leg)
    assert [fields["StreamEvent"] for fields in street.told("stream")] == ["stream-error"]


@pytest.mark.parametrize(("code", "errors"), [(1000, [31921]), (None, [31903]), (1006, [31903])])
def test_a_stream_of_one_way_that_is_lost_takes_nothing_with_it(
    code: int | None, errors: list[int]
) -> None:
    street = Street({"voice": start() + CONNECT, "stream": ""})
    leg = street.call(STAYS)
    street.until(1.0)
    street.lose(code, 0)
    street.until(2.0)
    assert street.codes() == errors
    assert streaming(leg)
    last = street.told("stream")[-1]["StreamEvent"]
    assert last == ("stream-stopped" if code == 1000 else "stream-error")


def test_a_stream_of_one_way_that_nobody_takes_is_an_error_and_no_more() -> None:
    street = Street({"voice": f"{start()}<Pause length='2'/>", "stream": ""}, takes=31902)
    leg = street.call(STAYS)
    street.over(leg)
    assert street.codes() == [31902]
    assert street.told("stream")[0]["StreamEvent"] == "stream-error"
    assert leg.status == "completed"


def test_a_caller_may_hang_up_during_its_upgrade() -> None:
    street = Street({"voice": f"{start()}<Pause length='9'/>"}, takes=False)
    leg = street.call([Pause(1.0), Leave()])
    street.over(leg)
    assert street.done == [DropSocket(street.upgrades[0].ids.stream_sid)]


def test_of_what_was_said_before_it_was_open_it_has_nothing() -> None:
    street = Street({"voice": f"{start()}<Pause length='9'/>"}, takes=False)
    leg = street.call([Say(tone(0.3)), *STAYS])
    street.until(0.5)
    street.now += 0.005
    [wanted] = street.upgrades
    street.sockets.append((wanted.ids, []))
    street.exchange.socket_opened(wanted.ids, street.now)
    street.until(1.0)
    [(_, messages)] = street.sockets
    media = [m["media"] for m in messages if m["event"] == "media"]
    assert [int(one["timestamp"]) for one in media[:4]] == [15, 15, 35, 35]
    assert loud(sound_of(messages, "inbound")) == 0.0
    assert streaming(leg) is False


def test_the_one_of_two_is_stopped_that_was_named() -> None:
    document = start("a", "inbound_track") + start("b", "inbound_track")
    street = Street(
        {"voice": f"{document}<Pause/><Stop><Stream name='b'/></Stop>{CONNECT}", "stream": ""}
    )
    street.call(STAYS)
    street.until(2.0)
    assert street.events(0) == ["connected", "start"]
    assert street.events(1) == ["connected", "start", "stop", "(close)"]


def test_it_outlives_the_document_that_began_it() -> None:
    street = Street({"voice": start() + CONNECT, "other": "<Pause length='3'/>", "stream": ""})
    leg = street.call(STAYS)
    street.until(1.0)
    street.rest("POST", f"Calls/{leg.sid}.json", ("Url", f"{HOST}/other"))
    street.until(3.0)
    assert street.events(0) == ["connected", "start"]
    assert street.events(1) == ["connected", "start", "stop", "(close)"]
    assert len(street.sockets[0][1]) == pytest.approx(300, abs=5)
    street.over(leg)
    assert street.events(0)[-2:] == ["stop", "(close)"]


def test_two_people_who_are_connected_are_both_listened_to() -> None:
    party = Party(script=[Pause(2.0), Say(tone(1.5)), WaitForEnd(timeout_s=60)])
    street = Street({"voice": start() + f"<Dial>{DESK}</Dial>", "stream": ""}, World({DESK: party}))
    leg = street.call([Pause(6.0), Say(tone(0.5)), Leave()])
    street.over(leg)
    [(_, messages)] = street.sockets
    assert loud(sound_of(messages, "inbound")) == pytest.approx(0.5, abs=0.1)
    assert loud(sound_of(messages, "outbound")) == pytest.approx(1.5, abs=0.2)


def test_whatever_is_said_on_it_is_not_taken_and_warned_of_once() -> None:
    street = Street({"voice": start() + CONNECT, "stream": ""})
    leg = street.call(STAYS)
    street.until(1.0)
    socket = fork_of(leg)
    for _ in range(3):
        socket.receive('{"event":"clear"}', street.now)
    assert street.codes() == [31924]
    assert streaming(leg)
    assert (socket.next_timer(), socket.outputs(street.now)) == (None, [])
    socket.handle_timer(street.now)
    street.until(2.0)
    assert len(street.sockets[0][1]) > 190


def test_a_slow_reader_of_a_stream_of_one_way_is_warned_of_once() -> None:
    street = Street({"voice": start() + CONNECT, "stream": ""})
    leg = street.call(STAYS)
    street.until(1.0)
    socket = fork_of(leg)
    for _ in range(3):
        socket.counters["31930"] += 1
        socket.outputs(street.now)
    assert street.codes() == [31930]


def test_a_call_has_one_stream_of_both_ways_at_a_time() -> None:
    two = MEDIA.replace("</Connect>", '<Stream url="wss://voice.example.com/b"/></Connect>')
    street = Street({"voice": two, "fallback": CONNECT}, fallback_url=f"{HOST}/fallback")
    leg = street.call(STAYS)
    assert street.codes() == [12200]
    street.until(1.0)
    street.rest("POST", f"Calls/{leg.sid}.json", ("Twiml", f"<Response>{MEDIA}</Response>"))
    street.until(2.0)
    assert leg.n_streams == 2
    assert street.events(0) == ["connected", "start", "stop", "(close)"]
    assert street.events(1) == ["connected", "start"]
    begun = [note.name for note in street.exchange.notes if note.name.startswith("stream.")]
    assert begun == ["stream.started", "stream.ended", "stream.started"]
