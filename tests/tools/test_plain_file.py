"""Files that an operator names, and what is none."""

import os
from pathlib import Path

import pytest

from agent.tools.plain_file import read_plain_file


def test_no_more_is_read_than_was_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abcdef")
    assert read_plain_file(str(tmp_path / "a"), 4) == b"abcd"
    assert read_plain_file(str(tmp_path / "a"), 10) == b"abcdef"


def test_a_link_to_a_file_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "b").symlink_to("a")
    assert read_plain_file(str(tmp_path / "b"), 1) == b"a"


def test_what_may_never_end_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(OSError, match="Not a regular file"):
            read_plain_file(str(path), 1)


def test_a_folder_and_nothing_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        read_plain_file(str(tmp_path), 1)
    with pytest.raises(FileNotFoundError):
        read_plain_file(str(tmp_path / "none"), 1)
