import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from agent.errors import ConfigError
from agent.tenants.secrets import (
    Reference,
    Secret,
    WithSecrets,
    references,
    resolve,
    secrets_of,
    written_out,
)
from agent.tenants.tools import HttpTool, McpTool

VALUE = "hunter2"


def no_env(name: str) -> str | None:
    raise AssertionError(name)


def no_file(path: str) -> str:
    raise AssertionError(path)


def test_references_are_found_in_their_order() -> None:
    found = references("Bearer ${ENV:API_KEY} ${FILE:/run/secrets/my key} {name} $x ${env:no}")
    assert found == [Reference("ENV", "API_KEY"), Reference("FILE", "/run/secrets/my key")]
    assert [str(one) for one in found] == ["${ENV:API_KEY}", "${FILE:/run/secrets/my key}"]


def test_a_text_is_filled_in_and_a_files_last_line_break_dropped() -> None:
    text = resolve("a ${ENV:A}${FILE:b/c} {x}", {"A": VALUE}.get, lambda path: f"<{path}>\r\n")
    assert text == f"a {VALUE}<b/c> {{x}}"


def test_what_comes_out_of_a_secret_is_not_read_again() -> None:
    assert resolve("${ENV:A}", {"A": "${ENV:B}"}.get, no_file) == "${ENV:B}"


def unreadable(path: str) -> str:
    raise FileNotFoundError(2, "No such file or directory", path)


def binary(path: str) -> str:
    return b"\xff".decode()


@pytest.mark.parametrize(
    ("text", "read_env", "read_file", "problem"),
    [
        ("${ENV:A}", {}.get, no_file, "${ENV:A} is not set"),
        ("${ENV:A}", {"A": ""}.get, no_file, "${ENV:A} is empty"),
        ("${FILE:a}", no_env, lambda _: "\n", "${FILE:a} is empty"),
        ("${FILE:a}", no_env, unreadable, "${FILE:a} cannot be read: No such file or directory"),
        ("${FILE:a}", no_env, binary, "${FILE:a} cannot be read: it is not text"),
    ],
)
def test_a_secret_that_is_not_there_is_named_by_its_reference(
    text: str, read_env: object, read_file: object, problem: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve(text, read_env, read_file)  # type: ignore[arg-type]
    assert caught.value.problems == (problem,)


def test_every_missing_secret_is_told_and_none_that_is_known() -> None:
    with pytest.raises(ConfigError) as caught:
        resolve("${ENV:A} ${ENV:B} ${ENV:C}", {"A": VALUE}.get, no_file)
    assert caught.value.problems == ("${ENV:B} is not set", "${ENV:C} is not set")
    assert VALUE not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["${ENV:}", "${ENV:1A}", "${FILE:}", "${VAULT:a}", "${A}", "${ENV:A", "${FILE:a\nb}"]
)
def test_a_reference_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="holds a reference that cannot be read"):
        TypeAdapter[str](WithSecrets).validate_python(text)


@pytest.mark.parametrize("text", ["hunter2", "x${ENV:A}", "${ENV:A}\n", ""])
def test_a_secret_is_a_reference_and_the_message_does_not_repeat_it(text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter[str](Secret).validate_python(text)
    message = "Value error, a secret does not stand in this file; write ${ENV:NAME} or ${FILE:path}"
    assert caught.value.errors()[0]["msg"] == message


@given(st.text("${}ENVFILE:ab/ ", max_size=30))
def test_what_is_well_formed_resolves_completely(text: str) -> None:
    try:
        TypeAdapter[str](WithSecrets).validate_python(text)
    except ValidationError:
        return
    assert "${" not in resolve(text, lambda _: "x", lambda _: "x")


def test_names_tell_which_values_should_be_secret() -> None:
    values = {
        "Authorization": "Bearer x",
        "X-Api-Key": "x",
        "auth_token": "x",
        "apikey": "x",
        "Cookie": "${ENV:A}",
        "token": "{token}",
        "Accept": "x",
        "monkey": "x",
    }
    names = list(written_out(values))
    assert names == ["Authorization", "X-Api-Key", "auth_token", "apikey"]


def test_the_secrets_of_a_model_have_their_places() -> None:
    tool = HttpTool(
        name="a",
        description="b",
        method="POST",
        url="https://a.example/",
        headers={"Authorization": "Bearer ${ENV:A}"},
        body={"list": ["${ENV:B}"], "n": "$"},
        sign={"secret": "${FILE:c}"},  # type: ignore[arg-type]
    )
    assert list(secrets_of(tool)) == [
        (("headers", "Authorization"), Reference("ENV", "A")),
        (("body", "list", 0), Reference("ENV", "B")),
        (("sign", "secret"), Reference("FILE", "c")),
    ]


def test_a_model_shows_the_reference_and_never_the_value() -> None:
    tool = McpTool(name="a", command=("x",), env={"TOKEN": "${ENV:A}"}, allow=("b",))
    assert "${ENV:A}" in repr(tool)
    assert resolve(tool.env["TOKEN"], {"A": VALUE}.get, no_file) == VALUE
    assert VALUE not in repr(tool)
