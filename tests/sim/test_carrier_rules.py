import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.sim.carrier_rules import INVALID, Broken, EmptyQueue, PlayAudio, PutMark, read_order

SID = "MZ" + "b" * 32


def test_the_three_orders_are_read() -> None:
    play = read_order(f'{{"event":"media","streamSid":"{SID}","media":{{"payload":"/38A"}}}}', SID)
    put = read_order(f'{{"event":"mark","streamSid":"{SID}","mark":{{"name":"m"}}}}'.encode(), SID)
    empty = read_order(f'{{"streamSid":"{SID}","event":"clear"}}', SID)

    assert isinstance(play, PlayAudio)
    assert play.media.payload == b"\xff\x7f\x00"
    assert isinstance(put, PutMark)
    assert put.mark.name == "m"
    assert isinstance(empty, EmptyQueue)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{",
        '{"event":"media","streamSid":"SID"}',
        '{"event":"media","streamSid":"SID","media":{}}',
        '{"event":"media","streamSid":"SID","media":{"payload":""}}',
        '{"event":"media","streamSid":"SID","media":{"payload":"/38A "}}',
        '{"event":"media","streamSid":"SID","media":{"payload":"_38A"}}',
        '{"event":"media","streamSid":"SID","media":{"payload":"/38"}}',
        '{"event":"media","streamSid":"SID","media":{"payload":"UklGRgAA"}}',
        '{"event":"media","streamSid":"SID","media":{"payload":"/38A","track":"outbound"}}',
        '{"event":"media","streamSid":"SID","media":{"payload":"/38A"},"extra":1}',
        '{"event":"media","media":{"payload":"/38A"}}',
        '{"event":"media","stream_sid":"SID","media":{"payload":"/38A"}}',
        '{"event":"media","streamSid":"MZother","media":{"payload":"/38A"}}',
        '{"event":"mark","streamSid":"SID"}',
        '{"event":"mark","streamSid":"SID","mark":{}}',
        '{"event":"mark","streamSid":"SID","mark":{"name":""}}',
        '{"event":"mark","streamSid":"SID","mark":{"name":7}}',
        '{"event":"clear"}',
        '{"event":"clear","streamSid":"SID","clear":{}}',
        '{"event":"stop","streamSid":"SID"}',
        '{"event":"dtmf","streamSid":"SID","dtmf":{"digit":"1"}}',
        '{"streamSid":"SID"}',
        '{"event":"clear","streamSid":"\ud800"}',
    ],
)
def test_anything_but_the_exact_fields_breaks_a_rule(text: str) -> None:
    with pytest.raises(Broken) as caught:
        read_order(text.replace("SID", SID), SID)

    assert caught.value.code == INVALID
    assert str(caught.value)


@given(st.text(max_size=40) | st.binary(max_size=40))
def test_noise_is_never_more_than_a_broken_rule(noise: str | bytes) -> None:
    with pytest.raises(Broken):
        read_order(noise, SID)
