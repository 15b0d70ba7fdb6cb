# mypy: disable-error-code="import-untyped, no-untyped-call"
import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from agent.telephony.twilio.signature import body_fits, sign, upgrade_candidates, valid

TOKEN = "0123456789abcdef0123456789abcdef"
FORM = [
    ("AccountSid", "AC22222222222222222222222222222222"),
    ("ApiVersion", "2010-04-01"),
    ("CallSid", "CA11111111111111111111111111111111"),
    ("CallStatus", "ringing"),
    ("Direction", "inbound"),
    ("From", "+15550100001"),
    ("FromCity", ""),
    ("To", "+15550100002"),
]
WEBHOOK = "https://voice.example.test/twilio/voice?tenant=42"
WEBHOOK_443 = "https://voice.example.test:443/twilio/voice?tenant=42"
MEDIA = "wss://voice.example.test/twilio/media"
JSON = (
    "https://voice.example.test/twilio/json"
    "?bodySHA256=2c0666189e06a136563bd761c2f72f38f9bac28ae28ac660caca87f3e6e3fa6f"
)


class Form(dict[str, list[str]]):
    """A form with repeated names, as the oracle reads one."""

    def getall(self, name: str) -> list[str]:
        return self[name]


# Vectors of docs/protocols/twilio.md 4.1.
@pytest.mark.parametrize(
    ("url", "form", "signature"),
    [
        (WEBHOOK, FORM, "SsHP5LMRA49a8kfsi4EtyGIqgSc="),
        (WEBHOOK_443, FORM, "gnpPU1dx5qE6FYy9uEJKLKicI5M="),
        (MEDIA, [], "jO+qLHLp+lz9/rbFAwoUaDtDsdc="),
        (f"{MEDIA}/", [], "Vazs6/5LJcjSGck+tdYu+vCzHKs="),
        ("https://voice.example.test/twilio/media", [], "Kg6fQndJbAV7keVumQsAU08HeW4="),
        ("wss://voice.example.test:443/twilio/media", [], "YJ4S2/A+7ffFY1A3VJS5InCH7os="),
        (JSON, [], "PLqfysQXIXrhNF/DEaKn9DCEgn0="),
    ],
)
def test_published_vectors_are_met(url: str, form: list[tuple[str, str]], signature: str) -> None:
    assert sign(TOKEN, url, form) == signature


names = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=8)
values = st.text(st.characters(codec="utf-8"), max_size=8)
forms = st.dictionaries(names, st.lists(values, min_size=1, max_size=3), max_size=5)
urls = st.builds(
    "{}://{}{}/{}{}".format,
    st.sampled_from(["https", "http"]),
    st.sampled_from(["voice.example.test", "Voice.Example.TEST", "s", "10.0.0.1"]),
    st.sampled_from(["", ":443", ":80", ":8443"]),
    st.text("abcXYZ0189-._~%/", max_size=12),
    st.sampled_from(["", "?tenant=42", "?a=%2F&a=b+c", "?x"]),
)


@given(urls, forms, st.text("0123456789abcdef", min_size=1, max_size=32))
def test_signature_and_verdict_are_the_oracles(
    url: str, form: dict[str, list[str]], token: str
) -> None:
    pairs = [(name, value) for name, several in form.items() for value in several]
    oracle = RequestValidator(token)

    signature = sign(token, url, pairs)

    assert signature == oracle.compute_signature(url, Form(form))
    assert valid([token], url, pairs, signature)
    for other in (url.replace(":443", ""), url.replace(":80/", "/"), url + "x"):
        theirs = oracle.compute_signature(other, Form(form))
        assert valid([token], url, pairs, theirs) == oracle.validate(url, Form(form), theirs)


def test_port_may_be_signed_or_left_out() -> None:
    for asked in (WEBHOOK, WEBHOOK_443):
        for signed in (WEBHOOK, WEBHOOK_443):
            assert valid([TOKEN], asked, FORM, sign(TOKEN, signed, FORM))


def test_port_of_an_address_in_brackets_is_told_from_the_address() -> None:
    assert valid([TOKEN], "https://[::1]:443/x", (), sign(TOKEN, "https://[::1]/x"))


def test_either_token_of_a_rotation_fits() -> None:
    signature = sign(TOKEN, WEBHOOK, FORM)

    assert valid(["new", TOKEN], WEBHOOK, FORM, signature)
    assert not valid(["new", "newer"], WEBHOOK, FORM, signature)


def test_without_a_token_nothing_is_valid() -> None:
    assert not valid([], WEBHOOK, FORM, sign("", WEBHOOK, FORM))
    assert not valid([""], WEBHOOK, FORM, sign("", WEBHOOK, FORM))


def test_a_changed_field_or_an_odd_signature_is_invalid() -> None:
    signature = sign(TOKEN, WEBHOOK, FORM)

    assert not valid([TOKEN], WEBHOOK, [*FORM, ("Extra", "1")], signature)
    assert not valid([TOKEN], WEBHOOK, FORM, "")
    assert not valid([TOKEN], WEBHOOK, [("a", "\udc80\ud800")], "\ud800")


def test_candidates_of_an_upgrade_are_tried_in_order() -> None:
    assert upgrade_candidates(MEDIA) == (
        MEDIA,
        f"{MEDIA}/",
        "wss://voice.example.test:443/twilio/media",
    )
    assert upgrade_candidates("ws://127.0.0.1:8080/m") == (
        "ws://127.0.0.1:8080/m",
        "ws://127.0.0.1:8080/m/",
    )


def test_an_upgrade_is_signed_over_the_wss_url_and_no_other() -> None:
    fits = [valid([TOKEN], url, (), sign(TOKEN, MEDIA)) for url in upgrade_candidates(MEDIA)]
    wrong_scheme = sign(TOKEN, MEDIA.replace("wss", "https"))

    assert fits == [True, False, False]
    assert not any(valid([TOKEN], url, (), wrong_scheme) for url in upgrade_candidates(MEDIA))


def test_a_body_fits_its_hash_in_capitals_or_not_and_no_other() -> None:
    digest = JSON.rpartition("=")[2]
    body = b'{"event":"demo","n":1}'

    assert body_fits(digest, body)
    assert body_fits(digest.upper(), body)
    assert not body_fits(digest, body + b" ")
    assert not body_fits("", b"")
    assert not body_fits("\ud800", body)
