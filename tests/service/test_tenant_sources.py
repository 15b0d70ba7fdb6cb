"""The files of tenants on disk: read when they change, and not otherwise."""

import os
from pathlib import Path

import pytest

from agent.errors import ConfigError
from agent.service.tenant_sources import STEP, Source, TenantSources, steps

GOOD = "tenant: {0}\nnumbers: [{1}]\nagent: {{instructions: Be kind.}}\n"


def write(folder: Path, name: str, text: str, *, age_s: int = 10) -> None:
    """Write a file that is old enough for its time to be relied on."""
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    written = path.stat().st_mtime_ns - age_s * 10**9
    os.utime(path, ns=(written, written))


def read(sources: TenantSources) -> dict[str, Source]:
    return {os.path.basename(path): source for path, source in sources.read(lambda: None)}


def test_a_source_is_the_same_object_as_long_as_it_says_the_same(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", GOOD.format("a", "+15550100100"))
    write(tmp_path, "b.yaml", "nonsense")
    sources = TenantSources(tmp_path)
    first = read(sources)
    write(tmp_path, "a.yaml", GOOD.format("a", "+15550100100"), age_s=5)  # touched
    write(tmp_path, "b.yaml", GOOD.format("b", "+15550100101"))
    second = read(sources)
    assert second["a.yaml"] is first["a.yaml"]
    assert first["b.yaml"].file is None
    assert second["b.yaml"].file is not None
    assert read(sources) == second


def test_a_file_that_has_not_changed_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "shared/x.yaml", "record: {audio: yes}\n")
    write(tmp_path, "a.yaml", "include: shared/x.yaml\n" + GOOD.format("a", "+15550100100"))
    sources = TenantSources(tmp_path)
    first = read(sources)
    monkeypatch.setattr("builtins.open", None)
    assert read(sources)["a.yaml"] is first["a.yaml"]


def test_what_is_included_is_looked_at_once_for_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "shared/x.yaml", "record: {audio: yes}\n")
    for n in range(3):
        text = "include: shared/x.yaml\n" + GOOD.format(f"a{n}", f"+1555010010{n}")
        write(tmp_path, f"a{n}.yaml", text)
    sources = TenantSources(tmp_path)
    read(sources)
    looked: list[str] = []
    real = os.stat

    def noted(path: str) -> os.stat_result:
        looked.append(path)
        return real(path)

    monkeypatch.setattr(os, "stat", noted)
    read(sources)
    assert len([path for path in looked if path.endswith("x.yaml")]) == 1


def test_an_included_file_that_changes_or_goes_is_noticed(tmp_path: Path) -> None:
    write(tmp_path, "shared/x.yaml", "record: {audio: yes}\n")
    write(tmp_path, "a.yaml", "include: shared/x.yaml\n" + GOOD.format("a", "+15550100100"))
    sources = TenantSources(tmp_path)
    first = read(sources)["a.yaml"].file
    write(tmp_path, "shared/x.yaml", "record: {audio: no}\n", age_s=20)
    second = read(sources)["a.yaml"].file
    assert first is not None
    assert second is not None
    assert (first.model.record.audio, second.model.record.audio) == (True, False)
    (tmp_path / "shared" / "x.yaml").unlink()
    assert "cannot be read" in read(sources)["a.yaml"].problems[0]


def test_a_file_that_cannot_be_read_stays_one_source(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").mkdir()
    sources = TenantSources([tmp_path / "a.yaml"])
    first = read(sources)
    assert first["a.yaml"].problems == (f"{tmp_path}/a.yaml:1:1: cannot be read: Is a directory",)
    assert read(sources)["a.yaml"] is first["a.yaml"]


def test_a_secret_that_is_not_set_is_told_with_the_other_problems(tmp_path: Path) -> None:
    tools = (
        "limts: {call: 20m}\n"
        "tools:\n"
        "  - builtin: end_cal\n"
        "  - http: {name: a, description: b, url: 'https://a.example/', "
        "headers: {A: '${ENV:SEAMLINE_NONE}'}}\n"
    )
    write(tmp_path, "a.yaml", GOOD.format("a", "+15550100100") + tools)
    problems = read(TenantSources(tmp_path))["a.yaml"].problems
    told = [problem.partition(": ")[2] for problem in problems]
    assert told[0] == 'limts: unknown key; did you mean "limits"?'
    assert told[1].startswith('tools[0].builtin: "end_cal" is not one of end_call')
    assert told[2:] == ["tools[1].http.headers.A: ${ENV:SEAMLINE_NONE} is not set"]


def test_what_lies_elsewhere_is_looked_at_again_until_the_file_is_taken(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    tools = (
        "limts: {call: 20m}\n"
        "tools:\n"
        "  - http: {name: a, description: b, url: 'https://a.example/', "
        f"headers: {{A: '${{FILE:{secret}}}'}}}}\n"
    )
    write(tmp_path, "a.yaml", GOOD.format("a", "+15550100100") + tools)
    sources = TenantSources(tmp_path)
    first = read(sources)["a.yaml"]
    assert len(first.problems) == 2
    assert read(sources)["a.yaml"] is first
    secret.write_text("hunter2")
    assert len(read(sources)["a.yaml"].problems) == 1


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.yaml")
    os.mkfifo(tmp_path / "_pipe.yaml")
    write(tmp_path, "b.yaml", "include: _pipe.yaml\n" + GOOD.format("b", "+15550100100"))
    found = read(TenantSources(tmp_path))
    why = "cannot be read: Not a regular file"
    assert found["a.yaml"].problems == (f"{tmp_path}/a.yaml:1:1: {why}",)
    assert found["b.yaml"].problems == (
        f"{tmp_path}/b.yaml:1:10: include: {tmp_path}/_pipe.yaml {why}",
    )


def test_a_folder_without_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "_shared.yaml").touch()
    with pytest.raises(ConfigError, match="no tenant file"):
        read(TenantSources(tmp_path))


def test_between_many_files_there_are_pauses() -> None:
    pauses: list[int] = []
    assert list(steps(range(2 * STEP + 1), lambda: pauses.append(1))) == list(range(2 * STEP + 1))
    assert len(pauses) == 2
