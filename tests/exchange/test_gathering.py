"""Words in place of keys, and what a party has heard of keys."""

import pytest

from agent.sim.clips import Clip
from agent.sim.exchange.elements import BadDocument
from agent.sim.exchange.twiml import read_document
from agent.sim.exchange.verbs import Gather
from agent.sim.script import Pause, Press, Say, Script, WaitForEnd
from tests.call.line import voice
from tests.exchange.street import Street

STAYS: Script = [WaitForEnd(timeout_s=60)]
LISTENS = (
    "<Gather input='dtmf speech' language='en-US' hints='yes, no' speechTimeout='auto' {more} "
    "timeout='3' action='/got'><Say>Will you take the call?</Say></Gather>"
)


def says(text: str) -> Say:
    return Say(Clip.of(voice(0.6), text))


def asked(script: Script, more: str = "numDigits='1'") -> Street:
    street = Street({"voice": LISTENS.format(more=more), "got": "<Hangup/>"})
    street.over(street.call(script))
    return street


def test_what_the_party_says_is_told_and_ends_the_prompt() -> None:
    street = asked([Pause(0.4), says("yes, please"), *STAYS])
    [told] = street.told("got")
    assert (told["SpeechResult"], "Digits" in told) == ("yes, please", False)
    assert float(told["Confidence"]) < 1
    assert street.now < 103.0
    [noted] = [n.values for n in street.exchange.notes if n.name == "gathered"]
    assert noted == {"speech": "yes, please"}


def test_what_is_said_after_the_prompt_counts_too() -> None:
    street = asked([Pause(2.5), says("no"), *STAYS])
    assert street.told("got")[0]["SpeechResult"] == "no"


def test_a_key_is_as_good() -> None:
    street = asked([Pause(0.5), Press("2"), *STAYS])
    [told] = street.told("got")
    assert (told["Digits"], "SpeechResult" in told) == ("2", False)


def test_words_after_the_first_key_are_not_listened_to() -> None:
    street = asked([Pause(0.5), Press("4"), says("yes"), Press("2"), *STAYS], "numDigits='2'")
    assert street.told("got")[0]["Digits"] == "42"


def test_sounds_without_words_are_nothing() -> None:
    assert asked([Pause(0.5), says(""), *STAYS]).pages() == ["voice"]


def test_nobody_listens_where_only_keys_are_gathered() -> None:
    street = Street({"voice": "<Gather timeout='2' action='/got'/>", "got": "<Hangup/>"})
    street.over(street.call([says("yes"), *STAYS]))
    assert street.pages() == ["voice"]


def test_nobody_minds_a_key_where_only_words_are_gathered() -> None:
    document = "<Gather input='speech' timeout='2' action='/got'><Say>Well?</Say></Gather>"
    street = Street({"voice": document, "got": "<Hangup/>"})
    street.over(street.call([Pause(0.2), Press("1"), Pause(1.0), says("yes"), *STAYS]))
    [told] = street.told("got")
    assert (told["SpeechResult"], "Digits" in told) == ("yes", False)


def test_what_is_listened_for_is_read() -> None:
    [gather] = read_document(f"<Response>{LISTENS.format(more='')}</Response>").verbs
    assert isinstance(gather, Gather)
    assert (gather.speech, gather.language, gather.hints) == (True, "en-US", ("yes", "no"))


@pytest.mark.parametrize(
    "attributes",
    [
        "input=''",
        "input='dtmf video'",
        "input='speech speech'",
        "input='speech' numDigits='1'",
        "input='speech' finishOnKey='#'",
        "hints='yes'",
        "language='en-US'",
        "input='dtmf' speechTimeout='2'",
        "input='dtmf speech' speechTimeout='soon'",
        "input='dtmf speech' speechTimeout='0'",
    ],
)
def test_what_does_not_go_together_is_refused(attributes: str) -> None:
    with pytest.raises(BadDocument):
        read_document(f"<Response><Gather {attributes}/></Response>")


def test_a_time_limit_for_words_may_be_a_number() -> None:
    read_document("<Response><Gather input='dtmf speech' speechTimeout='2'/></Response>")


def test_the_party_hears_the_keys_that_the_carrier_plays() -> None:
    street = Street({"voice": "<Play digits='1w2#'/><Hangup/>"})
    leg = street.call(STAYS)
    street.over(leg)
    assert leg.keys_heard() == "12#"
