"""docs/first-agent.md, followed by hand: its files are written and its commands are typed."""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/first-agent.md").read_text()
STAND_INS = (ROOT / "docs/stand-ins.md").read_text()
PART = re.compile(
    r"(?:^\*\*(?P<file>[\w./-]+)\*\*:\n\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.M | re.S
)
FOREVER = ("seamline emulate", "seamline serve")
PATIENCE_S = 60


@dataclass
class Reader:
    """Somebody who follows the page.

    Attributes:
        folder: where he is, at first at home.
        ports: those of the page, and those that were free.
        running: the commands that go on in terminals of their own.
    """

    folder: Path
    home: Path
    ports: dict[str, str] = field(default_factory=dict)
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def type(self, command: str) -> list[str]:
        """Type a command and wait for its end; what it printed."""
        for here, there in self.ports.items():
            command = command.replace(here, there)
        if "call --local" in command:
            command += f" --service http://127.0.0.1:{self.ports['8080']}"
        script = f"{command}\nstatus=$?; echo; pwd; exit $status"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        *lines, folder = done.stdout.splitlines()
        self.folder = Path(folder)
        return [line for line in lines if line.strip()]

    def leave_running(self, command: str) -> None:
        """Type a command that does not end, and wait until it says where it listens."""
        for here, there in self.ports.items():
            command = command.replace(here, there)
        words = [*shlex.split(command), "--port", "0"]
        process = subprocess.Popen(
            [sys.executable, "-m", "agent", *words[1:]],
            cwd=self.folder,
            env=self._environment(),
            stderr=subprocess.PIPE,
            text=True,
        )
        self.running.append(process)
        found = re.search(r"(?:ws|http)://127\.0\.0\.1:(\d+)", self.until("://127.0.0.1"))
        assert found is not None
        self.ports["8899" if "emulate" in command else "8080"] = found[1]

    def until(self, word: str) -> str:
        """Wait until the newest of the running commands prints a line with this word."""
        stream = self.running[-1].stderr
        assert stream is not None
        for line in stream:
            if word in line:
                return line
        raise AssertionError(f"it ended without a word of {word}")

    def stop(self) -> None:
        for process in reversed(self.running):
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=PATIENCE_S)

    def _environment(self) -> dict[str, str]:
        scripts = str(Path(sys.executable).parent)
        kept = {name: value for name, value in os.environ.items() if "SEAMLINE" not in name}
        path = f"{scripts}:{os.environ['PATH']}"
        changes = {"PATH": path, "COLUMNS": "200", "HOME": str(self.home)}
        return {**kept, **changes, "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": "-p no:cacheprovider"}


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    reader = Reader(tmp_path, tmp_path)
    yield reader
    reader.stop()


def commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each command of a block, with what the page says it prints."""
    command, printed = "", list[str]()
    for line in text.splitlines():
        if line.startswith("$ "):
            if command:
                yield command, printed
            command, printed = line[2:], []
        else:
            printed.append(line)
    yield command, printed


def fits(printed: list[str], shown: list[str]) -> bool:
    """Whether a command printed what the page shows; `...` stands for anything."""
    parts = [re.escape(line.strip()).replace(r"\.\.\.", ".*") for line in shown]
    wanted = "\n".join(parts).replace("\n.*\n", "\n(?:.*\n)*?")
    wanted = re.sub(r"^\.\*\n", "(?:.*\n)*?", wanted)
    wanted = re.sub(r"\n\.\*$", "(?:\n.*)*", wanted)
    return re.fullmatch(wanted, "\n".join(line.strip() for line in printed)) is not None


@pytest.mark.socket
@pytest.mark.speech
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_page_can_be_followed_from_its_first_command_to_its_last(reader: Reader) -> None:
    typed = 0
    for part in PART.finditer(PAGE):
        if part["file"]:
            reader.write(part["file"], part["text"])
            continue
        for command, shown in commands(part["text"]) if part["kind"] == "console" else ():
            typed += 1
            if command.startswith(FOREVER):
                reader.leave_running(command)
                continue
            printed = reader.type(command)
            assert fits(printed, shown), f"{command}\n" + "\n".join(printed)
            if "good evening" in command:
                assert "harbour-taxi" in reader.until("tenants.reloaded")
    assert typed == 14


def test_the_set_up_brings_along_what_the_page_needs() -> None:
    """The page says `make setup`; this test runs in a set-up that has more."""
    small, large = ((ROOT / f"requirements/{name}.txt").read_text() for name in ("sim", "dev"))
    for name in ("pytest", "pluggy", "iniconfig", "pocketsphinx", "espeakng-loader"):
        [line] = [line for line in small.splitlines() if line.startswith(f"{name}==")]
        assert line in large.splitlines()


def test_its_scenario_is_the_one_of_the_page_on_stand_ins() -> None:
    [scenario] = [part["text"] for part in PART.finditer(PAGE) if part["text"].startswith("scena")]
    assert scenario in STAND_INS


def test_what_is_shown_is_compared_line_by_line() -> None:
    assert fits(["a", "b 1 c"], ["a", "b ... c"])
    assert fits(["a", "x", "y", "b"], ["a", "...", "b"])
    assert fits(["x", "a"], ["...", "a"])
    assert fits(["a", "x"], ["a", "..."])
    assert not fits(["a", "b"], ["a"])
    assert not fits(["a"], ["a", "b"])
