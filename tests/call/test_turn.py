import pytest

from agent.call.turn import NOT_KEPT, Turn


@pytest.mark.parametrize(
    ("unheard_s", "text"),
    [(0.0, "one two three four"), (1.0, "one two"), (1.99, ""), (0.01, "one two three")],
)
def test_the_agent_s_words_are_cut_to_what_was_heard(unheard_s: float, text: str) -> None:
    turn = Turn(1, 0.0, True, agent_text=" one two three four", audio=16000)
    assert turn.agent_text_heard == "one two three four"
    turn.interrupted, turn.unheard_s = True, unheard_s
    assert turn.agent_text_heard == text


def test_a_transcript_far_ahead_of_the_audio_is_cut_by_how_fast_one_can_talk() -> None:
    turn = Turn(1, 0.0, True, agent_text="word " * 100, audio=9600, interrupted=True, unheard_s=0.2)
    assert turn.agent_text_heard == "word word word word"
    assert Turn(1, 0.0, True, agent_text="a b", interrupted=True).agent_text_heard == ""


def test_where_pieces_of_the_transcript_have_a_place_in_the_audio_it_is_gone_by() -> None:
    turn = Turn(1, 0.0, True, agent_text="one two three four", audio=16000)
    turn.pieces = [(4, 4000), (18, 16000)]
    turn.interrupted, turn.unheard_s = True, 1.5
    assert turn.agent_text_heard == "one"
    turn.unheard_s = 1.0
    assert turn.agent_text_heard == "one two"  # in proportion there would be more


def test_latency_needs_both_ends() -> None:
    turn = Turn(1, 0.0, True, caller_stopped_at=1.0)
    assert turn.latency_s is None
    turn.audio_started_at = 1.5
    assert turn.latency_s == 0.5
    assert Turn(1, 0.0, False, audio_started_at=1.0).latency_s is None


def test_words_beyond_the_sound_of_a_turn_cut_short_were_never_spoken() -> None:
    turn = Turn(1, 0.0, True, agent_text="one two three four five", audio=8000)
    turn.pieces = [(4, 4000), (23, 8000)]
    turn.stop_short()
    assert turn.agent_text == "one two three"
    assert turn.pieces == [(4, 4000), (13, 8000)]


def test_a_turn_that_goes_on_keeps_what_was_said_and_knows_where_it_went_on() -> None:
    turn = Turn(1, 0.0, True, agent_text=" one two ", audio=8000, closed=True, generated=True)
    turn.resting = True
    turn.go_on(5.0)
    turn.agent_text += "three"
    assert turn.agent_text == "one two three"
    assert turn.latest_text_heard == "three"
    assert (turn.closed, turn.generated, turn.resting, turn.output_at) == (False, False, False, 5.0)


def test_a_turn_without_words_goes_on_from_the_beginning() -> None:
    turn = Turn(1, 0.0, True, audio=8000)
    turn.go_on(5.0)
    assert (turn.agent_text, turn.resumed_at) == ("", 0)


def test_the_model_s_share_of_the_latency_ends_when_its_first_audio_comes() -> None:
    turn = Turn(1, 0.0, True, caller_stopped_at=1.0, audio_started_at=1.5)
    assert turn.model_s is None
    turn.audio_came(1.4)
    turn.audio_came(1.45)
    assert turn.model_s == pytest.approx(0.4)
    early = Turn(1, 0.0, True, caller_stopped_at=1.0, audio_came_at=0.5, audio_started_at=1.1)
    assert early.model_s == 0.0
    held = Turn(1, 0.0, True, caller_stopped_at=1.0, audio_came_at=3.0, audio_started_at=1.1)
    assert held.model_s == held.latency_s
    assert Turn(1, 0.0, True, audio_came_at=0.5).model_s is None


def test_words_of_a_hidden_turn_are_not_kept() -> None:
    turn = Turn(1, 0.0, True, caller_text=" It is 4929. ")
    assert turn.caller_text_kept == "It is 4929."
    turn.hidden = True
    assert turn.caller_text_kept == NOT_KEPT
    assert turn.kept("Thank you.") == NOT_KEPT
    assert turn.kept("") == ""  # that nothing was said is no secret
