"""What a `setup` leads to."""

from itertools import count
from typing import Any

import pytest

from agent.sim.admission import Admission, Running, Terms
from agent.sim.faults import Faults
from agent.sim.mishaps import GoAway, Life, Refusal, Resumption, Shut
from agent.sim.recording import ConnectionRecord
from agent.sim.scripted import Script, Scripted
from agent.sim.server_profiles import PROFILES
from agent.sim.sessions import SessionStore
from agent.sim.wire import Refused


class Desk:
    """Where set-ups come in, one connection each."""

    def __init__(
        self, profile: str = "dev-3.8", api_version: str = "v1beta", **faults: Any
    ) -> None:
        self.terms = Terms((PROFILES[profile],), api_version, faults=Faults(**faults))
        self.store = SessionStore(self.terms.faults)
        self.minds: list[Scripted] = []
        self._numbers, self._names = count(1), iter("abcdefgh")
        self._open: dict[int, Admission] = {}

    def admit(self, handle: str | None = None, now: float = 0.0, **setup: Any) -> Running:
        name = next(self._names)
        admission = Admission(
            self.terms, self._mind, self._numbers, self.store, name, ConnectionRecord()
        )
        if handle is not None:
            setup["sessionResumption"] = {"handle": handle} if handle else {}
        prefix = "publishers/google/models/" if self.terms.profiles[0].vertex else "models/"
        model = prefix + self.terms.profiles[0].models[0]
        running = admission.admit({"setup": {"model": model, **setup}}, now)
        self._open[id(running)] = admission
        return running

    def handle_of(self, running: Running, now: float = 0.0) -> str:
        """The handle that comes with `setupComplete`; then the connection is over."""
        running.updates.ready(running.session.conversation, now)
        self._open.pop(id(running)).left(running, now)
        return running.logical.newest

    def leaving(self, running: Running) -> None:
        self._open[id(running)].leaving(running)

    def _mind(self, _: object) -> Scripted:
        self.minds.append(Scripted(Script()))
        return self.minds[-1]


def test_a_setup_begins_a_session() -> None:
    running = Desk().admit("")
    assert (running.logical.number, running.snapshot) == (1, None)
    assert running.ready_at == 0.05


def test_a_handle_goes_on_with_its_session_and_a_copy_of_its_mind() -> None:
    desk = Desk()
    handle = desk.handle_of(desk.admit(""))
    running = desk.admit(handle)
    assert (running.logical.number, running.logical.n_connections) == (1, 2)
    assert running.snapshot is not None
    assert len(desk.minds) == 1
    assert running.session.conversation._mind is not desk.minds[0]


def test_a_call_that_was_lost_is_waited_for_where_the_model_does_that() -> None:
    for profile in ("dev-3.8", "dev-2.5"):
        desk = Desk(profile)
        assert desk.admit(desk.handle_of(desk.admit(""))).snapshot is not None


def test_a_resume_may_find_that_all_is_forgotten() -> None:
    desk = Desk(resumption=Resumption(forgets=True))
    running = desk.admit(desk.handle_of(desk.admit("")))
    assert (running.logical.number, running.snapshot) == (2, None)
    assert len(desk.minds) == 2


def test_a_setup_that_is_not_willed_is_refused_with_its_code() -> None:
    close = Shut(1011, "not now")
    desk = Desk(refusals=(Refusal(times=1, close=close, redials_of=0),))
    running = desk.admit("")
    desk.leaving(running)
    with pytest.raises(Refused, match="not now") as refused:
        desk.admit("unknown")
    assert refused.value.code == 1011
    assert desk.admit("").logical.number == 2


def test_proactivity_is_known_to_one_version_of_the_api_and_to_vertex() -> None:
    proactive: dict[str, Any] = {"proactivity": {"proactiveAudio": True}}
    with pytest.raises(Refused, match="proactivity"):
        Desk().admit(**proactive)
    assert Desk(api_version="v1alpha").admit(**proactive).logical.number == 1
    assert Desk("vertex-3.8").admit(**proactive).logical.number == 1


@pytest.mark.parametrize(
    ("faults", "first", "resumed"),
    [
        (Faults(setup_delay_s=0.4), 0.4, 0.4),
        (Faults(setup_never=True), None, None),
        (Faults(resumption=Resumption(setup_delay_s=2.0)), 0.05, 2.0),
        (Faults(resumption=Resumption(setup_never=True)), 0.05, None),
    ],
)
def test_setup_takes_its_time(faults: Faults, first: float | None, resumed: float | None) -> None:
    desk = Desk(
        setup_delay_s=faults.setup_delay_s,
        setup_never=faults.setup_never,
        resumption=faults.resumption,
    )
    running = desk.admit("")
    assert running.ready_at == first
    assert desk.admit(desk.handle_of(running)).ready_at == resumed


def test_a_connection_lives_as_its_model_does_or_as_is_planned() -> None:
    for profile, life in (("dev-3.1", None), ("dev-3.8", None), ("dev-3.8", Life(5.0, ()))):
        fate = Desk(profile, life=life).admit("").fate
        due = [fate.due(3480.0), fate.due(3480.0)]
        noticed = [what for what in due if isinstance(what, GoAway)]
        assert len(noticed) == (1 if profile == "dev-3.1" else 0)
        assert Shut() in due
