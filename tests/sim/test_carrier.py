import base64
import json
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from agent.audio import mulaw
from agent.sim.carrier import MAX_VIOLATIONS, CarrierState, CloseSocket, HangUp, SendText, Stall
from agent.sim.carrier_texts import CallIds
from agent.sim.mouth import Loss
from tests.sim.lines import (
    CALL,
    LOUD,
    T0,
    clear,
    events,
    mark,
    media,
    messages,
    opened,
    run,
    started,
    tone,
)


def test_the_first_texts_are_those_of_the_protocol_key_for_key() -> None:
    sent = run(opened(), 0.02)
    texts = [output.text.decode() for _, output in sent if isinstance(output, SendText)]
    ids = CALL.account_sid, CALL.stream_sid, CALL.call_sid
    first = json.loads(texts[2])["media"]

    assert texts == [
        '{"event":"connected","protocol":"Call","version":"1.0.0"}',
        '{"event":"start","sequenceNumber":"1","start":'
        f'{{"accountSid":"{ids[0]}","streamSid":"{ids[1]}","callSid":"{ids[2]}",'
        '"tracks":["inbound"],'
        '"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},'
        f'"customParameters":{{"tenant":"t-17"}}}},"streamSid":"{ids[1]}"}}',
        '{"event":"media","sequenceNumber":"2","media":{"track":"inbound","chunk":"1",'
        f'"timestamp":"{first["timestamp"]}","payload":"{first["payload"]}"}},'
        f'"streamSid":"{ids[1]}"}}',
    ]
    assert len(base64.b64decode(first["payload"])) == 160


def test_digits_marks_and_stop_share_one_numbering_with_media() -> None:
    line = started()
    line.press("5")
    line.receive(mark("m"), T0)
    line.hang_up(T0)
    texts = [o.text.decode() for o in line.outputs(T0) if isinstance(o, SendText)]
    sid = CALL.stream_sid

    assert texts == [
        f'{{"event":"dtmf","streamSid":"{sid}","sequenceNumber":"2",'
        '"dtmf":{"track":"inbound_track","digit":"5"}}',
        f'{{"event":"mark","sequenceNumber":"3","streamSid":"{sid}","mark":{{"name":"m"}}}}',
        f'{{"event":"stop","sequenceNumber":"4","streamSid":"{sid}",'
        f'"stop":{{"accountSid":"{CALL.account_sid}","callSid":"{CALL.call_sid}"}}}}',
    ]


def test_frames_leave_on_absolute_deadlines_for_ever() -> None:
    line = opened()
    sent = [at for at, output in run(line, 60.0) if isinstance(output, SendText)][2:]

    assert sent == [pytest.approx(0.02 * k) for k in range(1, 3_001)]


def test_a_late_wake_up_is_made_good_in_a_burst() -> None:
    line = started()
    line.handle_timer(T0 + 0.1)

    assert len(line.outputs(T0 + 0.1)) == 5
    assert line.next_timer() == pytest.approx(T0 + 0.12)


def test_what_the_caller_says_goes_out_in_the_next_frames() -> None:
    line = started()
    run(line, 0.1)
    clip = tone(0.04)

    assert line.say(clip) == 800
    sent = messages(run(line, 0.16))

    payloads = [m["media"]["payload"].encode() for m in sent]
    assert tuple(payloads[:2]) == clip.payloads


def test_marks_return_when_reached_in_order_and_at_once_when_nothing_is_queued() -> None:
    line = started()
    line.receive(mark("first"), T0)
    line.receive(media(LOUD * 2), T0)
    line.receive(mark("second"), T0)
    line.receive(media(LOUD[:8]), T0)
    line.receive(mark("third"), T0)

    sent = run(line, 0.1)

    marks = [
        (at, json.loads(o.text)["mark"]["name"])
        for at, o in sent
        if isinstance(o, SendText) and b'"mark"' in o.text
    ]
    assert marks == [(0.0, "first"), (0.04, "second"), (0.041, "third")]
    assert line.mark_waits_s == pytest.approx([0.0, 0.04, 0.041])
    assert line.leads_s == pytest.approx([0.0, 0.04])


def test_clear_echoes_every_mark_and_cuts_what_was_not_heard() -> None:
    line = started()
    line.receive(media(LOUD * 10), T0)
    line.receive(mark("a"), T0)
    line.receive(media(LOUD * 10), T0)
    line.receive(mark("b"), T0)
    run(line, 0.06)

    line.receive(clear(), T0 + 0.065)
    echoes = messages([(0.0, output) for output in line.outputs(T0 + 0.065)])
    run(line, 0.2)

    assert [echo["mark"] for echo in echoes] == [{"name": "a"}, {"name": "b"}]
    assert line.line.n_cut == 3_200 - 520
    heard = line.line.pcm(1_600)
    assert np.flatnonzero(heard).max() == 519
    assert line.counters == {"media": 2, "mark": 2, "clear": 1}
    assert line.mark_waits_s == []


def test_heard_frames_tell_speech_to_the_sample() -> None:
    line = started()
    run(line, 0.04)
    line.listen()
    line.receive(media(LOUD + LOUD), T0 + 0.05)
    run(line, 0.14)

    frames = line.listen()

    assert [(frame.end, frame.loud_at) for frame in frames] == [
        (480, 400),
        (640, 480),
        (800, 640),
        (960, None),
        (1_120, None),
    ]
    assert line.listen() == []


