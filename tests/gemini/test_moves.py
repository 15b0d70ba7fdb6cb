"""A session gets from one connection to the next, with the stand-in on the other side."""

from __future__ import annotations

import pytest

from agent.gemini.session import MovePolicy, SessionState
from agent.gemini.session_events import (
    GoingAway,
    InputTranscript,
    Leaving,
    ModelAudio,
    Moved,
    MoveFailed,
    Ready,
    SessionFailed,
    ToolCallsLost,
    ToolCallsRequested,
    TurnComplete,
    Why,
)
from agent.sim.faults import Faults
from agent.sim.mishaps import At, Cut, GoAway, InTurn, Planned, Refusal, Resumption, Shut, ending
from agent.sim.scripted import Script
from tests.gemini.moving import PACKET, Pair, ready


def test_a_planned_move_waits_for_the_end_of_the_reply() -> None:
    pair = ready(Faults(planned=ending(InTurn(1, "speaking", 0.5), 20.0)))
    said = pair.say(then=12.0)
    assert pair.all(GoingAway) == [GoingAway(20.0)]
    assert pair.audio_s == pytest.approx(4.0, abs=0.05)
    assert (pair.leaving.planned, pair.leaving.why, pair.leaving.turn_cut) == (
        True,
        Why.GO_AWAY,
        False,
    )
    assert pair.moved.resumed
    assert pair.moved.planned
    assert pair.moved.took_s < 0.2
    assert pair.account(said).n_missing == pair.account(said).n_repeated == 0
    assert pair.session.figures.moves == 1
    assert pair.session.figures.caller_ms_lost == pair.session.figures.caller_ms_repeated == 0


def test_the_setup_goes_out_after_the_former_connection_is_closed() -> None:
    pair = ready(Faults(planned=ending(At(3.0), 20.0)))
    pair.say(then=8.0)
    [closed] = [at for at, number, _ in pair.closes if number == 1]
    dialled = pair.dials[1]
    [set_up] = [at for at, number, message in pair.messages if "setup" in message and number == 2]
    assert dialled < closed < set_up
    assert pair.moved.resumed


def test_a_short_notice_cuts_the_reply_in_time() -> None:
    pair = ready(Faults(planned=ending(InTurn(1, "speaking", 0.5), 0.5)), reply_s=8.0)
    pair.say(then=6.0)
    assert pair.leaving.planned
    assert pair.leaving.turn_cut
    assert not pair.all(TurnComplete)
    assert pair.moved.resumed
    assert pair.session.state is SessionState.READY


def test_a_drop_while_the_caller_speaks_loses_no_word() -> None:
    pair = ready(Faults(planned=(Planned(At(2.5), Cut()),)))
    said = pair.say(seconds=3.0, then=5.0)
    assert (pair.leaving.planned, pair.leaving.why) == (False, Why.LOST)
    assert pair.moved.resumed
    assert pair.moved.prompted
    assert pair.account(said).n_missing == 0
    assert pair.account(said).n_repeated <= 6 * PACKET
    assert pair.audio_s > 3.9
    assert pair.session.figures.drops == 1


@pytest.mark.parametrize("profile", ["dev-2.5", "dev-3.1", "dev-3.8", "vertex-3.8"])
@pytest.mark.parametrize("at", [1.2, 2.02, 2.5, 3.5, 4.05, 4.3])
def test_words_survive_a_drop_at_any_time(profile: str, at: float) -> None:
    pair = ready(Faults(planned=(Planned(At(at), Cut()),)), profile=profile)
    first = pair.say(0, 1.0, then=1.0)
    second = pair.say(1, 1.0, then=6.0)
    session = 1
    account = pair.account(first, second, session=session)
    assert account.n_missing == 0
    if profile == "vertex-3.8":
        assert account.n_repeated == 0
    assert pair.session.figures.caller_ms_lost == 0
    assert pair.session.state is SessionState.READY


def test_refused_redials_go_on_until_one_succeeds() -> None:
    faults = Faults(
        planned=(Planned(At(1.5), Cut()),),
        refusals=(Refusal(first=2, times=None, seconds=20.0, status=503),),
    )
    pair = ready(faults)
    pair.hush(0.6)
    said = pair.say(then=30.0)
    assert len(pair.all(MoveFailed)) > 4
    assert pair.moved.resumed
    assert 20.0 < pair.moved.took_s < 25.0
    assert pair.account(said).n_missing == 0
    assert pair.session.figures.caller_ms_lost == 0
    assert pair.audio_s > 3.9


def test_the_budget_ends_the_session() -> None:
    faults = Faults(
        planned=(Planned(At(1.5), Cut()),), refusals=(Refusal(first=2, times=None, status=503),)
    )
    pair = ready(faults)
    pair.hush(40.0)
    [failed] = pair.all(SessionFailed)
    assert failed.phase == "dial"
    [at] = pair.when(SessionFailed)
    assert 29.0 < at - 1.5 < 31.0
    assert pair.session.state is SessionState.CLOSED
    assert pair.session.next_timer() is None


