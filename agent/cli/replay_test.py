"""A kept call made into a regression test: masked, with all that it needs beside it."""

from __future__ import annotations

import re
from pathlib import Path

from agent.errors import ConfigError
from agent.observe.masked_tape import Masked, masked
from agent.observe.wires import ReadTape, tape_bytes

TEST = '''"""A call that was kept, run again: what it is told is masked, and it goes as it did."""

from pathlib import Path

from agent.observe.replay import replay
from agent.observe.wires import read_tape

TAPE = Path(__file__).with_suffix(".tape")


def test_{name}() -> None:
    again = replay(read_tape(TAPE))

    assert again.difference is None
    assert again.report.outcome == {outcome!r}
    assert len(again.report.turns) == {turns}
'''

_FILE = re.compile(r"test_([a-z][a-z0-9_]*)\.py")


def write_test(tape: ReadTape, path: Path) -> list[str]:
    """Write the test and its data.

    Args:
        path: of the test; its data goes beside it, as `.tape`.

    Returns:
        What to tell the person.

    Raises:
        ConfigError: the name is none of a test, or something is there already.
    """
    name = _FILE.fullmatch(path.name)
    if name is None:
        raise ConfigError(f"{path}: a test's file is named test_something.py, in small letters")
    data = path.with_suffix(".tape")
    for file in (path, data):
        if file.exists():
            raise ConfigError(f"{file}: is there already; move it away first")
    result = masked(tape)
    report = result.report
    text = TEST.format(name=name[1], outcome=str(report.outcome), turns=len(report.turns))
    if report.outcome is None:
        text = text.replace("== 'None'", "is None")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        data.write_bytes(tape_bytes(result.tape))
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None
    return [f"wrote {path} and {data.name} ({data.stat().st_size} bytes)", *likeness(result)]


def likeness(result: Masked) -> list[str]:
    """How far the masked call is the one that was lived, and what was masked."""
    lines = ["masked: numbers, names, words, arguments, results, instructions; sound is murmur"]
    if result.differs_s is None:
        return [*lines, "masked, the call does the same things at the same times"]
    return [
        *lines,
        f"masked, the call does the same at {result.alike} of {result.drains} times; first "
        f"something else at {result.differs_s:.3f} s: see whether the test still shows what it "
        "is for",
    ]
