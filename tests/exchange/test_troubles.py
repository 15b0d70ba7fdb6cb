"""What can be ordered to go wrong, as it is written."""

import re

import pytest

from agent.sim.exchange.plan import Break, CallOptions, Hold, Signing, StreamBreak, StreamHold
from agent.sim.exchange.troubles import drawn, with_troubles
from agent.sim.mouth import Loss

PLAIN = CallOptions(seed=7)


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("stall=4:1.5", CallOptions(holds=(StreamHold(Hold.STALL, 4.0, 1.5),))),
        ("stall=4:9:2", CallOptions(holds=(StreamHold(Hold.STALL, 4.0, 9.0, keeps_s=2.0),))),
        ("stall@2=4:1", CallOptions(holds=(StreamHold(Hold.STALL, 4.0, 1.0, stream=2),))),
        ("deaf=0.5:2", CallOptions(holds=(StreamHold(Hold.DEAF, 0.5, 2.0),))),
        ("lost=3", CallOptions(loss=Loss(0.03, "jump"))),
        ("silenced=12.5", CallOptions(loss=Loss(0.125, "silence"))),
        ("fin=5", CallOptions(breaks=(StreamBreak(Break.FIN, 5.0),))),
        ("rst@3=5", CallOptions(breaks=(StreamBreak(Break.RST, 5.0, 3),))),
        ("hole=5", CallOptions(breaks=(StreamBreak(Break.BLACK_HOLE, 5.0),))),
        ("hole=5:8", CallOptions(breaks=(StreamBreak(Break.BLACK_HOLE, 5.0, detected_s=8.0),))),
        ("second=3", CallOptions(second_socket_after_s=3.0)),
        ("unsigned", CallOptions(signing={1: Signing.MISSING})),
        ("missigned@2", CallOptions(signing={2: Signing.WRONG})),
        ("twice", CallOptions(webhook_twice=True)),
        ("pings=5", CallOptions(ping_every_s=5.0)),
        ("pings=0", CallOptions(ping_every_s=0.05)),
        ("no-pongs", CallOptions(answer_pings=False)),
        (" tones ", CallOptions(tones=True)),
        ("seed=12", CallOptions(seed=12)),
    ],
)
def test_each_trouble_is_read(text: str, options: CallOptions) -> None:
    assert with_troubles(CallOptions(), [text]) == options


def test_troubles_come_together_and_what_was_said_before_stays() -> None:
    first = StreamHold(Hold.STALL, 1.0, 1.0)
    given = with_troubles(
        CallOptions(holds=(first,), seed=7), ["deaf=4:1", "rst=9", "fin@2=9", "tones", "lost=1"]
    )
    assert given.holds == (first, StreamHold(Hold.DEAF, 4.0, 1.0))
    assert [one.stream for one in given.breaks] == [1, 2]
    assert (given.seed, given.tones, given.loss.share) == (7, True, 0.01)
    assert with_troubles(PLAIN, []) is PLAIN


@pytest.mark.parametrize(
    "text",
    [
        "", "=", "rain", "RST=1", "rst", "rst=", "rst=x", "rst=1:2", "rst=-1", "rst=3601",
        "rst=1e3", "rst@0=1", "rst@101=1", "rst@1000=1", "stall=1", "stall=1:2:3:4", "deaf=1:2:3",
        "lost=101", "lost@2=1", "twice=1", "tones@2", "random", "random=x", "seed=99999999999",
        "pings=nan",
    ],
)  # fmt: skip
def test_what_is_no_trouble_is_refused_and_says_what_would_be(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(repr(text))) as refused:
        with_troubles(PLAIN, [text])
    assert re.search("one of stall=|write it as|has no stream", str(refused.value))


def test_a_line_that_is_drawn_is_bad_and_always_alike_for_its_seed() -> None:
    lines = [drawn(PLAIN, seed) for seed in range(200)]
    assert lines == [with_troubles(PLAIN, [f"random={seed}"]) for seed in range(200)]
    assert [line.seed for line in lines] == list(range(200))
    assert all(1 <= len(line.holds) <= 3 for line in lines)
    assert {hold.how for line in lines for hold in line.holds} == set(Hold)
    assert {line.loss.shows_as for line in lines} == {"jump", "silence"}
    assert {lost.how for line in lines for lost in line.breaks} == {Break.RST, Break.FIN}
    assert any(not line.breaks for line in lines)
    kept = drawn(CallOptions(breaks=(StreamBreak(Break.FIN, 1.0),), tones=True), 3)
    assert kept.breaks[0] == StreamBreak(Break.FIN, 1.0)
    assert kept.tones
