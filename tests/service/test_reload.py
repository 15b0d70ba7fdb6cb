"""Changed files: taken over whole for the next call, or refused while the old ones go on."""

import asyncio
import json
import os
import shutil
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from agent.call.phrases import shipped
from agent.errors import ConfigError
from agent.service.reload import NAMED, TenantStore, folder_changes, rewritten
from agent.service.tenant_files import ReadyTenants, TenantLoader
from tests.service.house import NUMBER, OFFICE, OTHER_NUMBER, captured_log, house
from tests.service.model_side import ModelSide, fake_model, polite, text_in, tool_call
from tests.service.phone_side import phone_side
from tests.service.phrases import obedient
from tests.support.patient_loop import run_on_loopback
from tests.tools.mcp_files import HOSTILE, run

GOOD = "tenant: {0}\nnumbers: [{1}]\nagent: {{instructions: Be kind.}}\n"


def write(folder: Path, name: str, number: str = NUMBER) -> None:
    (folder / f"{name}.yaml").write_text(GOOD.format(name, number))


def lines(log: Any, event: str) -> list[dict[str, Any]]:
    return [line for line in map(json.loads, log.getvalue().splitlines()) if line["event"] == event]


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
    assert threads != [threading.main_thread()]


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


# Watching is a thread of its own that tells in real time: these wait for it, and never sleep.


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
def test_the_next_call_has_the_new_file_and_a_running_one_the_old(tmp_path: Path) -> None:
    heard: list[str | None] = []
    results: list[Any] = []

    async def asks(side: ModelSide) -> None:
        await side.set_up()
        heard.append(text_in(await side.until(lambda message: text_in(message) is not None)))
        while len(heard) < 2:  # noqa: ASYNC110 (nobody tells of it)
            await asyncio.sleep(0.01)
        await side.send(tool_call("look_up", order="7"))
        results.append(await side.until(lambda message: "toolResponse" in message))
        await side.until_closed()

    async def main() -> None:
        async with (
            fake_model(asks) as model,
            house(tmp_path, model.url) as home,
            phone_side(home.local, number=1, media_every_s=0.02) as first,
            phone_side(home.local, number=2, media_every_s=0.02) as second,
        ):
            await first.open(tenant="office")
            async with asyncio.timeout(60):
                while not heard:  # noqa: ASYNC110 (nobody tells of it)
                    await asyncio.sleep(0.01)
            evening = OFFICE.replace("Good day.", "Good evening.")
            (tmp_path / "office.yaml").write_text(
                f"{evening}tools: [python: phone_errands.look_up]\n"
            )
            assert await home.service._store.reload()
            await second.open(tenant="office")
            async with asyncio.timeout(60):
                while len(results) < 2:  # noqa: ASYNC110 (nobody tells of it)
                    await asyncio.sleep(0.01)

    run_on_loopback(main())
    assert ["Good day." in text for text in heard if text] == [True, False]
    answers = sorted(str(result["toolResponse"]) for result in results)
    assert ["no function of that name" in text for text in answers] == [True, False]


@pytest.mark.socket
def test_the_phrases_of_new_tenants_are_spoken(tmp_path: Path) -> None:
    async def main() -> int:
        async with (
            fake_model(obedient) as model,
            house(tmp_path, model.url, speak_phrases=True) as home,
        ):
            await ready_for(home, 1)
            moment = "greeting: Good day., moment: Wait a second, please."
            text = OFFICE.replace("greeting: Good day.", moment.replace("second,", "second"))
            (tmp_path / "office.yaml").write_text(text)
            assert await home.service._store.reload()
            await ready_for(home, 2)
            prepared = home.service.tenants.by_name["office"].prepared
            assert home.service.phrases.cover(prepared).phrase != shipped("en").moment
            return model.requests

    async def ready_for(home: Any, times: int) -> None:
        async with asyncio.timeout(60):
            while len(home.lines("phrases.ready")) < times:  # noqa: ASYNC110 (nobody tells of it)
                await asyncio.sleep(0.1)

    assert run_on_loopback(main()) == 3


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


SERVED = """
tenant: a
numbers: [{number}]
agent: {{instructions: Be kind.}}
tools:
  - mcp: {{name: s, command: [{command}], allow: [{allow}]}}
  - builtin: current_time
"""


def served(folder: Path, allow: str = "echo", number: str = NUMBER, command: str = "") -> None:
    """A tenant with a tool of a server, which is a program."""
    words = command or ", ".join(HOSTILE)
    text = SERVED.format(number=number, command=words, allow=allow)
    (folder / "a.yaml").write_text(text)


def test_tools_of_servers_are_there_from_the_start_and_after_a_change(tmp_path: Path) -> None:
    async def main() -> None:
        served(tmp_path)
        store = TenantStore(TenantLoader(tmp_path, []))
        assert list(store.current.by_name["a"].tools.functions) == ["current_time"]
        async with store.opened():
            first = store.current.by_name["a"]
            assert list(first.tools.functions) == ["current_time", "s_echo"]
            declared = first.prepared.setup.tools[0].function_declarations or ()
            assert "s_echo" in [function.name for function in declared]
            with captured_log():
                write(tmp_path, "b", OTHER_NUMBER)
                assert await store.reload()
                assert store.current.by_name["a"] is first
                served(tmp_path, "pid")
                assert await store.reload()
                assert list(store.current.by_name["a"].tools.functions) == ["current_time", "s_pid"]
                assert not await store.reload()

    run(main())


def test_a_server_that_is_not_there_refuses_a_change_until_it_is(tmp_path: Path) -> None:
    async def main() -> None:
        write(tmp_path, "a")
        store = TenantStore(TenantLoader(tmp_path, []))
        async with store.opened():
            first = store.current
            served(tmp_path, command="/no/such/program")
            with captured_log() as log:
                for _ in range(2):
                    assert not await store.reload()
                assert store.current is first
                assert "server s: " in store.refused[0]
                assert len(lines(log, "tenants.refused")) == 1
                served(tmp_path)
                assert await store.reload()

    run(main())


def test_a_service_does_not_start_without_a_server_that_a_file_names(tmp_path: Path) -> None:
    served(tmp_path, command="/no/such/program", number="+15550100155")

    async def main() -> None:
        with pytest.raises(ConfigError, match=r"a\.yaml:6:10: tools\[0\]\.mcp: server s: "):
            async with house(tmp_path, "ws://127.0.0.1:1"):
                raise AssertionError("it has started")

    run(main())
