"""How the pieces of a transcript come together."""

import pytest

from agent.call.transcripts import MOST_TEXT, Transcripts
from agent.call.turn import Turn


def test_endless_transcripts_are_bounded_and_counted() -> None:
    transcripts = Transcripts()
    turn = Turn(1, 0.0, answers_caller=True)
    transcripts.agent_said("x" * MOST_TEXT, turn)
    transcripts.agent_said("yyy", turn)
    assert len(turn.agent_text) == MOST_TEXT
    transcripts.caller_said("x" * (MOST_TEXT + 2), turn)
    assert len(turn.caller_text) == MOST_TEXT
    assert transcripts.dropped == 5


def test_each_piece_of_the_transcript_has_its_place_in_the_audio() -> None:
    transcripts = Transcripts()
    turn = Turn(1, 0.0, answers_caller=True, audio=8000)
    transcripts.agent_said("We", turn)
    transcripts.agent_said("", turn)
    turn.audio = 16000
    transcripts.agent_said(" are", turn)
    assert turn.pieces == [(2, 8000), (6, 16000)]


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["One moment.", "It is booked."], "One moment. It is booked."),
        (["One moment.", " It is booked."], "One moment. It is booked."),
        (["One mo", "ment."], "One moment."),
        (["Really?", "!"], "Really?!"),
        (["It is ", " booked"], "It is booked"),
    ],
)
def test_sentences_before_and_after_a_function_are_kept_apart(pieces: list[str], text: str) -> None:
    transcripts = Transcripts()
    turn = Turn(1, 0.0, answers_caller=True)
    for piece in pieces:
        transcripts.agent_said(piece, turn)
    assert turn.agent_text == text


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["One", "|", "two"], "One two"),
        (["One ", "|", "two"], "One two"),
        (["One", "|", " two"], "One two"),
        (["On", "e"], "One"),
        (["|", "One"], "One"),
    ],
)
def test_utterances_of_the_caller_are_kept_apart(pieces: list[str], text: str) -> None:
    transcripts = Transcripts()
    turn = Turn(1, 0.0, answers_caller=True)
    for piece in pieces:
        if piece == "|":
            transcripts.caller_finished()
        else:
            transcripts.caller_said(piece, None)
    assert transcripts.waiting == text
    transcripts.answered_by(turn)
    assert (turn.caller_text, transcripts.waiting) == (text, "")
    transcripts.caller_said("!", turn)
    assert turn.caller_text == f"{text}!"
