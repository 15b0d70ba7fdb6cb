"""Servers of tools at a reload: asked each time, and without one of them nothing changes."""

from pathlib import Path

import pytest

from agent.errors import ConfigError
from agent.service.reload import TenantStore
from agent.service.tenant_files import TenantLoader
from tests.service.house import NUMBER, OTHER_NUMBER, captured_log, house
from tests.service.tenant_folder import lines, write
from tests.tools.mcp_files import HOSTILE, run

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
