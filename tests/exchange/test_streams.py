"""Streams of a call, one after the other, and what follows each of them."""

from itertools import pairwise

import pytest

from agent.sim.carrier import HangUp
from agent.sim.exchange.plan import Break, CallOptions, Signing, StreamBreak
from agent.sim.exchange.signals import BreakSocket, DropSocket
from agent.sim.script import Leave, Pause, Press, Say, WaitForEnd
from agent.telephony.twilio.signature import sign
from tests.exchange.street import ACCOUNT, HOST, MEDIA, Street, streaming
from tests.sim.lines import tone

STREAM = (
    '<Connect><Stream url="wss://voice.example.com/media" name="leg" '
    f'statusCallback="{HOST}/stream"><Parameter name="tenant" value="t"/></Stream></Connect>'
)
AGAIN = f"{STREAM}<Redirect>/continue</Redirect>"
STAYS = [WaitForEnd(timeout_s=600)]


def test_a_closed_socket_goes_on_with_the_next_verb_and_a_new_stream_counts_anew() -> None:
    street = Street({"voice": AGAIN, "continue": AGAIN, "stream": ""})
    leg = street.call(STAYS)
    street.until(2.0)
    street.lose(1012)
    street.until(4.0)
    assert street.pages().count("continue") == 1
    assert [fields["StreamEvent"] for fields in street.told("stream")] == [
        "stream-started", "stream-stopped", "stream-started",
    ]  # fmt: skip
    (first, before), (second, after) = street.sockets
    assert first.call_sid == second.call_sid == leg.sid
    assert first.stream_sid != second.stream_sid
    for ids, messages in street.sockets:
        connected, start, *media = messages
        assert connected == {"event": "connected", "protocol": "Call", "version": "1.0.0"}
        assert start["sequenceNumber"] == "1"
        assert start["streamSid"] == start["start"]["streamSid"] == ids.stream_sid
        assert start["start"]["customParameters"] == {"tenant": "t"}
        assert [m["sequenceNumber"] for m in media[:2]] == ["2", "3"]
        assert [m["media"]["chunk"] for m in media[:2]] == ["1", "2"]
        stamps = [int(m["media"]["timestamp"]) for m in media]
        assert 0 <= stamps[0] <= 210
        assert all(10 <= later - earlier <= 30 for earlier, later in pairwise(stamps))
    assert len(before) == len(after) == 102
    assert street.codes() == [31921]
    [continued] = street.told("continue")
    assert (continued["CallStatus"], continued["CallSid"]) == ("in-progress", leg.sid)


def test_an_action_takes_over_from_what_follows() -> None:
    connect = MEDIA.replace("<Connect>", '<Connect action="/action">')
    street = Street({"voice": f"{connect}<Redirect>/continue</Redirect>", "action": "<Hangup/>"})
    leg = street.call(STAYS)
    street.until(1.0)
    street.lose()
    street.over(leg)
    assert street.pages() == ["voice", "action"]
    assert leg.status == "completed"


def test_with_nothing_after_it_the_call_ends_with_its_stream() -> None:
    street = Street({"voice": MEDIA})
    leg = street.call(STAYS)
    street.until(1.0)
    street.lose()
    street.until(1.1)
    assert leg.over
    assert leg.report().failure is None


@pytest.mark.parametrize("code", [None, 1006])
def test_a_broken_socket_is_an_error_and_the_call_goes_on(code: int | None) -> None:
    street = Street({"voice": AGAIN, "continue": AGAIN, "stream": ""})
    street.call(STAYS)
    street.until(1.0)
    street.lose(code)
    street.until(2.0)
    assert street.codes() == [31903]
    told = [fields for fields in street.told("stream") if "StreamError" in fields]
    assert [fields["StreamEvent"] for fields in told] == ["stream-error"]
    assert len(street.sockets) == 2


@pytest.mark.parametrize("code", [31901, 31902, 31910, 31920])
def test_a_failed_handshake_goes_on_too(code: int) -> None:
    street = Street({"voice": AGAIN, "continue": "<Hangup/>", "stream": ""}, takes=code)
    leg = street.call(STAYS)
    street.over(leg)
    assert sorted(street.pages()) == ["continue", "stream", "voice"]
    assert street.told("stream")[0]["StreamEvent"] == "stream-error"
    assert street.codes() == [code]


