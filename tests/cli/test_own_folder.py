"""A folder for one run's files."""

from pathlib import Path

import pytest

from agent.cli.own_folder import own_folder


def test_what_an_earlier_run_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    left = tmp_path / "calls" / "demo"
    (left / "data").mkdir(parents=True)
    (left / "data" / "shop.sqlite3").touch()
    (left / "call.wav").touch()
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").touch()
    (left / "link").symlink_to(kept, target_is_directory=True)
    (tmp_path / "calls" / "other.wav").touch()

    with own_folder(tmp_path / "calls", "demo") as folder:
        assert folder == left
        assert list(folder.iterdir()) == []
    assert (kept / "file").exists()
    assert (tmp_path / "calls" / "other.wav").exists()


def test_runs_at_the_same_time_have_folders_of_their_own(tmp_path: Path) -> None:
    with own_folder(tmp_path, "demo") as first:
        (first / "log").touch()
        with own_folder(tmp_path, "demo") as second, own_folder(tmp_path, "demo") as third:
            assert [one.name for one in (first, second, third)] == ["demo", "demo-2", "demo-3"]
        assert (first / "log").exists()
    with own_folder(tmp_path, "demo") as again:
        assert again == first


def test_a_run_that_fails_lets_go(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="gone wrong"), own_folder(tmp_path, "demo"):
        raise ValueError("gone wrong")
    with own_folder(tmp_path, "demo") as folder:
        assert folder.name == "demo"


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "calls").touch()
    with pytest.raises(NotADirectoryError), own_folder(tmp_path / "calls", "demo"):
        pass
