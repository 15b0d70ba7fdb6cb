"""What was said: told to the owner once, and remembered."""

from agent.gemini.models import profile_for
from agent.gemini.session_events import InputTranscript, SessionEvent, ToolCall
from agent.gemini.words import Words

PROFILE = profile_for("gemini-3.8-live", "developer")


def remembered(words: Words) -> list[str | None]:
    turns = words.history.turns(PROFILE, without_last_words=False)
    return [turn.parts[0].text for turn in turns]


def new_words() -> tuple[Words, list[SessionEvent]]:
    events: list[SessionEvent] = []
    return Words(events), events


def yes(words: Words, now: float = 1.0) -> None:
    words.of_caller(InputTranscript("Yes.", False), now)


def test_both_sides_and_functions_are_remembered_in_order() -> None:
    words, events = new_words()
    yes(words)
    words.turn_began()
    words.of_model("Fine.")
    words.called([ToolCall("a", "book", {})])
    words.turn_over()
    words.told("Thanks.")
    words.told("")
    assert remembered(words) == ["Yes.", "Fine.", "(I called book with {}.)", "Thanks."]
    assert events == [InputTranscript("Yes.", False)]


def test_a_second_hearing_is_neither_told_nor_remembered() -> None:
    words, events = new_words()
    yes(words)
    words.left()
    words.carried(resumed=True, again=True, now=2.0)
    yes(words)
    assert len(events) == 1
    assert remembered(words) == ["Yes."]


def test_the_same_words_said_anew_are() -> None:
    words, events = new_words()
    yes(words)
    words.turn_began()
    words.turn_over()
    words.left()
    words.carried(resumed=True, again=False, now=2.0)
    words.caller_began()
    yes(words, 3.0)
    assert len(events) == 2
    assert remembered(words) == ["Yes.", "Yes."]


def test_a_fresh_session_hears_nothing_for_the_second_time() -> None:
    words, events = new_words()
    yes(words)
    words.left()
    words.carried(resumed=False, again=True, now=2.0)
    yes(words)
    assert len(events) == 2


def test_half_a_second_hearing_was_none_once_the_model_reacts() -> None:
    for reacts in (Words.turn_began, lambda words: words.called([])):
        words, events = new_words()
        words.of_caller(InputTranscript("Yes please", False), 1.0)
        words.left()
        words.carried(resumed=True, again=True, now=2.0)
        yes(words)
        assert len(events) == 1
        reacts(words)
        assert len(events) == 2
