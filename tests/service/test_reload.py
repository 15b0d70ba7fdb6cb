"""Changed files: taken over whole as a new generation, or refused while the old one goes on."""

import asyncio
import shutil
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from agent.errors import ConfigError
from agent.service.reload import NAMED, SLOW, TenantStore, rewritten
from agent.service.tenant_files import ReadyTenants, TenantLoader
from tests.service.house import OTHER_NUMBER, captured_log
from tests.service.tenant_folder import lines, write
from tests.support.patient_loop import run_on_loopback


def test_a_change_is_a_new_generation_and_told(tmp_path: Path) -> None:
    async def main() -> None:
        write(tmp_path, "a")
        write(tmp_path, "b", OTHER_NUMBER)
        store = TenantStore(TenantLoader(tmp_path, []))
        first = store.current
        assert not await store.reload()
        assert (store.generation, store.current) == (1, first)
        write(tmp_path, "a", "+15550100102")
        write(tmp_path, "c")
        (tmp_path / "b.yaml").unlink()
        with captured_log() as log:
            assert await store.reload()
        assert store.generation == 2
        assert list(store.current.by_name) == ["a", "c"]
        assert list(first.by_name) == ["a", "b"]
        [line] = lines(log, "tenants.reloaded")
        told = [line[key] for key in ("added", "removed", "changed", "tenants", "generation")]
        assert told == [["c"], ["b"], ["a"], 2, 2]

    run_on_loopback(main())


def test_of_many_changes_the_log_tells_the_number(tmp_path: Path) -> None:
    async def main() -> None:
        write(tmp_path, "a")
        store = TenantStore(TenantLoader(tmp_path, []))
        for index in range(NAMED + 1):
            write(tmp_path, f"b{index}", f"+15550101{index:03}")
        with captured_log() as log:
            await store.reload()
        assert lines(log, "tenants.reloaded")[0]["added"] == NAMED + 1

    run_on_loopback(main())


def test_a_broken_change_is_refused_once_and_the_old_goes_on(tmp_path: Path) -> None:
    async def main() -> None:
        write(tmp_path, "a")
        write(tmp_path, "b", OTHER_NUMBER)
        shown: list[Sequence[str]] = []
        store = TenantStore(TenantLoader(tmp_path, []), shown.append)
        first = store.current
        write(tmp_path, "a", "+15550100102")  # this one would do, but not without the other
        (tmp_path / "b.yaml").write_text(
            "tenant: b\nnumbers: [+15550100101]\nagent: {instruction: x}\n"
        )
        with captured_log() as log:
            for _ in range(2):
                assert not await store.reload()
        assert (store.generation, store.current) == (1, first)
        [line] = lines(log, "tenants.refused")
        assert len(store.refused) == 2
        assert line["problems"] == list(store.refused) == list(shown[0])
        assert line["level"] == "error"
        assert len(shown) == 1
        write(tmp_path, "b", OTHER_NUMBER)
        assert await store.reload()
        assert not store.refused
        assert store.current.for_number("+15550100102") is not None

    run_on_loopback(main())


def test_going_back_to_what_it_was_ends_a_refusal(tmp_path: Path) -> None:
    async def main() -> None:
        write(tmp_path, "a")
        store = TenantStore(TenantLoader(tmp_path, []))
        (tmp_path / "a.yaml").write_text("tenant: a")
        with captured_log():
            await store.reload()
        assert store.refused
        write(tmp_path, "a")
        await store.reload()
        assert not store.refused
        assert store.generation == 2

    run_on_loopback(main())


def test_a_folder_that_is_gone_is_refused(tmp_path: Path) -> None:
    async def main() -> None:
        folder = tmp_path / "tenants"
        folder.mkdir()
        write(folder, "a")
        store = TenantStore(TenantLoader(folder, []))
        shutil.rmtree(folder)
        with captured_log():
            assert not await store.reload()
        assert store.refused == (f"{folder}: there is no such folder of tenant files",)

    run_on_loopback(main())


def test_two_reloads_at_once_are_one_after_the_other(tmp_path: Path) -> None:
    async def main() -> None:
        write(tmp_path, "a")
        store = TenantStore(TenantLoader(tmp_path, []))
        write(tmp_path, "b", OTHER_NUMBER)
        with captured_log():
            found = await asyncio.gather(store.reload(), store.reload())
        assert sorted(found) == [False, True]
        assert store.generation == 2

    run_on_loopback(main())


def test_a_first_generation_must_be_good(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        TenantStore(TenantLoader(tmp_path, []))


def test_files_are_read_in_a_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "a")
    store = TenantStore(loader := TenantLoader(tmp_path, []))
    threads = []

    def load(_: object) -> ReadyTenants:
        threads.append(threading.current_thread())
        return store.current

    monkeypatch.setattr(loader, "load", load)
    run_on_loopback(store.reload())
    [thread] = threads
    assert thread is not threading.main_thread()
    assert thread.daemon  # a module that hangs while it is imported does not keep the process


def test_files_that_take_long_are_told_of_and_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.service.reload.SLOW_S", 0.0)
    gate = threading.Event()
    shown: list[Sequence[str]] = []

    def report(problems: Sequence[str]) -> None:
        shown.append(problems)
        gate.set()

    async def main() -> None:
        write(tmp_path, "a")
        store = TenantStore(loader := TenantLoader(tmp_path, []), report)
        load = loader.load

        def slow(pause: Callable[[], None]) -> ReadyTenants:
            gate.wait()
            return load(pause)

        monkeypatch.setattr(loader, "load", slow)
        write(tmp_path, "b", OTHER_NUMBER)
        with captured_log() as log:
            assert await store.reload()
        assert shown == [(SLOW,)]
        [line] = lines(log, "tenants.refused")
        assert line["problems"] == [SLOW]
        assert (store.generation, store.refused) == (2, ())

    run_on_loopback(main())


def test_a_service_that_stops_does_not_wait_for_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()

    async def main() -> None:
        write(tmp_path, "a")
        store = TenantStore(loader := TenantLoader(tmp_path, []))
        monkeypatch.setattr(loader, "load", lambda _: gate.wait())
        reloading = asyncio.ensure_future(store.reload())
        await asyncio.sleep(0)
        reloading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reloading

    run_on_loopback(main())
    gate.set()


def test_whoever_waits_sees_each_generation_he_is_in_time_for(tmp_path: Path) -> None:
    async def main() -> None:
        write(tmp_path, "a")
        store = TenantStore(TenantLoader(tmp_path, []))
        first = store.current
        seen = store.generations()
        waiting = asyncio.ensure_future(anext(seen))
        await asyncio.sleep(1)
        assert not waiting.done()
        with captured_log():
            write(tmp_path, "b", OTHER_NUMBER)
            await store.reload()
            second = store.current
            assert await waiting == (first, second)
            for index in (2, 3):
                write(tmp_path, f"c{index}", f"+1555010010{index}")
                await store.reload()
        assert await anext(seen) == (second, store.current)
        assert [ready.tenant.tenant for ready in rewritten(second, store.current)] == ["c2", "c3"]
        await seen.aclose()

    run_on_loopback(main())


def test_a_tenant_whose_functions_alone_are_new_has_not_been_rewritten(tmp_path: Path) -> None:
    write(tmp_path, "a")
    one = TenantLoader(tmp_path, []).load()
    assert rewritten(one, one) == []
