"""How connections end, and what else befalls them (E-21, E-30 to E-35)."""

from itertools import groupby, pairwise
from typing import Any

import pytest

from agent.sim.faults import Faults
from agent.sim.mishaps import (
    At,
    Cut,
    GoAway,
    InTurn,
    Life,
    Notice,
    PhantomInterrupt,
    Planned,
    Refusal,
    Resumption,
    Shut,
    Stall,
)
from tests.sim.model_line import Line, calling, tools

ASKS: dict[str, Any] = {"sessionResumption": {}}


def line_with(profile: str = "dev-3.1", reply_s: float = 4.0, **faults: Any) -> Line:
    return Line(profile, setup=ASKS, reply_s=reply_s, faults=Faults(**faults)).set_up()


def planned(when: At | InTurn, what: Any, **fields: Any) -> Any:
    return (Planned(when, what, **fields),)


def test_a_connection_lasts_ten_minutes_and_says_so_a_minute_before() -> None:
    line = line_with().forget().run(700.0)
    [going] = line.got
    assert (going.at, going.message) == (540.0, {"goAway": {"timeLeft": "60s"}})
    assert line.close is not None
    assert line.close.code == 1011
    assert line.close.reason == "Deadline expired before operation could complete."


def test_38_lasts_58_minutes_and_says_nothing() -> None:
    line = line_with("dev-3.8").forget().run(3479.0)
    assert line.close is None
    assert line.run(2.0).close is not None
    assert line.got == []
    assert "goAway" in line_with("vertex-3.8").run(700.0).labels


@pytest.mark.parametrize(
    ("notice", "body"),
    [
        (Notice(50.0), {"timeLeft": "50s"}),
        (Notice(9.5), {"timeLeft": "9.5s"}),
        (Notice(5.0, ""), {}),
        (Notice(5.0, "soon"), {"timeLeft": "soon"}),
    ],
)
def test_a_notice_says_what_it_is_told_to(notice: Notice, body: dict[str, str]) -> None:
    line = line_with(life=Life(100.0, (notice,))).run(101.0)
    going = line.first("goAway")
    assert (going.at, going.message["goAway"]) == (100.0 - notice.before_s, body)


def test_notices_can_be_repeated_or_never_come() -> None:
    twice = line_with(life=Life(100.0, (Notice(10.0), Notice(50.0)))).run(101.0)
    assert [got.at for got in twice.all("goAway")] == [50.0, 90.0]
    assert line_with(life=Life(100.0, ())).run(101.0).all("goAway") == []


def test_after_the_notice_there_can_be_silence_until_the_end() -> None:
    line = line_with(life=Life(100.0, (Notice(50.0),), silent=True)).run(51.0).forget()
    assert line.text("hi").run(60.0).got == []
    assert line.close is not None


def test_a_close_in_the_middle_of_a_turn() -> None:
    when = InTurn(2, "speaking", audio_s=1.0)
    line = line_with(planned=planned(when, Shut(1008, "aborted"))).text("one").run(6.0)
    assert line.close is None
    line.forget().text("two").run(6.0)
    assert line.close is not None
    assert (line.close.code, line.close.reason) == (1008, "aborted")
    assert 1.0 <= line.audio_s < 1.3


def test_a_drop_has_no_close_frame_and_frees_the_session() -> None:
    line = line_with(planned=planned(At(3.0), Cut())).run(5.0)
    assert line.dropped
    assert line.close is None
    assert line.redial(hang_up=False).close is None


def test_a_mishap_befalls_the_connection_it_is_meant_for() -> None:
    second = line_with(planned=planned(At(3.0), Cut(), connection=2)).run(5.0)
    assert not second.dropped
    assert second.redial().run(5.0).dropped
    assert not second.redial().run(5.0).dropped
    each = line_with(planned=planned(At(3.0), Cut(), connection=0)).run(5.0)
    assert each.dropped
    assert each.redial().run(5.0).dropped


