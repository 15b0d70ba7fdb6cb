"""What a person says who is asked to take a call."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.telephony.twilio.acceptance import ANSWERS, LONGEST, answers_in, hints, understood

EACH = [
    (language, phrase, takes)
    for language, known in ANSWERS.items()
    for takes, phrases in ((True, known.yes), (False, known.no))
    for phrase in phrases
]


@pytest.mark.parametrize(("language", "phrase", "takes"), EACH)
def test_every_word_of_the_table_is_understood_alone(
    language: str, phrase: str, takes: bool
) -> None:
    assert understood(phrase, language) is takes
    assert understood(f"{phrase.upper()}.", f"{language}-XX") is takes


@pytest.mark.parametrize(
    ("spoken", "language", "takes"),
    [
        ("Yes, please put them through.", "en-US", True),
        ("Yeah, sure, no problem!", "en-GB", True),
        ("No, I can\u2019t right now", "en-US", False),
        ("Okay.", "fr-FR", True),
        ("Ja, gerne.", "de-DE", True),
        ("Nein, das geht jetzt nicht", "de-AT", False),
        ("Kein Problem", "de-DE", True),
        ("Não tem problema", "pt-BR", True),
        ("No puedo, más tarde", "es-MX", False),
        ("Je ne peux pas", "fr", False),
        ("TAMAM", "tr-TR", True),
        ("Hello, this is Mario.", "en-US", None),
        ("Yes, no, wait", "en-US", None),
        ("Nobody knows", "en-US", None),
        ("", "en-US", None),
        ("yes " + "so it is " * 40, "en-US", None),
        ("hai", "ja-JP", None),
        ("yes", "ja-JP", None),
    ],
)
def test_what_is_not_plainly_one_or_the_other_is_not_understood(
    spoken: str, language: str, takes: bool | None
) -> None:
    assert understood(spoken, language) is takes


def test_the_recogniser_is_told_what_to_expect() -> None:
    known = answers_in("en-US")
    assert known is not None
    assert {*known.yes, *known.no} < set(hints("en-US"))
    assert hints("ja-JP") == ()
    for language in ANSWERS:
        assert not any("," in hint for hint in hints(language))
        assert len(",".join(hints(language))) < 500


@given(st.text(max_size=2 * LONGEST), st.sampled_from([*ANSWERS, "xx", ""]))
def test_whatever_a_recogniser_says_is_taken_or_left(spoken: str, language: str) -> None:
    assert understood(spoken, language) in {True, False, None}
