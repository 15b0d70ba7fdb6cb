"""One runner for a tenant as it is; another one when it has changed."""

import asyncio
import gc
from pathlib import Path
from typing import Any

import pytest

from agent.service.runners import Runners
from agent.service.tenant_files import ReadyTenant, load_tenants
from agent.tools import CallContext
from tests.support.virtual_loop import run_virtually

FUNCTIONS = Path(__file__).parent / "functions"
FILE = """
tenant: shop
numbers: [+15550100100]
agent: {instructions: Be kind.}
tools:
  - python: phone_errands.book
"""


def tenant(folder: Path) -> ReadyTenant:
    (folder / "shop.yaml").write_text(FILE)
    return load_tenants(folder, [FUNCTIONS]).by_name["shop"]


def test_a_tenant_has_one_runner_until_it_changes(tmp_path: Path) -> None:
    runners = Runners(None)
    before, after = tenant(tmp_path), tenant(tmp_path)
    first = runners.of(before)
    assert runners.of(before) is first
    assert runners.of(after) is not first


def test_a_runner_that_nobody_uses_is_forgotten(tmp_path: Path) -> None:
    runners = Runners(None)
    kept = tenant(tmp_path)
    for ready in (tenant(tmp_path), kept):
        runners.of(ready)
    gc.collect()
    assert list(runners._alive) == [runners.of(kept)]


def test_work_of_an_older_runner_is_waited_for_when_the_service_stops(tmp_path: Path) -> None:
    async def main() -> tuple[float, Any]:
        loop = asyncio.get_running_loop()
        runners = Runners(None)
        context = CallContext("shop", "CA1", None, tmp_path)
        runner = runners.of(tenant(tmp_path))
        work = loop.create_task(runner.run("1", "book", {}, "key", context))
        del runner
        await asyncio.sleep(0.1)
        runners.of(tenant(tmp_path))
        gc.collect()
        await runners.close(3.0)
        return loop.time(), await work

    ended_at, answer = run_virtually(main())
    assert ended_at == pytest.approx(1.0)
    assert answer == {"output": "booked"}