def test_a_mishap_can_be_kept_from_sessions_begun_afresh() -> None:
    line = line_with(planned=planned(At(3.0), Cut(), session=1)).run(5.0)
    assert line.dropped
    assert not line.redial("").run(5.0).dropped


@pytest.mark.parametrize("moment", ["hearing", "thinking", "speaking", "playing"])
def test_something_can_happen_at_any_moment_of_a_turn(moment: Any) -> None:
    line = line_with(planned=planned(InTurn(1, moment, after_s=0.1), GoAway("3s"))).forget()
    line.say(0, 1.0, then=6.0)
    assert len(line.all("goAway")) == 1
    shown = [word for word in line.labels if word in ("goAway", "audio", "generationComplete")]
    order = [word for word, _ in groupby(shown)]
    at = {"hearing": 0, "thinking": 0, "speaking": 1, "playing": -1}[moment]
    assert order[at] == "goAway"


def test_something_can_happen_during_a_call() -> None:
    faults = Faults(planned=planned(InTurn(0, "waiting", after_s=1.0), GoAway("3s")))
    line = Line(setup=tools("BLOCKING"), script=calling(), faults=faults).set_up()
    line.text("greet").run(6.0).text("ask").run(3.0)
    assert line.first("goAway").at - line.first("toolCall").at == pytest.approx(1.0)


def test_a_phantom_interrupt_cuts_a_turn_or_comes_alone() -> None:
    when = InTurn(1, "speaking", audio_s=1.0)
    line = line_with(planned=planned(when, PhantomInterrupt())).forget().text("hi").run(6.0)
    assert [w for w in line.labels if w != "usage"][-3:] == [
        "interrupted", "turnComplete", "sessionResumptionUpdate",
    ]  # fmt: skip
    assert "voiceActivity" not in line.labels
    idle = line_with(planned=planned(At(3.0), PhantomInterrupt())).forget().run(5.0)
    assert idle.labels == ["interrupted"]


def test_a_stall_holds_everything_back_until_it_is_over() -> None:
    when = InTurn(1, "speaking", audio_s=1.0)
    line = line_with(planned=planned(when, Stall(20.0))).text("hi").run(1.0).forget()
    assert line.run(18.0).got == []
    assert line.run(2.0).labels[-3:] == ["turnComplete", "usage", "sessionResumptionUpdate"]
    for_ever = line_with(planned=planned(At(1.0), Stall())).run(2.0).forget()
    assert for_ever.text("hi").run(60.0).got == []


def test_what_a_stall_cuts_in_on_was_sent_before_and_none_of_it_is_lost() -> None:
    when = InTurn(1, "speaking", audio_s=1.0)
    line = line_with(planned=planned(when, Stall(20.0))).text("hi").run(15.0)
    assert line.audio_s >= 1.0
    assert line.run(10.0).audio_s == 4.0


# Set-ups that come to nothing


def test_setups_are_refused_so_many_times_or_so_long() -> None:
    twice = line_with(refusals=(Refusal(times=2, resumes_only=True),)).run(1.0)
    closes = []
    for _ in range(3):
        twice.redial()
        closes.append(twice.close and twice.close.code)
    assert closes == [1011, 1011, None]
    while_ = line_with(refusals=(Refusal(times=None, seconds=20.0, resumes_only=True),))
    assert while_.redial().close is not None
    assert while_.run(15.0).redial().close is not None
    assert while_.run(6.0).redial().close is None


def test_the_redials_of_a_session_are_refused_from_its_notice_on() -> None:
    refusal = Refusal(times=2, redials_of=1)
    line = line_with(planned=planned(At(3.0), GoAway("3s")), refusals=(refusal,))
    assert line.close is None
    line.run(5.0)
    closes: list[int | None] = []
    for _ in range(3):
        line.redial()
        closes.append(line.close and line.close.code)
    assert closes == [1011, 1011, None]


