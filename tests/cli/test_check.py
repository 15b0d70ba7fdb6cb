"""`seamline check`: every problem of every file, for people and for machines."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import Command

ROOT = Path(__file__).parents[2]
BROKEN = ROOT / "tests" / "data" / "broken_tenants"
GOOD = "tenant: {0}\nnumbers: [{1}]\nagent: {{instructions: Be kind.}}\n"
A = 'a.yaml:2:11: numbers[0]: "one" is not a number in international form'
B = 'b.yaml:1:1: agnet: unknown key; did you mean "agent"?'


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(monkeypatch, capsys)


def write(path: str, text: str) -> None:
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def broken(folder: str = "config/tenants") -> None:
    write(f"{folder}/a.yaml", GOOD.format("a", "one"))
    write(f"{folder}/b.yaml", f"agnet: x\n{GOOD.format('b', '+15550100100')}")
    write(f"{folder}/c.yaml", GOOD.format("c", "+15550100101"))


def test_good_files_are_counted(check: Command) -> None:
    write("config/tenants/a.yaml", GOOD.format("a", "+15550100100"))
    done = check("check")
    assert (done.code, done.out, done.err) == (0, ["1 tenant, no problems"], [])


def test_every_problem_of_every_file_is_a_line_of_its_own(check: Command) -> None:
    broken()
    done = check("check")
    assert done.code == 1
    found = [line.removeprefix("config/tenants/") for line in done.out]
    assert any(line.startswith(A) for line in found)
    assert B in found
    assert not any(line.startswith("c.yaml") for line in found)
    assert done.err == [f"{len(found)} problems in 2 files"]


def test_machines_get_a_list_of_objects(check: Command) -> None:
    broken()
    done = check("check", "--json")
    assert (done.code, done.err) == (1, [])
    found = json.loads("\n".join(done.out))
    assert {
        "file": "config/tenants/b.yaml",
        "line": 1,
        "column": 1,
        "field": "agnet",
        "message": 'unknown key; did you mean "agent"?',
    } in found
    write("good/c.yaml", GOOD.format("c", "+15550100101"))
    done = check("check", "--json", "good")
    assert (done.code, json.loads("".join(done.out))) == (0, [])


def test_a_problem_without_a_place_is_an_object_too(check: Command) -> None:
    Path("empty").mkdir()
    done = check("check", "--json", "empty")
    assert done.code == 1
    [found] = json.loads("\n".join(done.out))
    assert found == {
        "file": None,
        "line": None,
        "column": None,
        "field": "",
        "message": "empty: no tenant file (*.yaml) in this folder",
    }


def test_a_file_that_cannot_be_read_is_a_problem_of_that_file(check: Command) -> None:
    Path("here/a.yaml").mkdir(parents=True)
    [found] = json.loads("\n".join(check("check", "--json", "here").out))
    assert (found["file"], found["line"], found["column"]) == ("here/a.yaml", 1, 1)
    assert found["message"] == "cannot be read: Is a directory"


def test_a_folder_without_tenants_is_no_problem_of_a_file(check: Command) -> None:
    Path("empty").mkdir()
    done = check("check", "empty")
    assert (done.out, done.err) == (
        ["empty: no tenant file (*.yaml) in this folder"],
        ["1 problem"],
    )


def test_folders_and_single_files_are_checked(check: Command) -> None:
    broken("here")
    assert check("check", "here/c.yaml").out == ["1 tenant, no problems"]
    assert check("check", "here/b.yaml").out == [f"here/{B}"]
    write("there/d.yaml", GOOD.format("d", "+15550100109"))
    assert check("check", "here/c.yaml", "there").out == ["2 tenants, no problems"]


@pytest.mark.slow
def test_a_folder_of_broken_files_tells_all_that_is_wrong_with_them(
    check: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = sorted(BROKEN.glob("*.yaml"))
    config = tmp_path / "service.yaml"
    config.write_text(f"tenants: {BROKEN}\nfunctions: {BROKEN}/functions\n")
    monkeypatch.chdir(BROKEN)
    done = check("check", *map(str, [path.name for path in files]), "--config", str(config))
    expected = [path.with_suffix(".expected").read_text().splitlines() for path in files]
    assert sorted(done.out) == sorted(line for lines in expected for line in lines)
    assert done.err == [f"{sum(map(len, expected))} problems in {len(files)} files"]
    assert (done.code, len(files) >= 60) == (1, True)
    sys.modules.pop("badly_typed", None)


def test_functions_are_those_of_the_services_file(check: Command) -> None:
    write("service.yaml", "functions: business\n")
    write("tenants/a.yaml", GOOD.format("a", "+15550100100") + "tools: [python: checked_one.f]\n")
    write("business/checked_one.py", "def f():\n    pass\n")
    done = check("check", "--config", "service.yaml")
    assert done.code == 1
    assert done.out[0].startswith("tenants/a.yaml:4:17: tools[0].python: checked_one.f: f has no ")
    del sys.modules["checked_one"]
    write("business/checked_one.py", 'def f() -> str:\n    """Do it."""\n    return ""\n')
    assert check("check", "--config", "service.yaml").code == 0
    del sys.modules["checked_one"]


def test_mistakes_of_the_services_file_are_problems_as_well(check: Command) -> None:
    write("service.yaml", "calls: many\n")
    done = check("check", "--config", "service.yaml")
    assert (done.code, done.out) == (
        1,
        ['service.yaml:1:8: calls: "many" is not a whole number'],
    )


def test_what_is_not_there_is_a_mistake_of_whoever_typed_it(check: Command) -> None:
    done = check("check", "nowhere")
    assert (done.code, done.err) == (2, ["seamline: nowhere: there is no such file or folder"])
    done = check("check", "--config", "nowhere.yaml")
    assert (done.code, done.err) == (2, ["seamline: nowhere.yaml: there is no such file"])
    assert check("check", "--sing").code == 2


def test_the_projects_own_files_have_no_problems() -> None:
    command = [sys.executable, "-m", "agent", "check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
