"""The ledger, whatever happens in whatever order."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.gemini.ledger import Kind
from tests.gemini.wire import MARGIN, SECOND, Wire, live

OTHERS = tuple(kind for kind in Kind if kind is not Kind.AUDIO)

type Step = tuple[str, Any]


class Story:
    """A wire, and what should be true of it."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    def play(self, steps: list[Step]) -> None:
        """One step after the other; each is a method."""
        for name, value in steps:
            getattr(self, name)(value)

    def packet(self, n: int) -> None:
        self.wire.packet(n)

    def message(self, kind: Kind) -> None:
        self.wire.message(kind)

    def bound(self, _: None) -> None:
        self.wire.message(bound=True)

    def speech(self, started: bool) -> None:
        self.wire.ledger.speech(started, 0)

    def turn(self, _: None) -> None:
        if self.wire.up:
            self.wire.model_speaks()

    def pump(self, n: int) -> None:
        self.wire.pump(n)

    def lose(self, _: None) -> None:
        self.wire.lose()


def steps(*, most_samples: int, **more: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Step]]:
    """Any interleaving of what can happen."""
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "packet": st.integers(1, most_samples),
        "speech": st.booleans(),
        "turn": st.none(),
        "pump": st.integers(0, 5),
        "lose": st.none(),
        **more,
    }
    step = st.one_of([st.tuples(st.just(name), value) for name, value in kinds.items()])
    return st.lists(step, max_size=60)


class Acknowledging(Story):
    """The service says which message it has come to."""

    def __init__(self) -> None:
        super().__init__(live(acknowledges=True))
        self.included = self.base = 0
        self.known = False

    def handle(self, index: int) -> None:
        """An index that goes backwards says nothing; one beyond what was sent, all of it."""
        if not self.wire.up:
            return
        self.wire.ledger.handle_came()
        self.wire.ledger.acknowledged(index)
        self.known = self.known or index >= 0
        self.included = max(self.included, self.base + min(index, len(self.wire.sent)))

    def connect(self, _: None) -> None:
        if self.wire.up or not self.known:
            return
        plan = self.wire.connect()
        assert plan.exact
        assert self.wire.due == list(range(self.included, len(self.wire.handed)))
        assert plan.repeated == 0
        self.base = self.included


@settings(max_examples=300, deadline=None)
@given(
    steps(
        most_samples=900,
        message=st.sampled_from([Kind.TELLS, Kind.BRACKET]),
        bound=st.none(),
        handle=st.integers(-3, 30),
        connect=st.none(),
    )
)
def test_where_the_service_acknowledges_it_is_sent_exactly_what_its_state_lacks(
    steps: list[Step],
) -> None:
    story = Acknowledging()
    story.play(steps)
    assert story.wire.ledger.dropped == 0


class Silent(Story):
    """The service says nothing of the kind."""

    def __init__(self) -> None:
        super().__init__(live())
        self.began: int | None = None  # the utterance nobody has answered
        self.speaking = False
        self.covered = 0

    def speech(self, started: bool) -> None:
        super().speech(started)
        if started and self.began is None:
            self.began = self.wire.ledger.position
        self.speaking = started

    def turn(self, _: None) -> None:
        super().turn(None)
        if not self.wire.up or self.began is None or self.speaking:
            return
        if not self.wire.due or self.wire.sent_to() > self.began:
            self.began = None

    def handle(self, _: None) -> None:
        if self.wire.up:
            self.wire.ledger.handle_came()
            self.covered = self.wire.sent_to()

    def connect(self, how: tuple[bool, bool]) -> None:
        wire = self.wire
        if wire.up:
            return
        due, sent = wire.due, wire.sent
        resumed, covers = how
        plan = wire.connect(resumed=resumed, covers=covers)
        places = wire.due
        assert places == sorted(set(places))
        assert set(due) <= set(places)
        again = set(places) - set(due)
        assert again <= set(sent)
        begin = None
        if self.began is not None:
            begin = max(self.began, self.covered if resumed and covers else 0)
        for place in sent:
            if begin is None or wire.ends[place] <= begin - MARGIN:
                assert place not in again
            elif wire.ends[place] > begin:
                assert place in again
        assert plan.replayed == sum(wire.samples[place] for place in places)
        assert plan.asks is (self.began is not None and plan.replayed > 0)


@settings(max_examples=300, deadline=None)
@given(
    steps(most_samples=900, handle=st.none(), connect=st.tuples(st.booleans(), st.booleans())),
)
def test_elsewhere_nothing_unanswered_is_missing_and_only_that_is_repeated(
    steps: list[Step],
) -> None:
    story = Silent()
    story.play(steps)
    assert story.wire.ledger.dropped == 0


class Narrow(Story):
    """There is room for little."""

    RING_S = 0.4

    def __init__(self, acknowledges: bool) -> None:
        super().__init__(live(acknowledges, ring_s=self.RING_S, keep_s=0.2))
        self.missed = 0

    def pump(self, n: int) -> None:
        if self.wire.ledger.dropped == self.missed:
            super().pump(n)

    def handle(self, index: int) -> None:
        self.wire.ledger.handle_came()
        self.wire.ledger.acknowledged(index)

    def connect(self, resumed: bool) -> None:
        wire = self.wire
        if wire.up:
            return
        due = wire.due
        plan = wire.connect(resumed=resumed)
        assert plan.replayed <= self.RING_S * SECOND
        self.missed += sum(wire.samples[place] for place in set(due) - set(wire.due))
        assert wire.ledger.dropped == wire.counters["audio_samples_dropped"] == self.missed


@settings(max_examples=300, deadline=None)
@given(
    st.booleans(),
    steps(
        most_samples=2_000,
        message=st.sampled_from(OTHERS),
        handle=st.integers(0, 30),
        connect=st.booleans(),
    ),
)
def test_never_more_than_the_ring_is_kept_and_all_that_was_to_be_sent_is_sent_or_counted(
    acknowledges: bool, steps: list[Step]
) -> None:
    Narrow(acknowledges).play(steps)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(1, 3_000), max_size=40), st.booleans())
def test_what_is_forgotten_unsent_is_counted_to_the_sample(
    packets: list[int], abandoned: bool
) -> None:
    wire = Wire(ring_s=0.5, keep_s=5.0)
    for n in packets:
        wire.packet(n)
    assert wire.ledger.dropped == wire.counters["audio_samples_dropped"]
    if abandoned:
        wire.ledger.abandon()
        assert wire.ledger.dropped == sum(packets)
        return
    plan = wire.connect(resumed=False)
    assert plan.replayed <= 8_000
    assert plan.replayed + wire.ledger.dropped == sum(packets)
    places = wire.due
    assert places == list(range(len(packets) - len(places), len(packets)))
    wire.pump()
    wire.ledger.abandon()
    assert plan.replayed + wire.ledger.dropped == sum(packets)
