"""`seamline emulate gemini --chaos`."""

import socket
import sys

import pytest

from agent.cli import main
from agent.sim.chaos import CHAOS


def emulate(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> str:
    """What a command that ends with exit code 2 says."""
    monkeypatch.setattr(sys, "argv", ["seamline", "emulate", "gemini", "--scripted", *arguments])
    with pytest.raises(SystemExit) as exit:
        main()
    assert exit.value.code == 2
    return capsys.readouterr().err


def test_an_unknown_misfortune_is_told_with_those_there_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = emulate(monkeypatch, capsys, "--chaos", "goaway", "--chaos", "rain")
    assert said.startswith("seamline: --chaos rain: there is none; one of ")
    assert all(name in said for name in CHAOS)


def test_known_misfortunes_go_together(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        names = [word for name in (*CHAOS, "random:7") for word in ("--chaos", name)]
        assert "cannot listen" in emulate(monkeypatch, capsys, "--port", port, *names)
