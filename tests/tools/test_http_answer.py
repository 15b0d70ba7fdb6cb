import pytest

from agent.errors import ToolError
from agent.tools.http_answer import MOST_QUOTED, refused, result_of, without_secrets

JSON = "application/json"


@pytest.mark.parametrize(
    ("content", "content_type", "wanted", "result"),
    [
        (b'{"a": [1]}', JSON, None, {"a": [1]}),
        (b'{"a": [1]}', "application/problem+json", "/a/0", 1),
        (b'{"a": [1]}', "text/plain", {"first": "/a/0"}, {"first": 1}),
        (b'{"a": [1]}', "text/plain", None, '{"a": [1]}'),
        ("größe".encode(), "", None, "größe"),
        (b"", JSON, "/a", None),
        (b" \n", JSON, None, None),
        (b"\xff", "text/plain", None, "\ufffd"),
    ],
)
def test_an_answer_becomes_a_result(
    content: bytes, content_type: str, wanted: str | dict[str, str] | None, result: object
) -> None:
    assert result_of(content, content_type, "utf-8", wanted) == result


def test_a_charset_is_believed_if_there_is_such_a_thing() -> None:
    assert result_of("größe".encode("latin-1"), "text/plain", "latin-1", None) == "größe"
    assert result_of(b"abc", "text/plain", "no-such-charset", None) == "abc"


@pytest.mark.parametrize("content", [b"<html>", b"{", b'{"a": "\xff"}', b"[" * 100_000])
def test_what_should_be_json_and_is_not_is_told(content: bytes) -> None:
    with pytest.raises(ToolError, match="the answer of the server cannot be read") as caught:
        result_of(content, JSON, "utf-8", None)
    assert not caught.value.retryable


def test_what_was_asked_for_and_is_not_there_is_told() -> None:
    with pytest.raises(ToolError, match="nothing of what is needed"):
        result_of(b"{}", JSON, "utf-8", "/a")


def test_a_refusal_quotes_the_server_briefly() -> None:
    assert refused(404, b"", "utf-8") == "404 (Not Found)"
    assert refused(422, b'{"error":\n "no such day"}', "utf-8") == (
        '422 (Unprocessable Content): {"error": "no such day"}'
        if refused(422, b"", "utf-8").endswith("Content)")
        else '422 (Unprocessable Entity): {"error": "no such day"}'
    )
    assert refused(799, b"", "utf-8") == "799"
    assert len(refused(400, b"x" * 50_000, "utf-8")) < MOST_QUOTED + 50


def test_a_server_that_answers_with_the_request_tells_no_secret() -> None:
    content = without_secrets(b"Bearer sesame-open, sesame-open", [b"sesame-open", b"other!"])
    assert content == b"Bearer (hidden), (hidden)"
