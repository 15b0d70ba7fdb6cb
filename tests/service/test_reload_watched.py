"""Files are watched while the service serves.

Watching is a thread of its own that tells in real time: the tests wait for it, and never sleep.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import aiohttp
import pytest

from agent.service.reload import TenantStore, folder_changes
from agent.service.tenant_files import TenantLoader
from tests.service.house import NUMBER, OTHER_NUMBER, captured_log, house
from tests.service.model_side import fake_model, polite
from tests.service.tenant_folder import write
from tests.support.patient_loop import run_on_loopback


def test_every_change_that_is_watched_is_looked_at(tmp_path: Path) -> None:
    async def main() -> None:
        write(tmp_path, "a")
        store = TenantStore(TenantLoader(tmp_path, []))
        watched: list[Sequence[Path]] = []

        async def watch(folders: Sequence[Path]) -> AsyncIterator[object]:
            watched.append(folders)
            yield "nothing"
            write(tmp_path, "b", OTHER_NUMBER)
            yield "a file"

        with captured_log():
            await store.watch(watch)
        assert store.generation == 2
        assert watched == [[tmp_path]]

    run_on_loopback(main())


async def told(changes: AsyncIterator[object], act: Callable[[], object] | None = None) -> object:
    if act is not None:
        act()
    async with asyncio.timeout(20):
        return await anext(changes)


def names(changes: object) -> set[str]:
    assert isinstance(changes, set)
    return {os.path.basename(path) for _, path in changes}


@pytest.mark.socket
def test_files_of_ours_and_folders_are_watched_and_nothing_else(tmp_path: Path) -> None:
    async def main() -> None:
        tenants, functions = tmp_path / "tenants", tmp_path / "functions"
        tenants.mkdir()
        changes = folder_changes([tenants, functions])
        await told(changes)  # once in any case
        await told(changes, lambda: write(tenants, "a"))
        await told(changes, functions.mkdir)
        await told(changes)  # it looks anew, with this folder
        await told(changes, (functions / "f.py").touch)
        (functions / "__pycache__").mkdir()
        (functions / "__pycache__" / "f.pyc").touch()
        (tenants / "data.sqlite3-wal").touch()
        assert names(await told(changes, lambda: write(tenants, "b"))) == {"b.yaml"}
        shutil.move(tenants, tmp_path / "aside")
        await told(changes)
        tenants.mkdir()
        while "c.yaml" not in names(await told(changes)):  # it is watched anew by and by
            write(tenants, "c")
        await changes.aclose()

    asyncio.run(main())


@pytest.mark.socket
def test_a_service_takes_over_what_is_written_while_it_serves(tmp_path: Path) -> None:
    async def main() -> None:
        async with (
            fake_model(polite) as model,
            house(tmp_path, model.url, reload=True) as home,
            asyncio.timeout(20),
        ):
            generations = home.service._store.generations()
            write(tmp_path, "new", "+15550100177")
            _, after = await anext(generations)
            assert after.for_number("+15550100177") is not None
            await generations.aclose()
        assert [line["added"] for line in home.lines("tenants.reloaded")] == [["new"]]

    asyncio.run(main())


@pytest.mark.socket
def test_without_reload_files_are_read_once(tmp_path: Path) -> None:
    async def main() -> None:
        async with fake_model(polite) as model, house(tmp_path, model.url) as home:
            (tmp_path / "shop.yaml").write_text("nothing")
            await asyncio.sleep(30)
            assert home.service._store.generation == 1
            async with aiohttp.ClientSession() as session:
                form = {"To": NUMBER, "From": "+15550199999", "CallSid": "CA1"}
                async with session.post(f"{home.origin}/twilio/voice", data=form) as answer:
                    assert "shop" in await answer.text()

    run_on_loopback(main())
