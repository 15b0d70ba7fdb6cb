"""What goes wrong with a call, as it is written on a command line or in a form; without I/O.

    stall=4:1.5  lost=3  rst@2=10  pings=5  tones

`NAME`, `NAME=VALUE` or `NAME=VALUE:VALUE`; `NAME@2` is for the second stream of the call. Times are
seconds since the stream began.

Source: docs/protocols/twilio.md 9 (E2, E7, E14, E16, E18-E20).
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from agent.sim.exchange.plan import Break, CallOptions, Hold, Signing, StreamBreak, StreamHold
from agent.sim.mouth import Loss

LONGEST_S: Final = 3_600.0
LEAST_S: Final = 0.05
MOST_STREAMS: Final = 100

_TEXT: Final = re.compile(r"(?P<name>[a-z-]+)(@(?P<stream>\d{1,3}))?(=(?P<values>.*))?")
_NUMBER: Final = re.compile(r"\d{1,9}(\.\d{1,6})?")

type _Values = list[float]
type _Does = Callable[[CallOptions, int, _Values], CallOptions]


@dataclass(frozen=True, slots=True)
class _Kind:
    """One name.

    Attributes:
        does: changes how a call goes, for a stream and with values.
        form: how it is written.
        least, most: how many values it has; each is 0 to `limit`.
        of_stream: whether it befalls one stream, and may say which.
    """

    does: _Does
    form: str
    least: int = 0
    most: int = 0
    limit: float = LONGEST_S
    of_stream: bool = False


def with_troubles(options: CallOptions, texts: Iterable[str]) -> CallOptions:
    """Let these things go wrong with a call.

    Raises:
        ValueError: a text says no such thing; its message says what would.
    """
    for text in texts:
        options = _with(options, text.strip())
    return options


def _with(options: CallOptions, text: str) -> CallOptions:
    found = _TEXT.fullmatch(text)
    kind = _KINDS.get(found["name"]) if found is not None else None
    if found is None or kind is None:
        raise ValueError(f"{text!r}: one of {', '.join(each.form for each in _KINDS.values())}")
    given = found["values"]
    written = [] if given is None else given.split(":")
    values = [float(value) for value in written if _NUMBER.fullmatch(value)]
    right = len(values) == len(written) and kind.least <= len(values) <= kind.most
    if not right or any(value > kind.limit for value in values):
        raise ValueError(f"{text!r}: write it as {kind.form}, with at most {kind.limit:g}")
    stream = int(found["stream"] or 1)
    if found["stream"] and not (kind.of_stream and 0 < stream <= MOST_STREAMS):
        raise ValueError(f"{text!r}: {found['name']} has no stream {found['stream']}")
    return kind.does(options, stream, values)


def drawn(options: CallOptions, seed: int) -> CallOptions:
    """A line that is bad in ways drawn from a seed: always alike for the same one."""
    rng = np.random.default_rng(seed)
    holds = [
        StreamHold(
            Hold.STALL if rng.random() < 0.7 else Hold.DEAF,
            round(float(rng.uniform(2.0, 40.0)), 3),
            round(float(rng.uniform(0.2, 3.0)), 3),
            keeps_s=round(float(rng.choice([0.5, 10.0])), 1),
        )
        for _ in range(int(rng.integers(1, 4)))
    ]
    share = round(float(rng.uniform(0.0, 0.05)), 4)
    loss = Loss(share, "jump" if rng.random() < 0.5 else "silence")
    breaks = []
    if rng.random() < 0.3:
        how = Break.RST if rng.random() < 0.5 else Break.FIN
        breaks.append(StreamBreak(how, round(float(rng.uniform(3.0, 40.0)), 3)))
    return replace(
        options,
        holds=(*options.holds, *holds),
        breaks=(*options.breaks, *breaks),
        loss=loss,
        seed=seed,
    )


def _hold(how: Hold) -> _Does:
    def does(options: CallOptions, stream: int, values: _Values) -> CallOptions:
        after_s, for_s, *keeps = values
        hold = StreamHold(how, after_s, for_s, stream)
        if keeps:
            hold = replace(hold, keeps_s=keeps[0])
        return replace(options, holds=(*options.holds, hold))

    return does


def _signed(signing: Signing) -> _Does:
    def does(options: CallOptions, stream: int, values: _Values) -> CallOptions:
        return replace(options, signing={**options.signing, stream: signing})

    return does


def _break(how: Break) -> _Does:
    def does(options: CallOptions, stream: int, values: _Values) -> CallOptions:
        after_s, *detected = values
        lost = StreamBreak(how, after_s, stream)
        if detected:
            lost = replace(lost, detected_s=detected[0])
        return replace(options, breaks=(*options.breaks, lost))

    return does


_KINDS: Final = {
    "stall": _Kind(_hold(Hold.STALL), "stall=AT:SECONDS[:KEPT]", 2, 3, of_stream=True),
    "deaf": _Kind(_hold(Hold.DEAF), "deaf=AT:SECONDS", 2, 2, of_stream=True),
    "lost": _Kind(
        lambda options, _, values: replace(options, loss=Loss(values[0] / 100, "jump")),
        "lost=PERCENT", 1, 1, 100.0,
    ),
    "silenced": _Kind(
        lambda options, _, values: replace(options, loss=Loss(values[0] / 100, "silence")),
        "silenced=PERCENT", 1, 1, 100.0,
    ),
    "fin": _Kind(_break(Break.FIN), "fin=AT", 1, 1, of_stream=True),
    "rst": _Kind(_break(Break.RST), "rst=AT", 1, 1, of_stream=True),
    "hole": _Kind(_break(Break.BLACK_HOLE), "hole=AT[:NOTICED_AFTER]", 1, 2, of_stream=True),
    "second": _Kind(
        lambda options, _, values: replace(options, second_socket_after_s=values[0]),
        "second=AT", 1, 1,
    ),
    "unsigned": _Kind(_signed(Signing.MISSING), "unsigned", of_stream=True),
    "missigned": _Kind(_signed(Signing.WRONG), "missigned", of_stream=True),
    "twice": _Kind(lambda options, _, values: replace(options, webhook_twice=True), "twice"),
    "pings": _Kind(
        lambda options, _, values: replace(options, ping_every_s=max(values[0], LEAST_S)),
        "pings=EVERY", 1, 1,
    ),
    "no-pongs": _Kind(lambda options, _, values: replace(options, answer_pings=False), "no-pongs"),
    "tones": _Kind(lambda options, _, values: replace(options, tones=True), "tones"),
    "seed": _Kind(
        lambda options, _, values: replace(options, seed=int(values[0])), "seed=NUMBER", 1, 1, 2**31
    ),
    "random": _Kind(
        lambda options, _, values: drawn(options, int(values[0])), "random=SEED", 1, 1, 2**31
    ),
}  # fmt: skip