@pytest.mark.parametrize(
    ("stream", "code"),
    [
        ('url="ws://voice.example.com/media"', 31922),
        ('url="https://voice.example.com/media"', 31922),
        ('url="wss://[/media"', 31923),
        ('url="wss://voice.example.com:none/media"', 31923),
        ('url="wss://voice.example.com/media" track="both_tracks"', 31941),
    ],
)
def test_a_stream_that_cannot_be_connected_never_starts(stream: str, code: int) -> None:
    document = f"<Connect><Stream {stream}/></Connect><Redirect>/continue</Redirect>"
    street = Street({"voice": document, "continue": "<Hangup/>"})
    leg = street.call(STAYS)
    street.over(leg)
    assert street.codes() == [code]
    assert street.upgrades == []
    assert street.pages() == ["voice", "continue"]


def test_plain_ws_is_for_loopback_and_a_query_is_dropped() -> None:
    document = '<Connect><Stream url="ws://127.0.0.1:9/media?tenant=t"/></Connect>'
    street = Street({"voice": document})
    leg = street.call(STAYS)
    assert [upgrade.url for upgrade in street.upgrades] == ["ws://127.0.0.1:9/media"]
    assert "warning" in street.noted(leg)


def test_a_relative_stream_is_on_the_documents_host() -> None:
    street = Street({"voice": '<Connect><Stream url="/media"/></Connect>'})
    street.call(STAYS)
    assert street.upgrades[0].url == "wss://voice.example.com/media"


@pytest.mark.parametrize(
    ("signing", "over"),
    [
        (Signing.RIGHT, "wss://voice.example.com/media"),
        (Signing.SLASH, "wss://voice.example.com/media/"),
        (Signing.PORT, "wss://voice.example.com:443/media"),
    ],
)
def test_an_upgrade_is_signed_over_its_url(signing: Signing, over: str) -> None:
    street = Street({"voice": MEDIA})
    street.call(STAYS, CallOptions(signing={1: signing}))
    assert street.upgrades[0].signature == sign(ACCOUNT.token, over)


def test_an_upgrade_can_be_signed_wrongly_or_not_at_all() -> None:
    options = CallOptions(signing={1: Signing.WRONG, 2: Signing.MISSING})
    street = Street({"voice": AGAIN, "continue": AGAIN, "stream": ""})
    street.call(STAYS, options)
    street.until(1.0)
    street.lose()
    wrong, missing = street.upgrades
    assert wrong.signature not in {None, sign(ACCOUNT.token, wrong.url)}
    assert missing.signature is None


@pytest.mark.parametrize("how", HangUp)
def test_a_caller_who_hangs_up_is_not_continued(how: HangUp) -> None:
    street = Street({"voice": AGAIN, "stream": ""})
    leg = street.call([Pause(1.0), Leave(how, linger_s=0.5)])
    street.over(leg)
    assert leg.hung_up
    assert leg.status == "completed"
    ending = [] if how is HangUp.CLOSE_ONLY else ["stop"]
    assert street.events() == ["connected", "start", *ending, "(close)"]
    street.lose()
    street.until(10.0)
    assert street.pages() == ["voice", "stream", "stream"]


def test_a_caller_may_hang_up_during_the_upgrade() -> None:
    street = Street({"voice": AGAIN}, takes=False)
    leg = street.call([Pause(1.0), Leave()])
    street.over(leg)
    [dropped] = street.done
    assert dropped == DropSocket(street.upgrades[0].ids.stream_sid)
    assert street.pages() == ["voice"]


def test_a_caller_may_hang_up_between_connected_and_start() -> None:
    street = Street({"voice": AGAIN, "stream": ""})
    leg = street.call([Pause(0.1), Leave()], CallOptions(start_after_s=0.3))
    street.over(leg)
    assert street.events() == ["connected", "(close)"]


@pytest.mark.parametrize("how", [Break.FIN, Break.RST])
def test_a_connection_is_broken_when_it_is_planned(how: Break) -> None:
    options = CallOptions(breaks=(StreamBreak(how, 1.5), StreamBreak(how, 1.0, stream=2)))
    street = Street({"voice": AGAIN, "continue": AGAIN, "stream": ""})
    street.call(STAYS, options)
    street.until(2.0)
    assert street.done == [BreakSocket(street.sockets[0][0].stream_sid, how)]
    street.lose(1006)
    street.until(4.0)
    assert street.done[1:] == [BreakSocket(street.sockets[1][0].stream_sid, how)]


