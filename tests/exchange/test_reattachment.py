"""A call that loses its media socket, in every way there is, and comes back to the same agent."""

import asyncio
from pathlib import Path

import pytest

from agent.sim.exchange.plan import Break, CallOptions, Signing, StreamBreak
from agent.sim.script import Leave, Pause, WaitForAgent, WaitForEnd
from tests.exchange.town import Town, in_town
from tests.service.house import CALLER, NUMBER
from tests.service.model_side import ModelSide

pytestmark = pytest.mark.socket


async def talks_on(side: ModelSide) -> None:
    """Greets with a very long sentence, and listens."""
    await side.greet(12.0)
    await side.until_closed()


@pytest.mark.parametrize("how", [Break.FIN, Break.RST])
@pytest.mark.parametrize("after_s", [0.05, 1.0, 5.0])
def test_after_a_broken_connection_the_same_conversation_goes_on(
    tmp_path: Path, how: Break, after_s: float
) -> None:
    async def test(town: Town) -> None:
        options = CallOptions(breaks=(StreamBreak(how, after_s),))
        leg = town.board.begin(CALLER, NUMBER, [Pause(18.0), Leave()], options)
        await town.board.over(leg)
        await town.home.quiet(within_s=5)
        assert leg.n_streams == 2
        assert town.codes() == [31903]
        assert len(town.model.sides) == 1
        assert town.outcomes() == ["caller_hung_up"]
        assert town.home.service.counters["reattached"] == 1
        assert leg.report().violations == []

    in_town(tmp_path, test, talks_on)


def test_the_agent_is_heard_again_within_a_second_and_says_what_was_not_heard(
    tmp_path: Path,
) -> None:
    async def test(town: Town) -> None:
        options = CallOptions(breaks=(StreamBreak(Break.RST, 4.0),))
        leg = town.board.begin(CALLER, NUMBER, [Pause(18.0), Leave()], options)
        await town.board.over(leg)
        broken = [n.at for n in town.board.exchange.notes if n.name == "stream.broken"]
        assert leg.line is not None
        lost = int((broken[0] - leg.line.origin) * 8000)
        heard = leg.report().heard
        loud = [
            start
            for start in range(0, len(heard) - 160, 160)
            if abs(heard[start : start + 160]).max() > 512
        ]
        again = next(start for start in loud if start > lost)
        assert (again - lost) / 8000 < 1.0
        total_s = len(loud) * 160 / 8000
        assert total_s == pytest.approx(12.0, abs=0.5)

    in_town(tmp_path, test, talks_on)


def test_out_of_a_black_hole_the_call_comes_back(tmp_path: Path) -> None:
    async def test(town: Town) -> None:
        options = CallOptions(breaks=(StreamBreak(Break.BLACK_HOLE, 3.0, detected_s=9.0),))
        leg = town.board.begin(CALLER, NUMBER, [Pause(25.0), Leave()], options)
        await town.board.over(leg)
        await town.home.quiet(within_s=5)
        assert leg.n_streams == 2
        assert len(town.model.sides) == 1
        assert town.outcomes() == ["caller_hung_up"]

    in_town(tmp_path, test, talks_on)


def test_a_call_that_comes_back_too_late_is_over_and_the_caller_is_told(tmp_path: Path) -> None:
    async def test(town: Town) -> None:
        options = CallOptions(breaks=(StreamBreak(Break.BLACK_HOLE, 3.0, detected_s=60.0),))
        leg = town.board.begin(CALLER, NUMBER, [WaitForEnd(timeout_s=200)], options)
        await town.board.over(leg)
        await town.home.quiet(within_s=5)
        assert town.outcomes() == ["phone_lost"]
        assert leg.n_streams == 1
        said = [n.values["text"] for n in town.board.exchange.notes if n.name == "said"]
        assert len(said) == 1

    in_town(tmp_path, test, talks_on)


def test_two_breaks_are_survived_as_one_is(tmp_path: Path) -> None:
    async def test(town: Town) -> None:
        breaks = (StreamBreak(Break.RST, 2.0), StreamBreak(Break.FIN, 2.0, stream=2))
        leg = town.board.begin(CALLER, NUMBER, [Pause(20.0), Leave()], CallOptions(breaks=breaks))
        await town.board.over(leg)
        await town.home.quiet(within_s=5)
        assert leg.n_streams == 3
        assert len(town.model.sides) == 1
        assert town.outcomes() == ["caller_hung_up"]

    in_town(tmp_path, test, talks_on)


def test_an_upgrade_that_fails_on_the_way_back_is_tried_again(tmp_path: Path) -> None:
    async def test(town: Town) -> None:
        options = CallOptions(breaks=(StreamBreak(Break.RST, 2.0),), signing={2: Signing.WRONG})
        leg = town.board.begin(CALLER, NUMBER, [Pause(20.0), Leave()], options)
        await town.board.over(leg)
        await town.home.quiet(within_s=5)
        assert leg.n_streams == 3
        assert len(town.model.sides) == 1
        assert town.outcomes() == ["caller_hung_up"]

    in_town(tmp_path, test, talks_on)


def test_a_media_socket_that_always_breaks_is_given_up_with_an_apology(tmp_path: Path) -> None:
    async def test(town: Town) -> None:
        signing = dict.fromkeys(range(2, 50), Signing.WRONG)
        options = CallOptions(breaks=(StreamBreak(Break.RST, 2.0),), signing=signing)
        leg = town.board.begin(CALLER, NUMBER, [WaitForEnd(timeout_s=200)], options)
        await town.board.over(leg)
        await town.home.quiet(within_s=5)
        assert leg.n_streams < 10
        assert town.outcomes() == ["phone_lost"]
        said = [n.values["text"] for n in town.board.exchange.notes if n.name == "said"]
        assert len(said) == 1

    in_town(tmp_path, test, talks_on)


def test_a_caller_who_hangs_up_while_the_call_is_without_its_socket_is_not_waited_for(
    tmp_path: Path,
) -> None:
    async def test(town: Town) -> None:
        options = CallOptions(breaks=(StreamBreak(Break.BLACK_HOLE, 2.0, detected_s=60.0),))
        leg = town.board.begin(CALLER, NUMBER, [Pause(9.0), Leave()], options)
        await town.board.over(leg)
        began = asyncio.get_running_loop().time()
        await town.home.quiet(within_s=10)
        assert asyncio.get_running_loop().time() - began < 5.0
        assert leg.n_streams == 1
        assert town.outcomes() == ["caller_hung_up"]

    in_town(tmp_path, test, talks_on)


def test_a_call_that_came_back_ends_like_any_other(tmp_path: Path) -> None:
    async def test(town: Town) -> None:
        options = CallOptions(breaks=(StreamBreak(Break.FIN, 1.0),))
        report = await town.board.call(
            CALLER, NUMBER, [WaitForAgent(), Pause(5.0), Leave()], options
        )
        await town.home.quiet(within_s=5)
        assert report.failure is None
        assert town.outcomes() == ["caller_hung_up"]

    in_town(tmp_path, test)
