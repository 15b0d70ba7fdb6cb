"""What a fresh session is told of the conversation."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.gemini.content import MODEL, SYSTEM, USER
from agent.gemini.history import GOES_ON, MOST_CHARACTERS, MOST_RESULT, TRANSCRIPT, History
from agent.gemini.models import profile_for

ANY_END = replace(profile_for("gemini-3.8-live", "developer"), history_ends_with_user=False)
USER_END = replace(ANY_END, history_ends_with_user=True)


def told(history: History, **options: bool) -> list[tuple[str, str]]:
    turns = history.turns(ANY_END, without_last_words=options.get("without_last_words", False))
    return [(turn.role or "", turn.parts[0].text or "") for turn in turns]


def history(*said: tuple[str, str]) -> History:
    made = History()
    for role, text in said:
        made.said(role, text)
    return made


def test_nothing_was_said_at_first() -> None:
    assert not History()
    assert told(History()) == []
    assert told(History(), without_last_words=True) == []
    assert History().transcript() == TRANSCRIPT


def test_fragments_of_a_turn_are_one_turn() -> None:
    made = history(
        (USER, "A table"), (USER, " for two."), (MODEL, "Yes"), (MODEL, ""), (MODEL, ".")
    )
    assert made
    assert told(made) == [(USER, "A table for two."), (MODEL, "Yes.")]


def test_turns_that_are_over_get_no_more() -> None:
    made = history((MODEL, "Hello."))
    made.turn_over()
    made.said(MODEL, "Are you there?")
    made.turn_over()
    made.said(USER, "Yes.")
    made.turn_over()
    made.said(USER, "I am.")
    assert told(made) == [
        (MODEL, "Hello."),
        (MODEL, "Are you there?"),
        (USER, "Yes."),
        (USER, "I am."),
    ]


def test_late_words_of_the_caller_belong_before_the_reply() -> None:
    made = history((USER, "A table"), (MODEL, "For"), (USER, " for two."), (MODEL, " when?"))
    assert told(made) == [(USER, "A table for two."), (MODEL, "For when?")]


def test_words_that_all_come_late_are_a_turn_of_their_own_before_the_reply() -> None:
    made = history((MODEL, "For"), (USER, "A table"), (USER, " please."), (MODEL, " when?"))
    assert told(made) == [(USER, "A table please."), (MODEL, "For when?")]


def test_of_a_cut_reply_only_what_was_heard_is_told() -> None:
    made = history((USER, "When?"), (MODEL, "We are open from nine to five."))
    made.turn_over()
    made.said(USER, "Thanks.")
    made.heard("We are open")
    made.said(USER, "Bye.")
    assert told(made) == [
        (USER, "When?"),
        (MODEL, "We are open"),
        (USER, "Thanks."),
        (USER, "Bye."),
    ]


def test_a_reply_nobody_heard_was_not_said() -> None:
    made = history((USER, "When?"), (MODEL, "We are"))
    made.heard("")
    assert told(made) == [(USER, "When?")]
    made.heard("")
    assert told(made) == [(USER, "When?")]


def test_what_was_heard_replaces_words_and_not_what_was_done() -> None:
    made = history((MODEL, "One moment please."))
    made.called("look_up", {"name": "Smith"})
    made.heard("One moment")
    assert told(made) == [
        (MODEL, "One moment"),
        (MODEL, '(I called look_up with {"name":"Smith"}.)'),
    ]


def test_functions_stand_in_it_as_text_and_apart() -> None:
    made = history((MODEL, "Let me see."))
    made.called("look_up", {"name": "Smith"})
    made.result("look_up", {"output": "found"})
    made.said(MODEL, "Found.")
    assert told(made) == [
        (MODEL, "Let me see."),
        (MODEL, '(I called look_up with {"name":"Smith"}.)'),
        (MODEL, '(look_up answered: {"output":"found"})'),
        (MODEL, "Found."),
    ]


def test_a_long_result_is_shortened() -> None:
    made = History()
    made.result("f", {"output": "x" * 5_000})
    [(_, text)] = told(made)
    assert text.endswith("x...)")
    assert len(text) < MOST_RESULT + 30


def test_words_that_are_sent_as_audio_are_left_out() -> None:
    made = history((MODEL, "Hello."))
    made.turn_over()
    made.said(USER, "A table")
    assert told(made, without_last_words=True) == [(MODEL, "Hello.")]
    made.said(MODEL, "Yes.")
    assert len(told(made, without_last_words=True)) == 3


def test_a_model_that_wants_the_last_word_from_the_user_gets_it() -> None:
    made = history((USER, "Hi."), (MODEL, "Hello."))
    *_, last = made.turns(USER_END, without_last_words=False)
    assert (last.role, last.parts[0].text) == (USER, f"({GOES_ON})")
    made.said(USER, "A table.")
    assert len(made.turns(USER_END, without_last_words=False)) == 3
    assert len(made.turns(ANY_END, without_last_words=True)) == 2
    assert History().turns(USER_END, without_last_words=False) == ()


def test_a_turn_without_words_is_not_handed_over() -> None:
    assert told(history((USER, " "), (MODEL, " Hello. "))) == [(MODEL, "Hello.")]


def test_the_same_can_be_told_as_one_text() -> None:
    made = history((SYSTEM, "Be brief."), (USER, "Hi. "), (MODEL, "Hello."))
    assert made.transcript() == f"{TRANSCRIPT}\nInstruction: Be brief.\nCaller: Hi.\nYou: Hello."


ROLES = st.sampled_from([USER, MODEL])
SAID = st.tuples(ROLES, st.integers(1, MOST_CHARACTERS // 2))


@pytest.mark.parametrize("pauses", [False, True])
@settings(max_examples=50, deadline=None)
@given(said=st.lists(SAID, max_size=30))
def test_its_size_is_bounded_and_the_newest_is_kept(
    pauses: bool, said: list[tuple[str, int]]
) -> None:
    made = History()
    for number, (role, size) in enumerate(said):
        made.said(role, chr(0x4E00 + number) * size)
        if pauses:
            made.turn_over()
        texts = [text for _, text in told(made)]
        assert sum(map(len, texts)) <= MOST_CHARACTERS
        if pauses:
            assert texts[-1] == chr(0x4E00 + number) * size
            assert "".join(texts) == "".join(sorted("".join(texts)))


def test_of_an_endless_turn_the_end_is_kept() -> None:
    made = history(*[(MODEL, "a" * 20_000)] * 3, (MODEL, "b"))
    [(_, text)] = told(made)
    assert (len(text), text[-2:]) == (MOST_CHARACTERS, "ab")
    made.heard("c" * 30_000)
    assert len(told(made)[0][1]) == MOST_CHARACTERS
