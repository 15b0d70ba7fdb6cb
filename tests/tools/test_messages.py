import sqlite3
import stat
from pathlib import Path
from threading import Thread

import pytest

from agent.tools.messages import Message, keep, path_of, read

HELLO = Message("2026-11-20T09:00:00-05:00", "CA1", "+15550100199", "Hello.")


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    path = path_of(tmp_path, "x")
    other = Message("2026-11-20T10:00:00-05:00", "CA2", None, "Bye.")
    keep(path, HELLO, "a")
    keep(path, other, "b")
    assert read(path) == [HELLO, other]


def test_one_request_leaves_one_message(tmp_path: Path) -> None:
    path = path_of(tmp_path, "x")
    keep(path, HELLO, "a")
    keep(path, HELLO, "a")
    assert read(path) == [HELLO]


def test_messages_without_a_request_are_all_kept(tmp_path: Path) -> None:
    path = path_of(tmp_path, "x")
    keep(path, HELLO, "")
    keep(path, HELLO, "")
    assert read(path) == [HELLO, HELLO]


def test_nobody_has_left_a_message_yet(tmp_path: Path) -> None:
    assert read(path_of(tmp_path, "x")) == []


def test_others_on_the_machine_cannot_read_them(tmp_path: Path) -> None:
    path = path_of(tmp_path, "x")
    keep(path, HELLO, "a")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_messages_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    path = path_of(tmp_path, "x")
    threads = [Thread(target=keep, args=(path, HELLO, str(n))) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read(path)) == 20


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "messages").touch()
    with pytest.raises(OSError, match="messages"):
        keep(path_of(tmp_path, "x"), HELLO, "a")


def test_a_file_that_is_no_database_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("no database, but text that is long enough to be taken for none")
    with pytest.raises(sqlite3.DatabaseError):
        read(path)