def test_a_black_hole_is_noticed_after_its_time() -> None:
    options = CallOptions(breaks=(StreamBreak(Break.BLACK_HOLE, 1.0, detected_s=7.0),))
    street = Street({"voice": AGAIN, "continue": AGAIN, "stream": ""})
    street.call(STAYS, options)
    street.until(7.9)
    assert "continue" not in street.pages()
    street.until(8.1)
    assert "continue" in street.pages()
    assert street.codes() == [31903]
    sid = street.sockets[0][0].stream_sid
    assert street.done == [BreakSocket(sid, Break.BLACK_HOLE), DropSocket(sid)]


def test_a_socket_that_is_lost_before_its_break_just_goes_on() -> None:
    options = CallOptions(breaks=(StreamBreak(Break.RST, 5.0),), second_socket_after_s=4.0)
    street = Street({"voice": AGAIN, "continue": AGAIN, "stream": ""})
    street.call(STAYS, options)
    street.until(1.0)
    street.lose(1000)
    street.until(9.0)
    assert street.done == []
    assert len(street.upgrades) == 2


def test_a_second_socket_is_opened_on_request() -> None:
    street = Street({"voice": AGAIN, "stream": ""})
    street.call(STAYS, CallOptions(second_socket_after_s=1.0))
    street.until(2.0)
    first, second = street.upgrades
    assert second.second
    assert second.ids is first.ids
    assert second.signature == first.signature


def test_another_document_ends_the_stream_and_abandons_what_followed_it() -> None:
    street = Street({"voice": AGAIN, "stream": "", "other": "<Pause/>"})
    leg = street.call(STAYS)
    street.until(1.0)
    given = street.rest("POST", f"Calls/{leg.sid}.json", ("Url", f"{HOST}/other"))
    assert given.status == 200
    assert street.events() == ["connected", "start", "stop", "(close)"]
    street.over(leg)
    assert sorted(street.pages()) == ["other", "stream", "stream", "voice"]


def test_the_caller_talks_on_between_two_streams_and_it_is_all_on_one_clock() -> None:
    clip = tone(3.0, "a long one")
    street = Street({"voice": AGAIN, "continue": f"<Pause length='1'/>{AGAIN}", "stream": ""})
    leg = street.call([Say(clip), Pause(1.0), Leave()])
    street.until(1.0)
    assert streaming(leg)
    street.lose(1006)
    street.until(1.5)
    assert not streaming(leg)
    street.over(leg)
    assert len(street.sockets) == 2
    report = leg.report()
    assert report.seconds == pytest.approx(4.0, abs=0.1)
    sent = [len([m for m in messages if m["event"] == "media"]) for _, messages in street.sockets]
    assert sent[0] == pytest.approx(50, abs=2)
    assert sent[1] == pytest.approx(100, abs=3)


def test_what_is_heard_runs_through_streams_and_the_carriers_own_voice() -> None:
    street = Street({"voice": f"<Say>Please wait a moment.</Say>{AGAIN}", "stream": ""})
    leg = street.call([Pause(4.0), Leave()])
    street.until(2.5)
    street.say(leg, {"event": "media", "media": {"payload": "gICA" * 1000}})
    street.say(leg, {"event": "mark", "mark": {"name": "m"}})
    street.until(3.5)
    assert "mark" in street.events()
    street.over(leg)
    report = leg.report()
    assert abs(report.heard[:8000]).max() > 1000
    assert abs(report.heard[20_000:22_000]).max() > 1000
    assert report.n_cut == 0
    assert report.violations == []


def test_keys_are_told_on_the_stream() -> None:
    street = Street({"voice": AGAIN, "stream": ""})
    leg = street.call([Pause(0.5), Press("5"), Leave()])
    street.over(leg)
    [pressed] = [m for m in street.sockets[0][1] if m["event"] == "dtmf"]
    assert pressed["dtmf"] == {"track": "inbound_track", "digit": "5"}
