"""What the carrier asks when a number is called: before, after, and back."""

from agent.service.number_webhooks import changes, present, undoing, wanted
from agent.service.twilio_rest import NumberResource

HERE = "https://voice.example.com"
OLD = NumberResource(
    "PN" + "1" * 32,
    "+15550100100",
    voice_url="https://old.example.com/voice",
    voice_method="GET",
    status_callback_method="POST",
    voice_application_sid="AP" + "1" * 32,
)


def test_all_that_matters_is_set() -> None:
    assert changes(present(OLD), wanted(HERE, "https://static.example.com/sorry.xml")) == {
        "VoiceUrl": ("https://old.example.com/voice", f"{HERE}/twilio/voice"),
        "VoiceMethod": ("GET", "POST"),
        "VoiceFallbackUrl": ("", "https://static.example.com/sorry.xml"),
        "VoiceFallbackMethod": ("", "POST"),
        "StatusCallback": ("", f"{HERE}/twilio/status"),
        "VoiceApplicationSid": ("AP" + "1" * 32, ""),
    }


def test_without_another_fallback_we_are_asked_again() -> None:
    assert wanted(HERE, None)["VoiceFallbackUrl"] == f"{HERE}/twilio/voice"


def test_a_number_that_is_pointed_here_needs_no_change() -> None:
    then = wanted(HERE, None)
    assert changes(then, then) == {}


def test_what_was_there_is_put_back_but_for_what_somebody_else_has_changed() -> None:
    then, before = wanted(HERE, None), present(OLD)
    meanwhile = NumberResource(
        OLD.sid,
        OLD.phone_number,
        voice_url=then["VoiceUrl"],
        voice_method="POST",
        voice_fallback_url="https://new.example.com/fallback",
        voice_fallback_method="POST",
        status_callback=then["StatusCallback"],
        status_callback_method="POST",
    )
    assert undoing(meanwhile, then, before) == {
        "VoiceUrl": "https://old.example.com/voice",
        "VoiceMethod": "GET",
        "StatusCallback": "",
        "StatusCallbackMethod": "POST",
        "VoiceApplicationSid": "AP" + "1" * 32,
    }
