"""The `seamline` command, run in this process as `main` runs it."""

import sys
from dataclasses import dataclass

import pytest

from agent.cli import main


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a command: its exit code, and the lines of both its outputs."""

    code: int
    out: list[str]
    err: list[str]


class Command:
    """Types commands."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Done:
        self._monkeypatch.setattr(sys, "argv", ["seamline", *arguments])
        self._monkeypatch.setenv("COLUMNS", "200")
        with pytest.raises(SystemExit) as exit:
            main()
        out, err = self._capsys.readouterr()
        assert "Traceback" not in err
        return Done(int(exit.value.code or 0), out.splitlines(), err.splitlines())