def test_no_handle_is_known_to_belong_to_no_session() -> None:
    refusal = Refusal(times=None, close=Shut(1007, "no"), resumes_only=True, redials_of=0)
    line = line_with(refusals=(refusal,)).redial("invented")
    assert line.close is not None
    assert line.close.code == 1007


def test_a_resume_can_be_refused_with_1007_and_a_fresh_session_taken() -> None:
    refusal = Refusal(times=None, close=Shut(1007, "invalid"), resumes_only=True)
    line = line_with(refusals=(refusal,)).redial()
    assert line.close is not None
    assert line.close.code == 1007
    assert line.redial("").close is None


def test_setup_complete_can_be_late_or_missing_on_a_resume_only() -> None:
    late = line_with(resumption=Resumption(setup_delay_s=5.0))
    assert "setupComplete" in late.labels
    assert late.forget().redial().run(4.0).got == []
    assert "setupComplete" in late.run(1.0).labels
    never = line_with(resumption=Resumption(setup_never=True)).forget().redial().run(60.0)
    assert never.got == []


# Resumptions that go wrong


def test_a_poisoned_handle_leads_to_a_session_that_hears_and_never_answers() -> None:
    line = line_with(resumption=Resumption(poisoned=frozenset({1}))).redial().forget()
    line.say(3, 1.0, then=10.0)
    assert {"voiceActivity", "inputTranscription"} == set(line.labels)
    line.redial(line.handle).forget().text("hi").run(5.0)
    assert "audio" in line.labels


def test_a_resume_can_repeat_the_last_transcription() -> None:
    line = line_with(resumption=Resumption(replays_transcript=True)).say(3, 1.0, then=8.0)
    line.redial().run(1.0)
    texts = [got.content["inputTranscription"]["text"] for got in line.all("inputTranscription")]
    assert texts == ["utterance 3", "utterance 3"]


def test_a_resume_can_lose_the_context_without_a_word() -> None:
    line = line_with(resumption=Resumption(forgets=True)).text("hi").run(6.0)
    before = line.first("turnComplete").message["usageMetadata"]["promptTokenCount"]
    line.say(0, 5.0, then=8.0).redial().forget()
    assert line.close is None
    line.text("hi").run(6.0)
    assert line.first("turnComplete").message["usageMetadata"]["promptTokenCount"] == before
    assert line.kept(2).n_samples == 0


def test_handles_can_be_given_once_or_never() -> None:
    once = line_with(resumption=Resumption(handles="once")).text("hi").run(6.0)
    assert [bool(update) for update in once.updates] == [True, False]
    assert line_with(resumption=Resumption(handles="none")).text("hi").run(6.0).updates == []


# The limits of a session


def test_without_compression_a_session_ends_after_its_audio() -> None:
    line = line_with(session_limit_s=3.0).hush(2.0).redial()
    line.text("hi").hush(2.0).run(3.0)
    assert line.close is None
    kept = line.redial().hush(1.2)
    assert kept.close is not None
    assert kept.close.code == 1007


def test_with_compression_the_context_is_cut_at_a_user_turn() -> None:
    setup = ASKS | {
        "contextWindowCompression": {
            "triggerTokens": 5_000, "slidingWindow": {"targetTokens": 2_000},
        }
    }  # fmt: skip
    line = Line("dev-3.1", setup=setup, reply_s=1.0, faults=Faults(session_limit_s=1.0)).set_up()
    counts = []
    for _ in range(12):
        line.turn("x" * 2_400).run(3.0)
        counts.append(line.all("turnComplete")[-1].message["usageMetadata"]["promptTokenCount"])
    assert max(counts) < 5_000 + 1_300
    assert any(b < a for a, b in pairwise(counts))
    assert line.hush(2.0).close is None


def test_without_compression_a_full_context_ends_the_session() -> None:
    line = line_with(session_limit_code=1011)
    line.turn("x" * 4 * 132_000).run(8.0)
    assert line.close is not None
    assert line.close.code == 1011
