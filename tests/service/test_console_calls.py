"""Past calls over HTTP: lists, one call, its outline and its sound."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from agent.observe.record_schema import CallRecord, Recording, Turn
from agent.service.console_calls import recording_of
from agent.store.store import Store
from tests.service.console_house import TOKEN, Desk, at_the_desk
from tests.service.house import CALLER
from tests.service.past_calls import SECONDS, record, sound

pytestmark = pytest.mark.socket


def with_calls(
    folder: Path, test: Callable[[Desk], Awaitable[None]], *records: CallRecord, **changes: Any
) -> None:
    store = Store(f"sqlite:///{folder}/calls.sqlite3")

    async def prepared(desk: Desk) -> None:
        for each in records:
            await store.save(each)
        await test(desk)

    at_the_desk(folder, prepared, store=store, **changes)


async def listed(desk: Desk, query: str = "") -> dict[str, Any]:
    response = await desk.ask("GET", f"/api/calls?{query}")
    assert response.status == 200, await response.text()
    found: dict[str, Any] = await response.json()
    return found


def ids(found: dict[str, Any]) -> list[str]:
    return [call["call_id"] for call in found["calls"]]


def test_calls_come_newest_first_page_after_page(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        first = await listed(desk, "limit=2")
        assert ids(first) == ["CA4", "CA3"]
        second = await listed(desk, f"limit=2&before={first['next']}")
        assert ids(second) == ["CA2", "CA1"]
        third = await listed(desk, f"limit=2&before={second['next']}")
        assert (ids(third), third["next"]) == (["CA0"], None)
        assert first["calls"][0]["cost_usd"] == 0.0125

    with_calls(tmp_path, test, *(record(n) for n in range(5)))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("tenant=office", ["CA1"]),
        ("outcome=failed", ["CA2"]),
        ("number=%2B15550000001", ["CA0"]),
        ("words=reservation", ["CA0"]),
        ("since=2026-11-21T12:01:00Z", ["CA2", "CA1"]),
        ("until=2026-11-21T12:01:00%2B00:00", ["CA0"]),
        ("since=2026-11-21T13:01:00%2B01:00", ["CA2", "CA1"]),
        ("since=2026-11-22", []),
        ("tenant=' OR 1=1 --", []),
        ("words=%22%20OR%20*", []),
        ("unknown=1", ["CA2", "CA1", "CA0"]),
    ],
)
def test_filters(query: str, found: list[str], tmp_path: Path) -> None:
    words = (Turn(number=1, began_s=1.0, answers_caller=True, caller_text="a reservation"),)

    async def test(desk: Desk) -> None:
        assert ids(await listed(desk, query)) == found

    with_calls(
        tmp_path,
        test,
        record(0, caller="+15550000001", conversation=words),
        record(1, tenant="office"),
        record(2, outcome="failed"),
    )


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=-1",
        "limit=x",
        "limit=201",
        "limit=\u0661",
        "before=1.5",
        "before=99999999999999999999999",
        "since=yesterday",
        "since=0001-01-01T00:00:00%2B14:00",
        "words=" + "x" * 300,
        "tenant=%00",
        "tenant=a%0Ab",
    ],
)
def test_a_query_that_cannot_be_meant_is_refused(query: str, tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        response = await desk.ask("GET", f"/api/calls?{query}")
        assert response.status == 400
        assert len(await response.text()) < 80

    with_calls(tmp_path, test)


def test_one_call_with_everything(tmp_path: Path) -> None:
    path = sound(tmp_path)

    async def test(desk: Desk) -> None:
        response = await desk.ask("GET", "/api/calls/CA1")
        assert response.content_type == "application/json"
        assert response.headers["Cache-Control"] == "no-store"
        call = await response.json()
        assert (call["running"], call["caller"]) == (False, CALLER)
        assert call["timeline"] == [
            [1.0, "caller.said", {"turn": 1, "pii.text": "<img src=x> tables"}]
        ]
        assert call["recording"] == {"starts_s": 0.5}
        assert call["cost"]["total"] == 0.0125
        assert call["began_at"] == "2026-11-21T12:01:00Z"
        path.unlink()
        assert (await (await desk.ask("GET", "/api/calls/CA1")).json())["recording"] is None

    kept = Recording(path="recordings/shop/CA1.wav", starts_s=0.5)
    with_calls(tmp_path, test, record(1, recording=kept))


def test_its_outline(tmp_path: Path) -> None:
    sound(tmp_path)

    async def test(desk: Desk) -> None:
        outline = await (await desk.ask("GET", "/api/calls/CA1/peaks?n=4")).json()
        assert outline == {
            "seconds": SECONDS,
            "starts_s": 0.5,
            "caller": [50] * 4,
            "agent": [50] * 4,
        }
        for n in ("0", "x", "100000"):
            assert (await desk.ask("GET", f"/api/calls/CA1/peaks?n={n}")).status == 400
        assert (await desk.ask("GET", "/api/calls/CA2/peaks")).status == 404

    kept = Recording(path="recordings/shop/CA1.wav", starts_s=0.5)
    with_calls(tmp_path, test, record(1, recording=kept), record(2))


@pytest.mark.parametrize(
    ("asked", "status", "length"),
    [
        (None, 200, None),
        ("bytes=0-99", 206, 100),
        ("bytes=44-", 206, 8000 * 4 * SECONDS),
        ("bytes=-100", 206, 100),
        ("bytes=999999999-", 416, 0),
        ("bytes=100-50", 416, 0),
        ("bytes=x-y", 416, 0),
        ("lines=1-2", 416, 0),
        ("bytes=0-1,5-6", 416, 0),
    ],
)
def test_its_sound_in_ranges(
    asked: str | None, status: int, length: int | None, tmp_path: Path
) -> None:
    path = sound(tmp_path)

    async def test(desk: Desk) -> None:
        headers = {} if asked is None else {"Range": asked}
        url = f"{desk.origin}/api/calls/CA1/recording.wav"
        async with desk.session.get(url, headers=headers) as response:
            content = await response.read()
            assert response.status == status
        if status < 300:
            assert response.content_type == "audio/wav"
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert "private" in response.headers["Cache-Control"]
            assert len(content) == (path.stat().st_size if length is None else length)

    with_calls(tmp_path, test, record(1, recording=Recording(path="recordings/shop/CA1.wav")))


def test_nothing_but_recordings_is_read_whatever_a_record_names(tmp_path: Path) -> None:
    (tmp_path / "secret.wav").write_bytes(b"x" * 100)
    sound(tmp_path)
    (tmp_path / "recordings/shop/link.wav").symlink_to(tmp_path / "secret.wav")
    (tmp_path / "recordings/shop/notes.txt").write_text("x")

    async def test(desk: Desk) -> None:
        for path in (
            "secret.wav",
            "recordings/../secret.wav",
            str(tmp_path / "secret.wav"),
            "recordings/shop/link.wav",
            "recordings/shop/notes.txt",
            "recordings/shop",
            "recordings/shop/missing.wav",
        ):
            assert recording_of(desk.service, record(1, recording=Recording(path=path))) is None
        good = str(tmp_path / "recordings/shop/CA1.wav")
        assert recording_of(desk.service, record(1, recording=Recording(path=good))) is not None
        assert recording_of(desk.service, record(1)) is None
        for what in ("recording.wav", "peaks"):
            assert (await desk.ask("GET", f"/api/calls/CA1/{what}")).status == 404

    with_calls(tmp_path, test, record(1, recording=Recording(path="secret.wav")))


def test_a_recording_that_cannot_be_read_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(path: Path, n: int) -> None:
        raise PermissionError(path)

    sound(tmp_path)
    monkeypatch.setattr("agent.service.console_calls.read_peaks", unreadable)

    async def test(desk: Desk) -> None:
        response = await desk.ask("GET", "/api/calls/CA1/peaks")
        assert response.status == 404
        assert str(tmp_path) not in await response.text()

    with_calls(tmp_path, test, record(1, recording=Recording(path="recordings/shop/CA1.wav")))


@pytest.mark.parametrize("id", ["CA9", "..", "%2e%2e%2f", "x" * 5000, "%00", "%ff", "' OR 1=1"])
def test_a_call_that_nobody_knows(id: str, tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        for path in ("", "/peaks", "/recording.wav"):
            assert (await desk.ask("GET", f"/api/calls/{id}{path}")).status == 404

    with_calls(tmp_path, test, record(1))


def test_a_store_that_does_not_answer_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "calls.sqlite3").write_bytes(b"no database" * 100)

    async def test(desk: Desk) -> None:
        for path in ("/api/calls", "/api/calls/CA1"):
            response = await desk.ask("GET", path)
            assert response.status == 503
            assert "the store does not answer" in await response.text()

    with_calls(tmp_path, test)


def test_without_a_store_there_are_no_past_calls(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        for path in ("/api/calls", "/api/calls/CA1"):
            assert (await desk.ask("GET", path)).status == 404

    at_the_desk(tmp_path, test)


def test_every_route_asks_who_it_is(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        for path in ("", "/CA1", "/CA1/peaks", "/CA1/recording.wav"):
            assert (await desk.ask("GET", f"/api/calls{path}")).status == 401

    with_calls(tmp_path, test, record(1), api_token=TOKEN)
