"""The set-up scripts, on machines that are made of a few commands in a folder."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "scripts"
OLD = "exit 1  # what it is asked, it does not have\n"
GOOD = f'exec "{sys.executable}" "$@"\n'
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
NEEDED = (
    "seamline needs CPython 3.12 or newer: install it (Debian 13, Ubuntu 24.04: "
    "apt-get install python3 python3-venv) or name one: make PYTHON=/path/to/python3\n"
)


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a script."""

    code: int
    out: str
    err: str


class Machine:
    """A machine with the commands that it was given, and what they were asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.commands = folder / "bin"
        self.commands.mkdir()
        for name in ("sh", "dirname", "cat", "env", "mkdir", "rm", "touch"):
            found = shutil.which(name)
            assert found is not None
            (self.commands / name).symlink_to(found)
        self.has("id", "echo 1000\n")

    def has(self, name: str, script: str) -> Path:
        """One more command, by its path when it has slashes."""
        file = self.commands / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f'#!/bin/sh\nasked="{self.folder / "asked"}"\n{script}')
        file.chmod(0o755)
        return file

    def runs(self, script: str, *arguments: str, **environment: str) -> Done:
        done = subprocess.run(
            [SCRIPTS / script, *arguments],
            env={"PATH": str(self.commands), "HOME": str(self.folder), **environment},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    @property
    def asked(self) -> list[str]:
        """What commands that note it were asked."""
        notes = self.folder / "asked"
        return notes.read_text().splitlines() if notes.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    folder = tmp_path / "a machine"
    folder.mkdir()
    return Machine(folder)


# A Python


def test_where_every_python_is_too_old_one_line_says_what_to_install(machine: Machine) -> None:
    machine.has("python3", OLD)
    machine.has("python", OLD)
    assert machine.runs("find-python") == Done(1, "", NEEDED)


def test_where_there_is_no_python_the_same_line_says_so(machine: Machine) -> None:
    assert machine.runs("find-python") == Done(1, "", NEEDED)


def test_the_first_that_suits_is_taken(machine: Machine) -> None:
    machine.has("python3.13", OLD)
    machine.has("python3", GOOD)
    assert machine.runs("find-python") == Done(0, f"{sys.executable}\n", "")


def test_one_that_is_named_comes_first_even_with_a_space_in_its_path(machine: Machine) -> None:
    named = machine.has("named one", f'echo named >> "$asked"\n{GOOD}')
    machine.has("python3", OLD)
    assert machine.runs("find-python", PYTHON=str(named)).code == 0
    assert machine.asked == ["named"]


def test_one_that_is_named_and_too_old_is_passed_over(machine: Machine) -> None:
    named = machine.has("old", OLD)
    machine.has("python3", GOOD)
    assert machine.runs("find-python", PYTHON=str(named)).code == 0


def test_a_version_that_is_wanted_is_the_only_one(machine: Machine) -> None:
    machine.has("python3", GOOD)
    assert machine.runs("find-python", VERSION) == Done(0, f"{sys.executable}\n", "")
    done = machine.runs("find-python", "3.99")
    assert done.code == 1
    assert done.err.startswith("seamline needs CPython 3.99: install it")


def test_one_that_pyenv_keeps_is_found(machine: Machine) -> None:
    kept = machine.folder / ".pyenv" / "versions" / f"{VERSION}.9" / "bin" / "python"
    machine.has(os.path.relpath(kept, machine.commands), GOOD)
    assert machine.runs("find-python").code == 0


# A virtual environment. Its Python is a note-taker.

PYTHON = f"""
case "$*" in
*"import ensurepip"*) exit ${{NO_VENV:-0}} ;;
*"-m venv"*)
    shift 2
    echo "venv $*" >> "$asked"
    for folder; do :; done
    mkdir -p "$folder/bin"
    cat "$0" > "$folder/bin/python"
    chmod 755 "$folder/bin/python"
    ;;
