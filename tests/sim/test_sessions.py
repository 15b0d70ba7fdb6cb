"""The store of sessions and handles, over all connections of a stand-in."""

import pytest

from agent.sim.faults import Faults
from agent.sim.mishaps import Resumption
from agent.sim.sessions import MOST_HANDLES
from agent.sim.wire import Refused
from tests.sim.model_line import Line


def asking(profile: str = "dev-3.8") -> Line:
    return Line(profile, setup={"sessionResumption": {}}).set_up()


def test_handles_are_unique_and_tell_nothing() -> None:
    line = asking()
    handles = {line.handle}
    for _ in range(10):
        handles.add(line.redial().handle)
    assert len(handles) == 11
    assert all(len(handle) == 32 and "session" not in handle for handle in handles)


def test_a_handle_is_good_on_its_own_surface_only() -> None:
    line = asking()
    line.server.closed()
    line.profile = "vertex-3.8"
    line.redial()
    assert line.close is not None
    assert line.close.code == 1008


def test_two_callers_do_not_share_a_session() -> None:
    line = asking()
    first = line.handle
    line.redial("").hush(1.0)
    line.redial(first)
    assert (line.kept(1).n_samples, line.kept(2).n_samples) == (0, 16_000)


def test_only_so_many_handles_are_kept() -> None:
    line = asking()
    store, handle = line.store, line.handle
    running = line.server._running
    assert running is not None
    profile, session = running.session.profile, running.session
    line.server.closed()
    for number in range(10_000, 10_000 + MOST_HANDLES):
        newest = store.issue(running.logical, profile, session.kept(0.0), number, 0.0)
    with pytest.raises(Refused):
        store.resume(handle, "z", profile, line.model, line.now)
    assert store.resume(newest, "z", profile, line.model, line.now).ordinal == MOST_HANDLES + 1


def refusal_of(line: Line) -> int | None:
    return None if line.close is None else line.close.code


def test_a_handle_is_refused_that_is_not_the_newest_or_for_another_model_or_while_open() -> None:
    strict = Faults(resumption=Resumption(newer_invalidates=True))
    line = Line(setup={"sessionResumption": {}}, faults=strict).set_up()
    old = line.handle
    assert refusal_of(line.text("hi").run(6.0).redial(old)) == 1008
    other = asking()
    other.server.closed()
    other.profile = "dev-3.1"
    assert refusal_of(other.redial()) == 1007
    assert refusal_of(asking().redial(hang_up=False)) == 1011


def test_a_handle_tells_its_session() -> None:
    line = asking()
    assert line.store.number_of(line.handle) == 1
    assert line.store.number_of("invented") == 0
