"""`seamline calls replay`: a kept call run again, listed, and made into a test."""

import subprocess
import sys
from pathlib import Path

import pytest

from agent.call.tape import Began, Fact, ToolFinished
from agent.cli.replay import listing, told
from agent.observe.replay import Difference, Replayed, replay
from agent.observe.wire_key import read_keys
from agent.observe.wires import ChunkWriter, ReadTape
from tests.call.tapes import PERSONAL, busy, lived
from tests.cli.command import Command

KEY = "3c" * 32
FACTS = lived(busy).facts


@pytest.fixture
def type_in(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Command:
    monkeypatch.setenv("SEAMLINE_WIRE_KEY", KEY)
    monkeypatch.setenv("SEAMLINE_DATA", str(tmp_path))
    return Command(monkeypatch, capsys)


def kept(path: Path, facts: list[Fact] = FACTS, *, whole: bool = True) -> Path:
    writer = ChunkWriter(read_keys(KEY)[0], b"0123456789abcdef")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(writer.header + writer.chunk(facts, last=whole))
    return path


def other_answer() -> list[Fact]:
    return [
        ToolFinished(fact.at, fact.id, b'{"output":1}') if isinstance(fact, ToolFinished) else fact
        for fact in FACTS
    ]


def test_a_call_that_goes_as_it_did_is_said_to(type_in: Command, tmp_path: Path) -> None:
    kept(tmp_path / "wires/bella/CA1.wire")

    done = type_in("calls", "replay", "CA1")

    assert done.code == 0
    assert done.out[0].startswith("CA1.wire: a call of bella, 14.5 s, 2026-11-21T12:00:00.000")
    assert done.out[1].startswith("it goes as it did: ")
    assert done.out[1].endswith("effects, none differs")


def test_a_call_that_does_not_is_shown_where(type_in: Command, tmp_path: Path) -> None:
    path = kept(tmp_path / "call.wire", other_answer())

    done = type_in("calls", "replay", str(path))

    assert done.code == 1
    assert "it differs first at" in done.out[1]
    assert done.out[2].startswith('  told last  ToolFinished f1 {"output":1}')
    assert done.out[3].startswith("  did        ToModel 1 {")
    assert done.out[4].startswith("  does now   ToModel 1 {")


def test_a_torn_file_is_compared_as_far_as_it_goes(type_in: Command, tmp_path: Path) -> None:
    path = kept(tmp_path / "call.wire", whole=False)

    done = type_in("calls", "replay", str(path))

    assert done.code == 0
    assert done.out[1] == "compared up to 14.5 s: it breaks off"


def test_a_call_that_raises_is_shown() -> None:
    began = FACTS[0]
    assert isinstance(began, Began)
    tape = ReadTape(began, FACTS[1:], None)
    error = Difference(1.0, FACTS[5], None, None, ZeroDivisionError("a bug"))
    fine = replay(tape)
    found = Replayed(fine.report, 1, 1, 1.0, error, None)

    lines = told(Path("x.wire"), tape, found)

    assert lines[-1] == "  it raised  ZeroDivisionError: a bug"
    none = Difference(1.0, FACTS[5], None, None)
    assert told(Path("x"), tape, Replayed(fine.report, 1, 1, 1.0, none, None))[-1].endswith(
        "nothing"
    )


def test_all_that_was_kept_can_be_listed(type_in: Command, tmp_path: Path) -> None:
    path = kept(tmp_path / "call.wire")

    done = type_in("calls", "replay", str(path), "--facts")

    assert done.code == 0
    assert any("PhoneSaid" in line for line in done.out)
    assert any("    > ToPhone" in line for line in done.out)
    assert any("bytes, " in line for line in done.out)
    began = FACTS[0]
    assert isinstance(began, Began)
    assert listing(ReadTape(began, [], "it breaks off")) == ["the end is missing: it breaks off"]


def test_it_becomes_a_test_that_passes_and_says_nothing(type_in: Command, tmp_path: Path) -> None:
    path = kept(tmp_path / "call.wire")
    test = tmp_path / "new/test_a_cut_reply.py"

    done = type_in("calls", "replay", str(path), "--to-test", str(test))

    assert done.code == 0
    assert done.out[2].startswith(f"wrote {test} and test_a_cut_reply.tape (")
    assert done.out[3].startswith("masked: ")
    assert "the same" in done.out[4]
    assert "def test_a_cut_reply() -> None:" in test.read_text()
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "--rootdir",
            ".",
            str(test),
        ],
        capture_output=True,
        text=True,
        timeout=50,
        env={"PATH": "", "PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "1 passed" in ran.stdout
    for word in PERSONAL:
        assert word.encode() not in test.read_bytes() + test.with_suffix(".tape").read_bytes()


def test_a_call_that_does_all_the_same_masked_is_said_to(type_in: Command, tmp_path: Path) -> None:
    quiet = lived(lambda line: line.run(1.0)).facts
    path = kept(tmp_path / "call.wire", quiet)
    test = tmp_path / "test_quiet.py"

    done = type_in("calls", "replay", str(path), "--to-test", str(test))

    assert done.out[4] == "masked, the call does the same things at the same times"
    assert "again.report.outcome is None" in test.read_text()


def test_a_test_is_named_like_one_and_overwrites_nothing(type_in: Command, tmp_path: Path) -> None:
    path = kept(tmp_path / "call.wire")
    (tmp_path / "test_there.tape").touch()
    (tmp_path / "test_file").touch()

    for name, problem in (
        ("regression.py", "a test's file is named test_something.py"),
        ("test_There.py", "a test's file is named test_something.py"),
        ("test_there.py", "test_there.tape: is there already"),
        ("test_file/test_x.py", "cannot be written: "),
    ):
        done = type_in("calls", "replay", str(path), "--to-test", str(tmp_path / name))
        assert done.code == 2
        assert problem in done.err[0]


def test_who_has_no_key_or_no_call_is_told(
    type_in: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = kept(tmp_path / "wires/bella/CA1.wire")
    assert type_in("calls", "replay", "CA2").err == [
        f"seamline: CA2: no such file, and no wires of such a call below {tmp_path}/wires"
    ]
    kept(tmp_path / "wires/bella/CA1-2.wire")
    assert "it was served more than once; name one of" in type_in("calls", "replay", "CA1").err[0]

    monkeypatch.delenv("SEAMLINE_WIRE_KEY")
    assert "there is no key that opens it" in type_in("calls", "replay", str(path)).err[0]
    monkeypatch.setenv("OLD_KEY", KEY)
    assert type_in("calls", "replay", str(path), "--key", "OLD_KEY").code == 0
    monkeypatch.setenv("OLD_KEY", "nonsense")
    done = type_in("calls", "replay", str(path), "--key", "OLD_KEY")
    assert done.err[0].startswith("seamline: OLD_KEY, key 1: not 32 bytes")
