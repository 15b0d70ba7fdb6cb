"""The list of numbers that are never called."""

import asyncio
import os
from pathlib import Path

import pytest

from agent.errors import ConfigError
from agent.service.do_not_call import MOST_BYTES, DoNotCallFiles, parse

LIST = """\
# Asked us not to call.
+1 (555) 010-0100   # in May
+15550200*

+442079460958
"""


def read(files: DoNotCallFiles, path: Path, number: str) -> bool:
    return asyncio.run(files.read(path)).holds(number)


@pytest.mark.parametrize(
    ("number", "held"),
    [
        ("+15550100100", True),
        ("+15550100101", False),
        ("+15550200999", True),
        ("+442079460958", True),
        ("+4420794609580", False),
    ],
)
def test_a_number_is_held_by_itself_or_by_its_beginning(number: str, held: bool) -> None:
    assert parse(LIST, "list").holds(number) is held


def test_an_empty_list_holds_nobody() -> None:
    assert not parse("\n# nobody\n", "list").holds("+15550100100")


@pytest.mark.parametrize(
    "line", ["5550100199", "nobody", "default", "*", "+1555010010x", "+0*", "sip:sales"]
)
def test_a_line_that_is_no_number_is_told_and_not_skipped(line: str) -> None:
    with pytest.raises(ConfigError, match="list:2: not a number") as caught:
        parse(f"# ok\n{line}\n", "list")
    assert line not in str(caught.value)


def test_a_changed_file_holds_from_then_on(tmp_path: Path) -> None:
    files, path = DoNotCallFiles(), tmp_path / "never.txt"
    path.write_text(LIST)
    assert not read(files, path, "+15550999999")
    assert not read(files, path, "+15550999999")
    path.write_text(LIST + "+15550999999\n")
    assert read(files, path, "+15550999999")


def test_a_file_that_cannot_be_read_calls_nobody(tmp_path: Path) -> None:
    files, path = DoNotCallFiles(), tmp_path / "never.txt"
    for content, why in ((None, "No such file"), (b"\xff\xfe+1", "not text in UTF-8")):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(ConfigError, match=why):
            read(files, path, "+15550100100")


def test_a_file_without_end_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "never.txt"
    path.touch()
    os.truncate(path, MOST_BYTES + 1)
    with pytest.raises(ConfigError, match="over 64 MiB"):
        read(DoNotCallFiles(), path, "+15550100100")