@pytest.mark.parametrize(
    ("frame", "binary", "code"),
    [
        (b"\xff" * 160, True, "31950"),
        ("{", False, "31951"),
        (media(LOUD, sid="MZother"), False, "31951"),
        (f'{{"event":"mark","streamSid":"{CALL.stream_sid}"}}', False, "31951"),
    ],
)
def test_broken_rules_are_listed_and_the_frame_ignored(
    frame: bytes | str, binary: bool, code: str
) -> None:
    line = started()
    line.receive(frame, T0 + 1.5, binary=binary)

    assert [(str(v.code), v.at_s) for v in line.violations] == [(code, 1.5)]
    assert line.counters == {code: 1}
    assert line.line.n_received == 0


def test_violations_are_counted_without_end_and_listed_up_to_a_limit() -> None:
    line = started()
    for _ in range(MAX_VIOLATIONS + 5):
        line.receive("{", T0)

    assert len(line.violations) == MAX_VIOLATIONS
    assert line.counters["31951"] == MAX_VIOLATIONS + 5


def test_nothing_may_be_said_to_a_stream_before_its_start() -> None:
    line = opened(start_after_s=1.0)
    assert events(run(line, 0.5)) == ["connected"]

    line.receive(media(LOUD), T0 + 0.5)
    line.press("1")

    assert [v.detail for v in line.violations] == ["a message before start"]
    assert events(run(line, 1.0)) == ["start"]


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        (HangUp.STOP_THEN_CLOSE, [(0.1, "stop"), (0.1, "close")]),
        (HangUp.CLOSE_ONLY, [(0.1, "close")]),
        (HangUp.STOP_ONLY, [(0.1, "stop"), (2.1, "close")]),
    ],
)
def test_hanging_up_in_its_three_ways(how: HangUp, expected: list[tuple[float, str]]) -> None:
    line = started()
    run(line, 0.1)
    line.hang_up(T0 + 0.1, how)
    line.hang_up(T0 + 0.1, how)
    sent = [(0.1, output) for output in line.outputs(T0 + 0.1)]
    line.receive(media(LOUD), T0 + 0.15)
    sent += run(line, 5.0)

    assert [(at, events([(at, output)])[0]) for at, output in sent] == expected
    assert line.state is CarrierState.CLOSED
    assert line.next_timer() is None
    assert line.counters == {"after_stop": 1}


def test_hanging_up_before_start_only_closes() -> None:
    line = opened(start_after_s=1.0)
    line.hang_up(T0 + 0.5)

    assert events([(0.0, output) for output in line.outputs(T0)]) == ["connected", "close"]


def test_a_socket_closed_by_the_service_ends_everything_at_once() -> None:
    line = started()
    line.receive(media(LOUD * 10), T0)
    run(line, 0.02)
    line.press("1")

    line.peer_closed(T0 + 0.02)
    line.peer_closed(T0 + 9.0)

    assert line.outputs(T0 + 0.02) == []
    assert line.next_timer() is None
    assert line.line.n_cut == 1_440


def test_a_stall_ends_in_a_burst_in_the_right_order() -> None:
    line = opened(stalls=(Stall(0.1, 0.205),))
    sent = run(line, 0.4)
    numbers = [int(m["sequenceNumber"]) for m in messages(sent)[1:]]
    times = [at for at, _ in sent]

    assert numbers == list(range(1, 22))
    assert not any(0.1 <= at < 0.305 for at in times)
    assert times.count(0.305) == 11


def test_a_hang_up_during_a_stall_waits_for_its_end() -> None:
    line = opened(stalls=(Stall(0.05, 1.0),))
    run(line, 0.1)
    line.hang_up(T0 + 0.1)

    sent = run(line, 5.0, since_s=0.1)

    assert [at for at, output in sent if isinstance(output, CloseSocket)] == [1.05]


def test_lost_frames_leave_the_numbering_whole_and_the_timestamps_jumping() -> None:
    line = opened(loss=Loss(0.2))
    sent = messages(run(line, 10.0))[2:]
    stamps = [int(m["media"]["timestamp"]) for m in sent]

    assert [m["sequenceNumber"] for m in sent] == [str(n) for n in range(2, len(sent) + 2)]
    assert len(sent) == 500 - line.mouth.n_lost < 450
    assert max(b - a for a, b in pairwise(stamps)) > 34


def test_names_are_well_formed_and_drawn_from_the_seed() -> None:
    first = CallIds.drawn(np.random.default_rng(1), {"tenant": "x"})
    again = CallIds.drawn(np.random.default_rng(1), {"tenant": "x"})
    other = CallIds.drawn(np.random.default_rng(2), {})

    assert first == again
    assert first.stream_sid != other.stream_sid
    sids = (first.account_sid, first.call_sid, first.stream_sid)
    assert [(sid[:2], len(sid)) for sid in sids] == [("AC", 34), ("CA", 34), ("MZ", 34)]


def test_the_same_seed_makes_the_same_call() -> None:
    def call(seed: int) -> list[dict[str, Any]]:
        return messages(run(opened(seed=seed, loss=Loss(0.1)), 2.0))

    assert call(1) == call(1)
    assert call(1) != call(2)


def test_a_long_load_test_keeps_no_audio() -> None:
    line = started(keep_audio=False)
    line.say(tone(0.1))
    line.receive(media(LOUD), T0)
    run(line, 0.5)

    assert not line.line.pcm(4_000).any()
    assert not line.mouth.pcm(4_000).any()
    assert mulaw.decode(LOUD).any()
