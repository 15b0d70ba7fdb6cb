import json
from pathlib import Path

import pytest

from agent.cli.messages import show_messages
from agent.errors import ConfigError
from agent.tools.messages import Message, keep, path_of

FIRST = Message("2026-11-20T09:00:00-05:00", "CA1", "+15550100199", "Call [bold]Anna[/bold].")
SECOND = Message("2026-11-20T10:00:00-05:00", "CA2", None, "The oven is on.")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SEAMLINE_DATA", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def left(data: Path) -> Path:
    path = path_of(data, "bella-vista")
    keep(path, FIRST, "a")
    keep(path, SECOND, "b")
    return path


def shown(capsys: pytest.CaptureFixture[str], tenant: str, *, as_json: bool = False) -> list[str]:
    show_messages(None, tenant, as_json=as_json)
    return capsys.readouterr().out.splitlines()


def test_messages_are_shown_oldest_first(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    left(data)
    lines = [line for line in shown(capsys, "bella-vista") if "CA" in line]
    assert [part.strip() for part in lines[0].strip("│").split("│")] == [
        "2026-11-20T09:00:00-05:00", "+15550100199", "Call [bold]Anna[/bold].", "CA1",
    ]  # fmt: skip
    assert "withheld" in lines[1]


def test_programs_get_an_object_a_line(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    left(data)
    found = [json.loads(line) for line in shown(capsys, "bella-vista", as_json=True)]
    assert [message["text"] for message in found] == [FIRST.text, SECOND.text]
    assert found[1]["caller"] is None


def test_no_messages_are_said_to_be_none(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, "x") == ["no messages for x"]
    left(data)
    assert shown(capsys, "x") == ["no messages for x; there are some for bella-vista"]


def test_a_file_that_is_no_such_file_is_named(data: Path) -> None:
    path = left(data)
    path.write_text("no database, but text that is long enough to be taken for none")
    with pytest.raises(ConfigError, match=r"bella-vista\.sqlite3: cannot be read: "):
        show_messages(None, "bella-vista", as_json=False)
