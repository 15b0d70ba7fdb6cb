"""The pages' modules, loaded by a browser that runs the scripts of a whole file of tests."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.console.browser import chromium, visitor
from tests.service.console_house import desk

type Run = Callable[[str, Any], Awaitable[Any]]


class Modules:
    """One browser for all tests of a file, and a loop that runs while one of them does."""

    def __init__(self, runner: asyncio.Runner, run: Run) -> None:
        self._runner = runner
        self._run = run

    def hold(self, test: Callable[[Run], Awaitable[None]]) -> None:
        """Hold a test; it can run JavaScript that imports our modules by `load(name)`."""

        async def main() -> None:
            await test(self._run)

        self._runner.run(main())


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Modules]:
    folder = tmp_path_factory.mktemp("modules")

    async def opened(stack: AsyncExitStack) -> Run:
        made = await stack.enter_async_context(desk(folder))
        browser = await stack.enter_async_context(chromium())
        somebody = await stack.enter_async_context(visitor(browser))
        page = await somebody.goes(f"{made.origin}/phone")
        script: str = await page.evaluate("document.querySelector('script').src")

        async def run(script_text: str, given: Any) -> Any:
            return await page.evaluate(
                "async ([folder, given]) => {"
                "const load = (name) => import(`${folder}/${name}`);"
                f"{script_text} }}",
                [script.rpartition("/")[0], given],
            )

        return run

    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        try:
            yield Modules(runner, runner.run(opened(stack)))
        finally:
            runner.run(stack.aclose())
