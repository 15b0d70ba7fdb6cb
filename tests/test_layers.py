"""The layer rule of docs/style.md section 3, read from the imports of every module."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYER = {
    "errors": 0, "audio": 0,
    "telephony": 1, "gemini": 1, "tenants": 1,
    "call": 2,
    "tools": 3, "store": 3, "observe": 3, "live": 3, "service": 3,
    "sim": 4, "testing": 4, "cli": 5, "__main__": 5,
}  # fmt: skip
IMPURE = {
    "asyncio", "aiohttp", "socket", "threading", "time", "random", "os", "logging", "structlog",
    "subprocess", "multiprocessing", "concurrent", "signal", "ssl", "sqlite3", "uvloop", "secrets",
}  # fmt: skip
ALLOWED_BY_LAYER = {
    0: {"numpy", "audioop"},
    1: {"numpy", "msgspec", "pydantic", "pydantic_core", "yaml"},
    2: {"numpy", "msgspec"},
}
PURE_SIM = {
    "live_server", "carrier", "carrier_io", "caller", "dialogue", "scenario", "wire", "vad",
    "conversation",
    "scenario_check", "scenario_file", "service_texts", "phrases", "kinds", "spoken",
    "delivery", "door", "faults", "inbox", "mind", "recording", "scripted", "server_frames",
    "server_io", "server_profiles", "server_session", "session_config", "token_ledger",
    "scenario_mind", "tool_book", "turn", "turn_plan", "wire_schema",
    "chaos", "fate", "included", "mishaps", "refusals", "resumption", "sessions", "silence",
    "simulation", "talk_state", "admission", "content_check", "heard_words", "saying",
    "memory_mind", "load_plan", "load_report", "load_result",
}  # fmt: skip


EXCHANGE_SHELLS = {"network", "switchboard", "rest_server"}


def is_pure_sim(module: str) -> bool:
    package, *rest = module.split(".")
    if package != "sim" or not rest:
        return False
    if rest[0] == "exchange":
        return rest[-1] not in EXCHANGE_SHELLS
    return rest[0] in PURE_SIM


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute in this project"
            if node.module == "agent":
                yield from (f"agent.{alias.name}" for alias in node.names)
            else:
                yield node.module or ""


def modules() -> list[tuple[str, Path]]:
    found = []
    for path in sorted((ROOT / "agent").rglob("*.py")):
        parts = path.relative_to(ROOT / "agent").with_suffix("").parts
        if parts != ("__init__",):
            found.append((".".join(parts), path))
    return found


def stdlib_or_agent(name: str) -> bool:
    import sys

    return name == "agent" or name in sys.stdlib_module_names


@pytest.mark.parametrize(("module", "path"), modules(), ids=[m for m, _ in modules()])
def test_imports_keep_to_their_layer(module: str, path: Path) -> None:
    package = module.split(".")[0]
    layer = LAYER[package]
    for name in imports_of(path):
        top, _, rest = name.partition(".")
        if top == "agent":
            other = rest.split(".")[0]
            if other in {"", "__version__"}:
                continue
            if other == "sim":
                assert package in {"sim", "testing", "cli"}, f"{module} imports {name}"
            if other == "testing":
                assert package == "testing", f"{module} imports {name}"
            assert LAYER[other] <= layer, f"{module} imports {name}, which lies above it"
            if layer == 1:
                assert LAYER[other] == 0 or other == package, f"{module} imports {name}"
            continue
        if layer > 2 or module == "audio.design":
            continue
        assert top not in IMPURE, f"{module} is pure and imports {name}"
        if top != "audioop" and not stdlib_or_agent(top):
            assert top in ALLOWED_BY_LAYER[layer], f"{module} imports {name}"


@pytest.mark.parametrize(
    ("module", "path"),
    [(m, p) for m, p in modules() if is_pure_sim(m)],
)
def test_pure_stand_ins_import_layers_0_to_2_only(module: str, path: Path) -> None:
    for name in imports_of(path):
        top, _, rest = name.partition(".")
        assert top not in IMPURE, f"{module} is pure and imports {name}"
        if top == "agent" and not rest.startswith("sim"):
            assert LAYER[rest.split(".")[0]] <= 2, f"{module} imports {name}"