*"-m pip"*) shift 2; echo "pip $*" >> "$asked" ;;
*"import pip"*) [ -f "$(dirname "$0")/../made" ] || exit 1 ;;
*"sys.version_info[:2]"*) echo {VERSION} ;;
*) echo "$0" ;;  # it suits
esac
"""


@pytest.fixture
def with_python(machine: Machine) -> Machine:
    chmod = shutil.which("chmod")
    assert chmod is not None
    (machine.commands / "chmod").symlink_to(chmod)
    machine.has("python3", PYTHON)
    return machine


def locked(name: str) -> str:
    quiet = "pip install --quiet --disable-pip-version-check"
    return f"{quiet} --require-hashes -r requirements/{name}.txt"


ITSELF = "pip install --quiet --disable-pip-version-check --no-deps --editable ."


def test_nothing_is_made_where_python_is_too_old(machine: Machine) -> None:
    machine.has("python3", OLD)
    folder = machine.folder / "venv"
    assert machine.runs("make-venv", str(folder), "sim") == Done(1, "", NEEDED)
    assert not folder.exists()


def test_what_is_locked_is_installed_by_its_hashes_and_then_this_package(
    with_python: Machine,
) -> None:
    folder = with_python.folder / "a venv"
    done = with_python.runs("make-venv", str(folder), "sim")
    assert done.code == 0, done.err
    assert done.err == ""
    assert with_python.asked == [f"venv {folder}", locked("sim"), ITSELF]
    assert (ROOT / "requirements" / "sim.txt").exists()


def test_one_that_works_is_not_made_again(with_python: Machine) -> None:
    folder = with_python.folder / "venv"
    assert with_python.runs("make-venv", str(folder), "dev").code == 0
    (folder / "made").touch()
    assert with_python.runs("make-venv", str(folder), "dev").code == 0
    assert with_python.asked == [f"venv {folder}", *[locked("dev"), ITSELF] * 2]


def test_one_whose_python_is_gone_or_too_old_is_made_anew(with_python: Machine) -> None:
    folder = with_python.folder / "venv"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to("/nowhere/python")
    (folder / "pyvenv.cfg").touch()
    done = with_python.runs("make-venv", str(folder), "sim")
    assert with_python.asked[0] == f"venv --clear {folder}"
    assert "making" in done.out


def test_a_folder_that_is_something_else_is_never_emptied(with_python: Machine) -> None:
    folder = with_python.folder / "photographs"
    folder.mkdir()
    (folder / "holiday.jpg").touch()
    with_python.runs("make-venv", str(folder), "sim")
    assert with_python.asked[0] == f"venv {folder}"
    assert (folder / "holiday.jpg").exists()


def test_where_venv_is_missing_and_nothing_can_be_installed_one_line_says_so(
    with_python: Machine,
) -> None:
    package = f"python{VERSION}-venv"
    done = with_python.runs("make-venv", str(with_python.folder / "venv"), "sim", NO_VENV="1")
    said = (
        f"seamline needs {package}: install them (apt-get install {package}), then run this again"
    )
    assert done == Done(1, "", f"{said}\n")
    assert with_python.asked == []


# Debian's packages

APT = 'echo "apt-get $* ($DEBIAN_FRONTEND, $NEEDRESTART_MODE)" >> "$asked"\n'
SUDO = '[ "$1" = -n ] && shift\nunset DEBIAN_FRONTEND NEEDRESTART_MODE\nexec "$@"\n'
INSTALL = "apt-get install -y -qq --no-install-recommends {} (noninteractive, l)"
UPDATE = "apt-get update -qq (, )"


@pytest.mark.parametrize("root", [True, False], ids=["as root", "by sudo"])
def test_a_missing_package_is_installed_without_a_question(machine: Machine, root: bool) -> None:
    machine.has("apt-get", APT)
    machine.has("sudo", SUDO)
    machine.has("true", "exit 0\n")
    if root:
        machine.has("id", "echo 0\n")
    done = machine.runs("install-apt", "gcc", "libc6-dev")
    assert done == Done(0, "installing gcc libc6-dev\n", "")
    assert machine.asked == [UPDATE, INSTALL.format("gcc libc6-dev")]


def test_nobody_is_asked_for_a_password(machine: Machine) -> None:
    machine.has("apt-get", APT)
    machine.has("true", "exit 0\n")
    machine.has("sudo", 'echo "sudo: a password is required" >&2\nexit 1\n')
    assert machine.runs("install-apt", "gcc") == Done(1, "", "")
    assert machine.asked == []


def test_what_one_distribution_lacks_does_not_keep_the_rest_away(machine: Machine) -> None:
    machine.has("id", "echo 0\n")
    machine.has("ls", "exit 2\n")
    machine.has(
        "apt-get", f'{APT}case "$*" in *chromium*) echo "E: no chromium" >&2; exit 100 ;; esac\n'
    )
    done = machine.runs("test-machine")
    assert done.code == 0
    assert machine.asked == [
        UPDATE, INSTALL.format("chromium"), UPDATE, INSTALL.format("postgresql"),
    ]  # fmt: skip
    assert done.err == (
        "E: no chromium\n"
        "not installed: chromium; the tests that need them are skipped (apt-get install chromium)\n"
    )


def test_a_machine_that_has_all_is_left_alone(machine: Machine) -> None:
    machine.has("id", "echo 0\n")
    machine.has("ls", "exit 0\n")
    machine.has("chromium", "exit 0\n")
    machine.has("apt-get", APT)
    assert machine.runs("test-machine") == Done(0, "", "")
    assert machine.asked == []


# make


@pytest.mark.parametrize(
    ("target", "first"),
    [
        ("demo", "scripts/make-venv new sim"),
        ("unit", "scripts/make-venv new dev"),
        ("test", "scripts/make-venv new dev"),
        ("bench", "scripts/make-venv new dev"),
        ("continuity", "scripts/make-venv new dev"),
    ],
)
def test_every_target_sets_itself_up(target: str, first: str) -> None:
    make = shutil.which("make")
    if make is None:
        pytest.skip("there is no make here")
    ours = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    lines = subprocess.run(
        [make, "--dry-run", target, "VENV=new", "ARGS=--exit"],
        cwd=ROOT, env=ours, capture_output=True, text=True, check=True, timeout=30,
    ).stdout.splitlines()  # fmt: skip
    assert lines[0] == first
    assert re.search(
        r"new/bin/(seamline demo --exit|pytest .*--exit|python -m bench\S* .*--exit)",
        "\n".join(lines),
    )