def test_a_refused_handle_means_a_fresh_session_told_of_the_talk() -> None:
    faults = Faults(
        planned=(Planned(At(8.0), Shut(1011)),),
        refusals=(
            Refusal(
                times=1,
                resumes_only=True,
                close=Shut(1007, "Request contains an invalid argument."),
            ),
        ),
    )
    pair = ready(faults)
    pair.say(then=12.0)
    [failed] = pair.all(MoveFailed)
    assert (failed.phase, failed.code) == ("resume", 1007)
    assert not pair.moved.resumed
    [history] = pair.sent("clientContent")
    assert [turn["role"] for turn in history["turns"]][:2] == ["user", "model"]
    assert pair.session.figures.fresh_starts == 1
    assert len(pair.sent("setup")) == 3


def test_a_drop_before_the_first_handle_begins_afresh_with_the_words_replayed() -> None:
    planned = (Planned(At(2.5), Cut(), session=1),)
    faults = Faults(planned=planned, resumption=Resumption(handles="none"))
    pair = ready(faults)
    said = pair.say(seconds=3.0, then=5.0)
    assert not pair.moved.resumed
    assert pair.account(said, session=2).n_missing == 0
    assert pair.audio_s > 3.9


def test_a_move_waits_for_a_function_and_for_the_handle_after_it() -> None:
    script = Script(tool=("look_up", {"order": 7}), tool_every=1)
    pair = Pair(Faults(planned=ending(InTurn(1, "waiting"), 20.0)), script=script)
    pair.tool_s = 3.0
    pair.hush(1.0)
    pair.say(then=15.0)
    assert not pair.all(ToolCallsLost)
    assert len(pair.all(ToolCallsRequested)) == 1
    assert pair.leaving.planned
    assert not pair.leaving.turn_cut
    assert pair.audio_s > 3.9


def test_a_call_lost_with_its_connection_is_told_and_answered_to_38() -> None:
    script = Script(tool=("look_up", {"order": 7}), tool_every=1)
    pair = Pair(
        Faults(planned=(Planned(InTurn(1, "waiting", after_s=0.5), Shut(1011)),)), script=script
    )
    pair.tool_s = 3.0
    pair.hush(1.0)
    pair.say(then=15.0)
    [lost] = pair.all(ToolCallsLost)
    assert len(lost.ids) == 1
    first = pair.sent("toolResponse")[0]["functionResponses"][0]
    assert first["id"] == lost.ids[0]
    assert "error" in first["response"]
    assert pair.session.state is SessionState.READY


def test_an_old_connection_is_left_without_notice() -> None:
    pair = Pair(moves=MovePolicy(age_s=5.0))
    pair.hush(7.0)
    assert pair.leaving.why is Why.AGE
    assert pair.moved.resumed


def test_a_resumed_session_that_has_forgotten_is_begun_anew() -> None:
    faults = Faults(planned=(Planned(At(20.0), Shut(1011)),), resumption=Resumption(forgets=True))
    pair = ready(faults, reply_s=8.0)
    pair.say(0, then=7.0)
    pair.say(1, then=12.0)
    pair.say(2, then=20.0)
    first, second = pair.all(Moved)
    assert first.resumed
    assert not second.resumed
    assert [leaving.why for leaving in pair.all(Leaving)] == [Why.LOST, Why.CONTEXT_LOST]


def test_what_is_transcribed_again_after_a_resume_is_reported_once() -> None:
    faults = Faults(
        planned=(Planned(At(8.0), Shut(1011)),), resumption=Resumption(replays_transcript=True)
    )
    pair = ready(faults, profile="dev-2.5")
    pair.say(then=10.0)
    texts = "".join(event.text for event in pair.all(InputTranscript))
    [said] = {texts[: len(texts)]}
    assert pair.moved.resumed
    assert said.count(said.split()[0]) == 1


def test_ready_is_told_once_and_no_timer_is_left_after_the_end() -> None:
    pair = Pair(moves=MovePolicy(age_s=5.0))
    pair.hush(16.0)
    assert len(pair.all(Ready)) == 1
    assert len(pair.all(Moved)) >= 2
    pair.session.close(pair.now)
    assert pair.session.next_timer() is None
    assert all(isinstance(event, object) for event in pair.all(ModelAudio))


def test_without_moves_the_loss_ends_the_session() -> None:
    pair = ready(
        Faults(planned=(Planned(At(2.0), GoAway("5s")), Planned(At(4.0), Shut(1011)))),
        moves=MovePolicy(moves=False),
    )
    pair.hush(5.0)
    assert not pair.all(Leaving)
    [failed] = pair.all(SessionFailed)
    assert failed.code == 1011
