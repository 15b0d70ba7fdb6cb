"""Modules of business functions: a new generation beside the old one, or the old one again."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from agent.service.function_modules import FunctionModules


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of functions on Python's path; its modules are forgotten afterwards."""
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("anew_")]:
        del sys.modules[name]


def imported(modules: FunctionModules, name: str) -> tuple[bool, Any]:
    with modules.generation() as anew:
        return anew, importlib.import_module(name)


def fail_with(modules: FunctionModules, *names: str) -> None:
    """Import them for a generation that is not taken over."""
    with modules.generation():
        for name in names:
            importlib.import_module(name)
        raise ZeroDivisionError


def write(folder: Path, name: str, text: str) -> None:
    (folder / f"{name}.py").write_text(text)


def test_what_has_not_changed_is_the_same_module(folder: Path) -> None:
    write(folder, "anew_one", "n = 1")
    modules = FunctionModules([folder])
    first = imported(modules, "anew_one")
    assert imported(modules, "anew_one") == first
    assert first[0] is False


def test_a_change_makes_new_modules_and_leaves_the_old_as_they_were(folder: Path) -> None:
    write(folder, "anew_one", "import anew_two\ndef f(): return anew_two.n")
    write(folder, "anew_two", "n = 2")
    modules = FunctionModules([folder])
    _, old = imported(modules, "anew_one")
    write(folder, "anew_two", "n = 3")  # as long as before, and within the same second
    anew, new = imported(modules, "anew_one")
    assert anew
    assert (old.f(), new.f()) == (2, 3)


def test_packages_and_new_and_deleted_files_count_as_changes(folder: Path) -> None:
    (folder / "anew_pack").mkdir()
    write(folder / "anew_pack", "inner", "n = 1")
    modules = FunctionModules([folder])
    _, old = imported(modules, "anew_pack.inner")
    write(folder, "anew_other", "")
    anew, new = imported(modules, "anew_pack.inner")
    assert anew
    assert new is not old
    (folder / "anew_other.py").unlink()
    assert imported(modules, "anew_pack.inner")[0] is True


def test_when_the_new_ones_are_no_good_the_old_ones_are_back(folder: Path) -> None:
    write(folder, "anew_one", "n = 1")
    modules = FunctionModules([folder])
    _, old = imported(modules, "anew_one")
    write(folder, "anew_one", "n = 2")
    write(folder, "anew_two", "")
    for _ in range(2):  # it is tried again, since nothing was taken over
        with pytest.raises(ZeroDivisionError):
            fail_with(modules, "anew_one", "anew_two")
        assert sys.modules["anew_one"] is old
        assert "anew_two" not in sys.modules


def test_a_first_generation_that_fails_takes_nothing_away(folder: Path) -> None:
    write(folder, "anew_one", "n = 1")
    modules = FunctionModules([folder])
    with pytest.raises(ZeroDivisionError):
        fail_with(modules, "anew_one")
    first = sys.modules["anew_one"]
    assert imported(modules, "anew_one") == (False, first)


def test_modules_of_others_are_left_alone(folder: Path) -> None:
    write(folder, "anew_one", "")
    modules = FunctionModules([folder])
    imported(modules, "anew_one")
    write(folder, "anew_one", "n = 1")
    nameless = ModuleType("anew_nameless")
    sys.modules["anew_nameless"] = nameless
    _, _ = imported(modules, "anew_one")
    assert sys.modules["anew_nameless"] is nameless
    assert sys.modules["importlib"] is importlib


def test_nothing_is_compiled_to_disk_and_links_that_lead_nowhere_are_passed_over(
    folder: Path,
) -> None:
    write(folder, "anew_one", "")
    (folder / "anew_gone.py").symlink_to(folder / "nowhere")
    imported(FunctionModules([folder]), "anew_one")
    assert not (folder / "__pycache__").exists()
