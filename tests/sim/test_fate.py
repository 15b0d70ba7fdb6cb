"""When what was planned befalls a connection."""

from collections.abc import Sequence

from agent.sim.fate import Fate
from agent.sim.mishaps import At, Cut, GoAway, InTurn, Life, Mishap, Notice, Planned, Shut, Stall

LONG = Life(1000.0, ())


def all_due(fate: Fate, now: float) -> list[Mishap]:
    due = []
    while (mishap := fate.due(now)) is not None:
        due.append(mishap)
    return due


def fate(*planned: Planned, life: Life = LONG, connection: int = 1, session: int = 1) -> Fate:
    return Fate(planned, life, session, connection, 10.0)


def test_things_happen_in_their_order_and_once() -> None:
    it = fate(Planned(At(5.0), Cut()), Planned(At(2.0), Stall()))
    assert it.next_at() == 12.0
    assert all_due(it, 11.9) == []
    assert all_due(it, 20.0) == [Stall(), Cut()]
    assert all_due(it, 20.0) == []


def test_a_life_is_its_notices_and_its_end() -> None:
    it = fate(life=Life(100.0, (Notice(50.0), Notice(9.5)), silent=True))
    assert all_due(it, 60.0) == [GoAway("50s"), Stall()]
    assert all_due(it, 200.0) == [GoAway("9.5s"), Shut()]
    assert it.next_at() is None
    assert all_due(fate(life=Life(1.0, (Notice(60.0),))), 10.0) == [GoAway("60s")]


def test_a_turns_state_is_waited_for() -> None:
    it = fate(Planned(InTurn(2, "speaking", audio_s=1.0, after_s=0.5), Cut()))
    seen: Sequence[tuple[int, str, float]] = [
        (1, "speaking", 3.0), (2, "thinking", 0.0), (2, "speaking", 0.9),
    ]  # fmt: skip
    for turn, moment, audio_s in seen:
        it.watch(turn, "thinking" if moment == "thinking" else "speaking", audio_s, 20.0)
    assert it.watching
    it.watch(2, "speaking", 1.0, 20.0)
    it.watch(2, "speaking", 1.2, 21.0)
    assert not it.watching
    assert all_due(it, 20.4) == []
    assert all_due(it, 20.5) == [Cut()]


def test_only_what_is_meant_for_this_connection_of_this_session() -> None:
    plans = [
        Planned(At(0.0), Shut(1), connection=0),
        Planned(At(0.0), Shut(2), connection=2),
        Planned(At(0.0), Shut(3), connection=2, session=3),
    ]
    codes = [
        [
            m.code
            for m in all_due(fate(*plans, connection=c, session=s), 10.0)
            if isinstance(m, Shut)
        ]
        for c, s in ((1, 1), (2, 1), (2, 3))
    ]
    assert codes == [[1], [1, 2], [1, 2, 3]]
