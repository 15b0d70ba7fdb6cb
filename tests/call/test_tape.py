"""What a tape says of an effect."""

from hashlib import blake2b

from agent.call.effects import (
    CancelTools,
    CloseModel,
    Effect,
    HangUp,
    Keep,
    OpenModel,
    Outcome,
    RunTool,
    SaveAudio,
    ToModel,
    ToPhone,
)
from agent.call.tape import SHOWN, SHOWN_WHOLE, out_of


def test_a_short_effect_is_kept_whole() -> None:
    out = out_of(ToPhone(b'{"event":"clear"}'))

    assert (out.kind, out.size, out.shown) == ("ToPhone", 17, b'{"event":"clear"}')
    assert out.digest == blake2b(b'{"event":"clear"}', digest_size=8).digest()


def test_of_a_long_effect_only_the_beginning_is_kept_and_all_of_it_counts() -> None:
    long, other = b"a" * SHOWN_WHOLE + b"b", b"a" * SHOWN_WHOLE + b"c"

    first, second = out_of(SaveAudio(long)), out_of(SaveAudio(other))

    assert first.shown == second.shown == b"a" * SHOWN
    assert first.digest != second.digest


def test_every_detail_of_an_effect_makes_a_difference() -> None:
    effects: list[Effect] = [
        ToModel(1, b"x"), ToModel(2, b"x"), ToPhone(b"1 x"), OpenModel(1), OpenModel(2),
        CloseModel(1, 1000, ""), CloseModel(1, 1000, "x"), CloseModel(1, 1001, ""),
        RunTool("a", "book", {}, "k"), RunTool("a", "book", {"n": 1}, "k"),
        RunTool("a", "book", {}, "l"), CancelTools(("a",)), CancelTools(("a", "b")),
        Keep(True), Keep(False), HangUp(Outcome.IDLE), HangUp(Outcome.LIMIT),
    ]  # fmt: skip

    outs = [(out.kind, out.digest) for out in map(out_of, effects)]

    assert len(set(outs)) == len(effects)
