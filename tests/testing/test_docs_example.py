"""What docs/testing-agents.md shows is what happens."""

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "testing-agents.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def run_page() -> dict[str, Any]:
    names: dict[str, Any] = {}
    for number, block in enumerate(BLOCKS):
        exec(compile(block, f"block {number} of the page", "exec"), names)
    return names


def test_the_examples_of_the_page_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    names = run_page()
    assert "Your order of a teapot" in capsys.readouterr().out
    tests: dict[str, Callable[..., None]] = {n: t for n, t in names.items() if n[:5] == "test_"}
    assert len(tests) == 3
    for name, test in tests.items():
        folder = tmp_path / name
        folder.mkdir()
        test(**({"tmp_path": folder} if "tmp_path" in inspect.signature(test).parameters else {}))


def test_every_method_of_a_call_is_on_the_page() -> None:
    from agent.testing import PhoneCall

    public = [name for name in vars(PhoneCall) if not name.startswith("_")]
    assert [name for name in public if f"call.{name}" not in PAGE] == []


def test_every_parameter_of_a_call_is_on_the_page() -> None:
    from agent.testing import phone_call

    parameters = list(inspect.signature(phone_call).parameters)
    missing = [name for name in parameters[1:] if not re.search(rf"\b{name}\b", PAGE)]
    assert missing == []
