"""What the environment says of accounts, tokens and the store."""

from pathlib import Path

import pytest

from agent.service.twilio_http import Account
from tests.service.configured import PLAIN, SECRETS, load, problems_of

SID = "AC" + "1" * 32


def test_the_carrier_s_account_is_who_the_environment_says(tmp_path: Path) -> None:
    assert load(tmp_path, PLAIN, SECRETS).carrier is None
    with_token = load(tmp_path, PLAIN, {**SECRETS, "TWILIO_ACCOUNT_SID": SID}).carrier
    assert with_token == Account(SID, SID, "old-secret")
    keys = {"TWILIO_API_KEY": "SK1", "TWILIO_API_SECRET": "hidden"}
    elsewhere = {"SEAMLINE_TWILIO_URL": "http://127.0.0.1:9/"}
    with_key = load(tmp_path, PLAIN, {"TWILIO_ACCOUNT_SID": SID, **keys, **elsewhere}).carrier
    assert with_key == Account(SID, "SK1", "hidden", "http://127.0.0.1:9")
    assert "hidden" not in repr(with_key)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"TWILIO_API_KEY": "SK1"}, "without TWILIO_ACCOUNT_SID"),
        ({"TWILIO_ACCOUNT_SID": SID, "TWILIO_API_KEY": "SK1"}, "belong together"),
        ({"TWILIO_ACCOUNT_SID": SID}, "without a secret"),
        ({"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": "t"}, "32 hexadecimal digits"),
        (
            {
                "TWILIO_ACCOUNT_SID": SID,
                "TWILIO_AUTH_TOKEN": "t",
                "SEAMLINE_TWILIO_URL": "http://api.example.com",
            },
            "must be https",
        ),
    ],
)
def test_half_an_account_is_refused(environment: dict[str, str], said: str, tmp_path: Path) -> None:
    [problem] = problems_of(tmp_path, PLAIN, environment)
    assert said in problem


def test_records_of_calls_are_kept_in_the_data_folder_or_where_it_is_said(tmp_path: Path) -> None:
    assert load(tmp_path, "data: d").store == f"sqlite:///{tmp_path.absolute()}/d/calls.sqlite3"
    assert load(tmp_path, "store: none").store is None
    elsewhere = "postgresql://seamline:secret@db/calls"
    assert load(tmp_path, f"store: {elsewhere}").store == elsewhere
    environment = {"SEAMLINE_STORE": "postgres://db/calls"}
    assert load(tmp_path, "store: none", environment).store == "postgresql://db/calls"
    assert load(tmp_path, PLAIN, {"SEAMLINE_STORE": "none"}).store is None


def test_a_token_of_the_api_that_can_be_guessed_is_refused(tmp_path: Path) -> None:
    assert load(tmp_path, PLAIN).api_token is None
    assert load(tmp_path, PLAIN, {"SEAMLINE_API_TOKEN": f" {'a' * 20}\n"}).api_token == "a" * 20
    [problem] = problems_of(tmp_path, PLAIN, {"SEAMLINE_API_TOKEN": "short-one"})
    assert problem.startswith("SEAMLINE_API_TOKEN has fewer than 20 characters")
    assert "short-one" not in problem
