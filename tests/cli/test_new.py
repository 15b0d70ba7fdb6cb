"""`seamline new tenant`: a file that passes the check, and never over another."""

from pathlib import Path

import pytest

from agent.cli.new import starting_file
from agent.tenants.parse import parse_tenant
from tests.cli.command import Command

NUMBER = "+15550100102"
FILE = Path("config/tenants/harbour-taxi.yaml")


@pytest.fixture
def new(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Command:
    monkeypatch.chdir(tmp_path)
    return Command(monkeypatch, capsys)


def test_the_file_passes_the_check_and_is_explained(new: Command) -> None:
    done = new("new", "tenant", "harbour-taxi", "--number", NUMBER)
    assert (done.code, done.err) == (0, [])
    assert done.out == [f"{FILE} is written. Say in it who answers; then: seamline check"]
    assert new("check").out == ["1 tenant, no problems"]
    assert new("explain", NUMBER).code == 0
    tenant = parse_tenant(FILE.read_bytes(), str(FILE))
    assert (tenant.tenant, tenant.numbers) == ("harbour-taxi", (NUMBER,))
    assert "Harbour Taxi" in (tenant.agent.greeting or "")


def test_the_examples_in_its_comments_are_right() -> None:
    lines = starting_file("a", NUMBER).splitlines()
    begin = next(index for index, line in enumerate(lines) if line.startswith("tenant:"))
    text = "\n".join(line.replace("# ", "", 1) if line.lstrip().startswith("#") else line
                     for line in lines[begin:])  # fmt: skip
    tenant = parse_tenant(text, "a.yaml")
    assert tenant.hours.open is not None
    assert len(tenant.tools) == 2
    assert tenant.agent.voice == "Kore"


def test_nothing_is_written_over(new: Command) -> None:
    FILE.parent.mkdir(parents=True)
    FILE.write_text("mine")
    done = new("new", "tenant", "harbour-taxi", "--number", NUMBER)
    assert (done.code, done.err) == (
        2,
        [f"seamline: {FILE} is there already; nothing was written"],
    )
    assert FILE.read_text() == "mine"


def test_names_and_numbers_of_others_are_refused(new: Command) -> None:
    new("new", "tenant", "first", "--number", NUMBER)
    done = new("new", "tenant", "second", "--number", "+1 555 010 0102")
    assert done.err == [f"seamline: {NUMBER} is a number of first; nothing was written"]
    Path("config/tenants/first.yaml").rename("config/tenants/other.yaml")
    done = new("new", "tenant", "first", "--number", "+15550100103")
    assert done.err == [
        "seamline: first is the name in config/tenants/other.yaml; nothing was written"
    ]
    assert list(Path("config/tenants").iterdir()) == [Path("config/tenants/other.yaml")]


def test_mistakes_of_other_files_are_no_hindrance(new: Command) -> None:
    FILE.parent.mkdir(parents=True)
    FILE.with_name("broken.yaml").write_text("tenant: [")
    assert new("new", "tenant", "harbour-taxi", "--number", NUMBER).code == 0


@pytest.mark.parametrize(
    "name", ["Harbour Taxi", "../taxi", "taxi:", "x: y", "taxi # mine", "", "a\nb: c"]
)
def test_a_name_that_is_none_is_refused(new: Command, name: str) -> None:
    done = new("new", "tenant", name, "--number", NUMBER)
    assert done.code == 2
    assert "is not a name; use small letters, digits and hyphens" in " ".join(done.err)
    assert not Path("config").exists()


def test_a_number_that_is_none_is_refused(new: Command) -> None:
    done = new("new", "tenant", "taxi", "--number", "12")
    assert (done.code, done.err) == (
        2,
        [
            'seamline: --number: "12" is not a number in international form; '
            "write it as +15550100100"
        ],
    )
    assert new("new", "tenant", "taxi").code == 2
    done = new("new", "tenant", "Taxi", "--number", f"{NUMBER} # or another")
    assert [line.split(":")[1] for line in done.err] == [" NAME", " --number"]
    assert not Path("config").exists()


def test_a_folder_that_takes_no_file_is_named(new: Command) -> None:
    Path("file").touch()
    done = new("new", "tenant", "taxi", "--number", NUMBER, "--tenants", "file/tenants")
    assert (done.code, done.err) == (2, ["seamline: file/tenants/taxi.yaml: Not a directory"])


def test_the_schema_beside_the_folder_is_pointed_to(new: Command) -> None:
    Path("config").mkdir()
    Path("config/tenant.schema.json").write_text("{}")
    new("new", "tenant", "harbour-taxi", "--number", NUMBER)
    first = FILE.read_text().partition("\n")[0]
    assert first == "# yaml-language-server: $schema=../tenant.schema.json"
