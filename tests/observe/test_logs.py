import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
import structlog

from agent.errors import ConfigError
from agent.observe.logs import call_bound, configure


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(write: Callable[[Any], object], level: str = "info", pii: bool = False) -> list[Any]:
    stream = io.StringIO()
    configure(level, pii=pii, stream=stream)
    write(structlog.get_logger())
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_json_object_with_level_and_time() -> None:
    (line,) = lines(lambda log: log.warning("call.slow", seconds=1.5))
    assert datetime.fromisoformat(line.pop("at_utc")).utcoffset() is not None
    assert line == {"event": "call.slow", "level": "warning", "seconds": 1.5}


def test_a_line_of_a_call_names_it() -> None:
    def write(log: Any) -> None:
        with call_bound("bella-vista", "CA1"):
            log.info("inside")
        log.info("outside")

    inside, outside = lines(write)
    assert (inside["tenant"], inside["call_id"]) == ("bella-vista", "CA1")
    assert "call_id" not in outside


def test_personal_data_is_dropped_unless_asked_for() -> None:
    def write(log: Any) -> None:
        log.info("tool.finished", tool="book", **{"pii.args": {"name": "Anna"}})

    assert "Anna" not in json.dumps(lines(write))
    assert lines(write, pii=True)[0]["pii.args"] == {"name": "Anna"}


@pytest.mark.parametrize(
    "name",
    ["api_key", "apiKey", "x-goog-api-key", "token", "newHandle", "SECRET", "gemini.password"],
)
def test_secrets_are_never_written_at_any_depth(name: str) -> None:
    def write(log: Any) -> None:
        log.info("x", **{name: "s3cret"}, inner={"list": [{name: "s3cret"}]})

    (line,) = lines(write, pii=True)
    assert "s3cret" not in json.dumps(line)
    assert line[name] == line["inner"]["list"][0][name] == "(redacted)"


def test_words_that_only_resemble_secrets_are_written() -> None:
    (line,) = lines(lambda log: log.info("x", prompt_tokens=3, keypad="1", handler="h"))
    assert (line["prompt_tokens"], line["keypad"], line["handler"]) == (3, "1", "h")


def raised() -> ValueError:
    try:
        raise ValueError("Anna's number is 555")
    except ValueError as error:
        return error


@pytest.mark.parametrize("form", ["error", "tuple", "true"])
def test_an_exception_is_named_and_its_text_is_personal(form: str) -> None:
    def write(log: Any) -> None:
        try:
            raise raised()
        except ValueError as error:
            forms: dict[str, object] = {"error": error, "tuple": sys.exc_info(), "true": True}
            log.error("tool.failed", exc_info=forms[form])

    (line,) = lines(write)
    assert line["error"] == "ValueError"
    assert "test_logs.py:" in line["error_at"]
    assert "Anna" not in json.dumps(line)
    assert "Anna's number is 555" in lines(write, pii=True)[0]["pii.exception"]


def test_an_exception_that_was_never_raised_has_no_place() -> None:
    (line,) = lines(lambda log: log.error("x", exc_info=KeyError("a")))
    assert (line["error"], line["error_at"]) == ("KeyError", None)


def test_lines_below_the_level_are_not_written() -> None:
    def write(log: Any) -> None:
        log.info("x")
        log.error("y")

    assert [line["event"] for line in lines(write, level="warning")] == ["y"]


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ConfigError, match='log level "loud" is unknown'):
        configure("loud")


def test_libraries_write_the_same_kind_of_lines() -> None:
    def write(_: Any) -> None:
        logging.getLogger("aiohttp").warning("peer %s went away", "+15550100199")
        logging.getLogger("asyncio").error("formatted: Anna", exc_info=raised())
        logging.getLogger("asyncio").info("quiet")

    first, second = lines(write, level="warning")
    assert (first["event"], first["level"], first["logger"], first["template"]) == (
        "library.logged",
        "warning",
        "aiohttp",
        "peer %s went away",
    )
    assert (second["template"], second["error"]) == (None, "ValueError")
    assert "Anna" not in json.dumps(second)
    assert "+1555" not in json.dumps(first)
    assert lines(write, pii=True)[0]["pii.message"] == "peer +15550100199 went away"


def test_what_asyncio_tells_of_itself_is_no_line() -> None:
    assert lines(lambda _: logging.getLogger("asyncio").info("%r is serving", "x")) == []


def test_configuring_again_does_not_write_twice() -> None:
    configure("info", stream=io.StringIO())
    assert len(lines(lambda _: logging.getLogger("aiohttp").warning("x"))) == 1


def test_values_without_a_json_form_are_written_as_text() -> None:
    (line,) = lines(lambda log: log.info("x", value=object, at=datetime(2026, 11, 27)))
    assert (line["value"], line["at"]) == ("<class 'object'>", "2026-11-27T00:00:00")


def test_the_standard_error_stream_is_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    configure()
    structlog.get_logger().info("x")
    assert json.loads(capsys.readouterr().err)["event"] == "x"
