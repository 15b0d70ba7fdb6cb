"""How often, where and for how long a document is asked for."""

import pytest

from agent.sim.exchange.fetching import (
    Answer,
    Attempt,
    Failure,
    Fetch,
    Got,
    Limits,
    NoAnswer,
    joined,
    limits_of,
)

URL = "https://a.example.com/voice"
NOBODY = NoAnswer("ct", "nobody")
LATE = NoAnswer("rt", "late")


def test_the_limits_are_in_the_fragment() -> None:
    assert limits_of(URL) == Limits(5.0, 15.0, 15.0, 1, frozenset({"ct"}))
    assert limits_of(f"{URL}#ct=1500&rt=4000&tt=9000&rc=2&rp=ct,rt,5xx") == Limits(
        1.5, 4.0, 9.0, 2, frozenset({"ct", "rt", "5xx"})
    )
    assert limits_of(f"{URL}#rp=all&rc=5").reasons == {"4xx", "5xx", "ct", "rt"}


def test_edge_locations_are_taken_and_tell_no_other_limit() -> None:
    given = limits_of(f"{URL}#e=dublin,sao-paulo&rc=3")
    assert given.edges == ("dublin", "sao-paulo")
    assert given.retries == 3
    assert Fetch(f"{URL}#e=dublin", "POST", {}).attempt.url == URL
    assert limits_of(URL).edges == ()


WRONG = ["ct=99", "ct=x", "rt=15001", "rc=6", "rc=-1", "ct=²", "e=", "e=a,,b", "e=Dublin", "e=a b"]


@pytest.mark.parametrize("wrong", [*WRONG, f"e={'a' * 33}", f"e={','.join('abcdefghijk')}"])
def test_limits_out_of_range_do_not_count(wrong: str) -> None:
    assert limits_of(f"{URL}#{wrong}") == limits_of(URL)


def test_the_fragment_is_not_sent() -> None:
    assert Fetch(f"{URL}?a=1#rc=2", "POST", {}).attempt.url == f"{URL}?a=1"


def test_only_a_connection_that_fails_is_tried_again_and_only_once() -> None:
    fetch = Fetch(URL, "POST", {"a": "1"})
    assert fetch.took(NOBODY) == fetch.attempt
    failure = fetch.took(NOBODY)
    assert isinstance(failure, Failure)
    assert failure.code == 11205
    for outcome in (LATE, Answer(500), Answer(404)):
        failure = Fetch(URL, "POST", {}).took(outcome)
        assert isinstance(failure, Failure)
        assert failure.code == 11200


def test_what_else_is_tried_again_is_in_the_url() -> None:
    fetch = Fetch(f"{URL}#rc=2&rp=5xx,4xx,rt", "POST", {})
    assert isinstance(fetch.took(Answer(503)), Attempt)
    assert isinstance(fetch.took(LATE), Attempt)
    assert isinstance(fetch.took(Answer(404)), Failure)
    assert isinstance(Fetch(f"{URL}#rp=5xx", "POST", {}).took(NOBODY), Failure)


def test_a_redirection_is_followed_as_a_get_without_the_fields() -> None:
    fetch = Fetch(URL, "POST", {"CallSid": "CA1"})
    attempt = fetch.took(Answer(302, location="/other?x=1#y"))
    assert isinstance(attempt, Attempt)
    assert (attempt.method, attempt.url, dict(attempt.fields)) == (
        "GET",
        "https://a.example.com/other?x=1",
        {},
    )
    got = fetch.took(Answer(200, "<Response/>", "text/xml"))
    assert got == Got("<Response/>", "https://a.example.com/other?x=1")


def test_redirections_come_to_an_end() -> None:
    fetch = Fetch(URL, "POST", {})
    results = [fetch.took(Answer(301, location="/voice")) for _ in range(11)]
    assert all(isinstance(result, Attempt) for result in results[:10])
    assert isinstance(results[10], Failure)
    assert results[10].code == 11215
    nowhere = Fetch(URL, "POST", {}).took(Answer(302, location="ftp://x"))
    assert isinstance(nowhere, Failure)
    assert nowhere.code == 11100


def test_a_get_has_its_fields_in_the_query() -> None:
    assert Fetch(URL, "GET", {"a": "1 2"}).attempt.url == f"{URL}?a=1+2"
    assert Fetch(f"{URL}?b=2", "GET", {"a": "1"}).attempt.url == f"{URL}?b=2&a=1"


def test_a_document_has_a_documents_type_and_a_callback_needs_none() -> None:
    html = Answer(200, "{}", "application/json")
    failure = Fetch(URL, "POST", {}).took(html)
    assert isinstance(failure, Failure)
    assert failure.code == 12300
    assert Fetch(URL, "POST", {}, callback=True).took(html) == Got("{}", URL)
    assert Fetch(URL, "POST", {}).took(Answer(204)) == Got("", URL)


@pytest.mark.parametrize(
    "url", ["", "/voice", "ftp://a/b", "https://", "https://a:b/", "https://[/"]
)
def test_what_is_no_url_is_not_asked(url: str) -> None:
    failure = Fetch(url, "POST", {}).failed_at_once()
    assert failure is not None
    assert failure.code == 11100


def test_what_cannot_be_joined_stays_as_it_is() -> None:
    assert joined(URL, "/other") == "https://a.example.com/other"
    assert joined(URL, "https://[") == "https://["
