"""What lies in the spool: whole, private, bounded, and read again."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from agent.observe.carrier_news import CarrierNews, news_of
from agent.observe.personal import less_personal
from agent.service import spool as module
from agent.service.spool import REFUSED, Spool, SpoolFull, Unreadable
from tests.store.records import FULL, NOON, record


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "spool"


def test_what_is_put_is_read_again_oldest_first(folder: Path) -> None:
    spool = Spool(folder)
    assert spool.files() == []
    later = record("CA2", began_at=NOON + timedelta(hours=1))
    spool.put(later)
    spool.put(FULL)
    assert [spool.read(path) for path in spool.files()] == [FULL, later]
    assert [path.name for path in spool.files()] == [
        "20261120T120000.000001-CA1.jsonl",
        "20261120T130000.000000-CA2.jsonl",
    ]


def test_nobody_else_may_read_what_lies_there(folder: Path) -> None:
    spool = Spool(folder)
    spool.put(FULL)
    [path] = spool.files()
    assert (path.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_call_has_one_file_however_often_it_is_put(folder: Path) -> None:
    spool = Spool(folder)
    spool.put(FULL)
    spool.put(less_personal(FULL))
    [path] = spool.files()
    assert spool.read(path) == less_personal(FULL)


def test_each_piece_of_news_of_a_call_has_a_file(folder: Path) -> None:
    spool = Spool(folder)
    first, second = news_of(FULL), CarrierNews(call_id="CA1", status="failed")
    spool.put(first)
    spool.put(FULL)
    spool.put(second)
    assert [spool.read(path) for path in spool.files()] == [FULL, first, second]
    assert {path.stem.partition("-")[2] for path in spool.files()} == {"CA1"}
    assert {path.stat().st_mode & 0o777 for path in spool.files()} == {0o600}


def test_news_are_no_record_and_a_record_is_no_news(folder: Path) -> None:
    spool = Spool(folder)
    spool.put(CarrierNews(call_id="CA1"))
    spool.put(FULL)
    for path, other in zip(spool.files(), (".news", ".jsonl"), strict=True):
        with pytest.raises(Unreadable):
            spool.read(path.rename(path.with_name(f"x{other}")))


def test_what_another_process_took_is_gone_without_a_word(folder: Path) -> None:
    spool = Spool(folder)
    spool.put(FULL)
    [path] = spool.files()
    spool.remove(path)
    spool.remove(path)
    spool.refuse(path)
    assert spool.read(path) is None
    assert spool.files() == []


def test_what_is_no_record_is_said_to_be_none(folder: Path) -> None:
    spool = Spool(folder)
    spool.put(FULL)
    [path] = spool.files()
    for content in (b"", b"{", b"\xff\xfe", b'{"call_id": 5}', path.read_bytes()[:100]):
        path.write_bytes(content)
        with pytest.raises(Unreadable):
            spool.read(path)


def test_what_the_store_will_never_take_lies_apart(folder: Path) -> None:
    spool = Spool(folder)
    spool.put(FULL, refused=True)
    assert spool.files() == []
    spool.put(record("CA2"))
    spool.refuse(spool.files()[0])
    assert spool.files() == []
    assert len(list((folder / REFUSED).iterdir())) == 2


def test_an_id_is_no_path(folder: Path) -> None:
    Spool(folder).put(record("../../etc/passwd" + "x" * 300))
    [path] = Spool(folder).files()
    assert path.parent == folder
    assert len(path.name) < 120


def test_there_is_a_bound(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 1)
    Spool(folder).put(FULL)
    with pytest.raises(SpoolFull):
        Spool(folder).put(record("CA2"))


def test_a_disk_that_fails_leaves_no_piece_behind(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        Spool(folder).put(FULL)
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_an_error_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    spool = Spool(tmp_path / "file" / "spool")
    assert spool.files() == []
    with pytest.raises(NotADirectoryError):
        spool.put(FULL)
