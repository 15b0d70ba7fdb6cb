"""The model's service in a test: dials, connections, and what befalls them."""

from datetime import date
from pathlib import Path

import pytest

from agent.gemini.session_events import Loss
from agent.sim.scenario_mind import ScenarioMind
from agent.sim.server_io import Speech
from agent.sim.session_config import SessionConfig
from agent.sim.simulation.agenda import Agenda
from agent.testing.model_service import DIAL_S, LATENCY_S, ModelService
from agent.testing.tenants import Configuration

CONFIG = Path(__file__).parents[2] / "config"
SETUP = (
    b'{"setup":{"model":"models/gemini-3.1-flash-live-preview","generationConfig":'
    b'{"responseModalities":["AUDIO"]}}}'
)


class Told:
    """Our side of the connections, which only notes what it is told."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def connected(self, number: int) -> None:
        self.events.append(f"{number} connected")

    def received(self, number: int, frame: bytes) -> None:
        self.events.append(f"{number} received {frame[2:10].decode()}")

    def lost(self, number: int, loss: Loss) -> None:
        status = "" if loss.http_status is None else f" {loss.http_status}"
        self.events.append(f"{number} lost {loss.code}{status}")


class Pair:
    def __init__(self) -> None:
        configuration = Configuration(CONFIG)
        ready, _ = configuration.tenant("corner-shop", {})
        scenario = configuration.scenario("shop", ready)

        def mind(_: SessionConfig) -> ScenarioMind:
            return ScenarioMind(scenario, date(2026, 11, 24), ())

        self.agenda, self.told = Agenda(0.0), Told()
        none = Speech.__new__(Speech)
        self.model = ModelService(
            self.agenda, self.told, mind, lambda pcm, grammar: "", lambda text: none
        )

    def run(self, until: float) -> list[str]:
        while (at := min(self.agenda.next_at, self.model.next_at)) <= until:
            self.agenda.now = max(at, self.agenda.now)
            self.agenda.do()
            self.model.handle_timer()
        self.agenda.now = until
        events, self.told.events = self.told.events, []
        return events

    def ready(self) -> None:
        self.model.open(1)
        assert self.run(DIAL_S) == ["1 connected"]
        self.model.send(1, SETUP)
        assert self.run(1.0) == ["1 received setupCom"]
        assert self.model.idle


def test_a_connection_takes_its_time_to_be_there_and_ready() -> None:
    pair = Pair()
    pair.model.open(1)
    assert pair.run(DIAL_S - 0.01) == []
    assert not pair.model.idle
    assert not pair.model.gone
    assert pair.run(DIAL_S) == ["1 connected"]


def test_a_connection_that_is_closed_by_our_side_is_told_to_be_lost() -> None:
    pair = Pair()
    pair.ready()
    pair.model.close(1, 1000)
    assert not pair.model.idle
    pair.model.close(1, 1011)
    pair.model.send(1, b"{}")
    assert pair.run(1.0 + 2 * LATENCY_S) == ["1 lost 1000"]
    assert pair.model.gone
    pair.model.send(1, b"{}")
    pair.model.close(1, 1000)
    assert pair.run(20.0) == []


def test_a_dial_that_is_given_up_comes_to_nothing() -> None:
    pair = Pair()
    pair.model.open(1)
    pair.model.close(1, 1000)
    assert pair.run(1.0) == ["1 lost 1000"]


def test_what_was_under_way_to_a_connection_that_is_cut_is_lost() -> None:
    pair = Pair()
    pair.ready()
    pair.model.send(1, b'{"realtimeInput":{"text":"hello"}}')
    pair.model.send(1, b'{"realtimeInput":{"text":"hello"}}')
    pair.model.cut(0.0)
    assert pair.run(20.0) == ["1 lost None"]


def test_who_dials_while_the_service_is_away_is_refused() -> None:
    pair = Pair()
    pair.ready()
    pair.model.cut(5.0)
    pair.model.open(2)
    assert pair.run(2.0) == ["1 lost None", "2 lost None 503"]
    pair.run(6.0)
    pair.model.open(3)
    assert pair.run(7.0) == ["3 connected"]


def test_a_connection_that_is_told_to_go_ends_when_it_was_said() -> None:
    pair = Pair()
    pair.ready()
    pair.model.go_away(3.0)
    assert pair.run(3.9) == ['1 received goAway":']
    assert pair.run(4.1) == ["1 lost 1011"]


def test_one_that_was_left_before_does_not_end_twice() -> None:
    pair = Pair()
    pair.ready()
    pair.model.go_away(3.0)
    pair.run(2.0)
    pair.model.close(1, 1000)
    assert pair.run(20.0) == ["1 lost 1000"]


def test_one_that_both_sides_end_at_once_is_lost_once() -> None:
    pair = Pair()
    pair.ready()
    pair.model.cut(0.0)
    pair.model.close(1, 1000)
    assert pair.run(20.0) == ["1 lost None"]
    assert pair.model.gone


@pytest.mark.parametrize("bad", [b"no json", b'{"realtimeInput":{}}'])
def test_a_connection_that_the_service_refuses_is_closed_by_it(bad: bytes) -> None:
    pair = Pair()
    pair.model.open(1)
    pair.run(1.0)
    pair.model.send(1, bad)
    assert pair.run(2.0) == ["1 lost 1007"]
