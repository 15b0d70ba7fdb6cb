import gc
import os
import sys
import weakref
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.errors import ConfigError
from agent.service.tenant_files import ReadyTenants, TenantLoader, load_tenants
from agent.tenants.tree import MAX_BYTES
from agent.tools.python_function import Function

pytestmark = pytest.mark.usefixtures("_forgetful")

GOOD = "tenant: {0}\nnumbers: [{1}]\nagent: {{instructions: Be kind.}}\n"


@pytest.fixture
def _forgetful(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test imports is forgotten when it is over."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    sys.modules.pop("swapped_while_serving", None)


def refusal(folder: Path) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load_tenants(folder, [folder])
    return caught.value.problems


def test_every_file_of_a_folder_is_a_tenant(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD.format("a", "+15550100100"))
    (tmp_path / "b.yml").write_text(GOOD.format("b", "+15550100101"))
    (tmp_path / "notes.txt").write_text("no tenant")
    ready = load_tenants(tmp_path, [tmp_path])
    assert list(ready.by_name) == ["a", "b"]
    answering = ready.for_number("+15550100101")
    assert answering is not None
    assert answering.tenant.tenant == answering.prepared.plan.tenant == "b"
    assert ready.for_number("+15550100199") is None


def test_problems_of_files_functions_and_models_name_their_place(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD.format("a", "+15550100100") + "tools: [python: no.f]\n")
    (tmp_path / "b.yaml").write_text(
        GOOD.format("b", "+15550100101").replace("instructions", "voice: Bob, instructions")
    )
    first, second = refusal(tmp_path)
    assert first.startswith(f"{tmp_path}/a.yaml:4:17: tools[0].python: no.f: cannot import no: ")
    assert second.startswith(f'{tmp_path}/b.yaml:3:16: agent.voice: "Bob" is not a voice')


def test_malformed_files_are_reported_before_anything_is_imported(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("tenant: a")
    assert len(refusal(tmp_path)) == 2


def test_a_huge_file_is_not_read_whole(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"#" * (MAX_BYTES * 40))
    assert refusal(tmp_path) == (f"{tmp_path}/a.yaml:1:1: the file is larger than 256 KiB",)


def test_a_missing_or_empty_folder_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    assert refusal(missing) == (f"{missing}: there is no such folder of tenant files",)
    assert refusal(tmp_path) == (f"{tmp_path}: no tenant file (*.yaml) in this folder",)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").mkdir()
    assert refusal(tmp_path) == (f"{tmp_path}/a.yaml:1:1: cannot be read: Is a directory",)


def loader(folder: Path) -> TenantLoader:
    return TenantLoader(folder, [folder / "functions"])


def function(folder: Path, answer: str) -> None:
    (folder / "functions").mkdir(exist_ok=True)
    text = f'def swap_answer() -> str:\n    """Answer."""\n    return {answer}\n'
    (folder / "functions" / "swapped_while_serving.py").write_text(text)


def three(folder: Path) -> None:
    """Three tenants; one of them has a function."""
    for index, name in enumerate("abc"):
        (folder / f"{name}.yaml").write_text(GOOD.format(name, f"+1555010010{index}"))
    with (folder / "c.yaml").open("a") as file:
        file.write("tools: [python: swapped_while_serving.swap_answer]\n")
    function(folder, "'old'")


def answers(ready: ReadyTenants) -> str:
    [tool] = ready.by_name["c"].tools.functions.values()
    assert isinstance(tool, Function)
    return str(tool.call())


def test_reading_again_makes_new_what_has_changed_and_nothing_else(tmp_path: Path) -> None:
    three(tmp_path)
    reading = loader(tmp_path)
    first = reading.load()
    assert reading.load() is first
    (tmp_path / "a.yaml").write_text(GOOD.format("a", "+15550100109"))
    (tmp_path / "b.yaml").touch()
    second = reading.load()
    changed = [name for name in "abc" if second.by_name[name] is not first.by_name[name]]
    assert changed == ["a"]
    assert second.for_number("+15550100100") is None
    assert first.for_number("+15550100100") is first.by_name["a"]
    (tmp_path / "a.yaml").unlink()
    assert list(reading.load().by_name) == ["b", "c"]


def test_changed_functions_are_taken_over_and_the_older_ones_stay_as_they_were(
    tmp_path: Path,
) -> None:
    three(tmp_path)
    reading = loader(tmp_path)
    first = reading.load()
    function(tmp_path, "'new'")
    second = reading.load()
    assert (answers(first), answers(second)) == ("old", "new")
    assert second.by_name["a"] is first.by_name["a"]


def test_an_older_generation_goes_when_nobody_holds_it(tmp_path: Path) -> None:
    three(tmp_path)
    reading = loader(tmp_path)
    reading.load()
    module = weakref.ref(sys.modules["swapped_while_serving"])
    function(tmp_path, "'new'")
    reading.load()
    gc.collect()
    assert module() is None


def test_functions_that_cannot_be_imported_leave_everything_as_it_was(tmp_path: Path) -> None:
    three(tmp_path)
    reading = loader(tmp_path)
    first = reading.load()
    for broken in ("1 / 0 = 2", "0\nraise SystemExit(3)"):
        function(tmp_path, broken)
        with pytest.raises(ConfigError, match="swapped_while_serving: S"):
            reading.load()
    function(tmp_path, "'old'")
    assert answers(reading.load()) == answers(first) == "old"


def test_a_file_is_read_again_until_its_time_is_sure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(GOOD.format("a", "+15550100100"))
    before = file.stat()
    reading = loader(tmp_path)
    reading.load()
    file.write_text(GOOD.format("a", "+15550100101"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert reading.load().for_number("+15550100101") is not None
    os.utime(file, (1, 1))
    reading.load()
    monkeypatch.setattr("builtins.open", None)  # nothing is opened any more
    reading.load()


def test_problems_come_in_the_order_of_the_files(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD.format("a", "+15550100100") + "tools: [python: no.f]\n")
    (tmp_path / "b.yaml").write_text(GOOD.format("a", "+15550100100"))
    (tmp_path / "c.yaml").write_text("a: 1\n" * 60)
    problems = refusal(tmp_path)
    places = [text.removeprefix(str(tmp_path))[:9] for text in problems[:3]]
    assert places == ["/a.yaml:4", "/b.yaml:1", "/c.yaml:1"]
    assert problems[-1] == f"{tmp_path}/c.yaml: and 13 more problems"


def test_files_may_be_named_one_by_one(tmp_path: Path) -> None:
    three(tmp_path)
    ready = load_tenants([tmp_path / "b.yaml"], [])
    assert list(ready.by_name) == ["b"]


OVERRIDDEN = GOOD.format("a", "+15550100100") + (
    "hours: {timezone: Europe/Rome}\n"
    "overrides: [{when: {mon-fri: 18:00-22:00}, agent: {greeting: Good evening., voice: Kore}}]\n"
)


def test_by_the_hour_a_tenant_is_prepared_otherwise(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(OVERRIDDEN)
    ready = load_tenants(tmp_path, []).by_name["a"]
    evening = ready.prepared_at(datetime(2026, 11, 23, 17, 30, tzinfo=UTC))
    assert evening.plan.greeting == "Good evening."
    assert ready.prepared_at(datetime(2026, 11, 23, 12, tzinfo=UTC)) is ready.prepared
    assert ready.all_prepared == (ready.prepared, evening)


def test_a_mistake_in_an_override_is_found_where_it_stands(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(OVERRIDDEN.replace("Kore", "Koree"))
    [problem] = refusal(tmp_path)
    assert problem.startswith(f"{tmp_path}/a.yaml:5:")
    assert ": overrides[0].agent.voice: " in problem


def test_what_is_included_is_no_tenant_and_its_change_is_one_of_all(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    for name in ("_here.yaml", "shared/there.yaml", ".hidden.yaml"):
        (tmp_path / name).write_text("record: {audio: no}\n")
    for index, name in enumerate("abc"):
        including = "include: [_here.yaml, shared/there.yaml]\n" if name != "c" else ""
        (tmp_path / f"{name}.yaml").write_text(including + GOOD.format(name, f"+1555010010{index}"))
    reading = loader(tmp_path)
    first = reading.load()
    assert list(first.by_name) == ["a", "b", "c"]
    (tmp_path / "shared" / "there.yaml").write_text("record: {audio: yes}\n")
    second = reading.load()
    assert [ready.tenant.record.audio for ready in second.by_name.values()] == [True, True, False]
    assert second.by_name["c"] is first.by_name["c"]
    (tmp_path / "_here.yaml").write_text("record: {audoi: yes}\n")
    with pytest.raises(ConfigError) as caught:
        reading.load()
    assert caught.value.problems == (
        f'{tmp_path}/_here.yaml:1:10: record.audoi: unknown key; did you mean "audio"?',
    )
    (tmp_path / "_here.yaml").unlink()
    with pytest.raises(ConfigError, match=r"_here\.yaml cannot be read: No such file"):
        reading.load()


def test_tools_of_the_service_and_of_servers_are_ready(tmp_path: Path) -> None:
    tools = (
        "tools:\n"
        "  - builtin: current_time\n"
        "  - builtin: end_call\n"
        "  - http: {name: weather, description: The weather., url: 'https://example.com/w'}\n"
    )
    (tmp_path / "a.yaml").write_text(GOOD.format("a", "+15550100100") + tools)
    reading = loader(tmp_path)
    ready = reading.load()
    tenant = ready.by_name["a"]
    assert list(tenant.tools.functions) == ["current_time", "weather"]
    further = tenant.tools.functions["weather"]
    with pytest.raises(ConfigError, match=r"a\.yaml:5:3: tools: two tools are named"):
        reading.with_functions(tenant, ready.directory.files["a"], [further])
    (tmp_path / "b.yaml").write_text(GOOD.format("b", "+15550100101"))
    ready = reading.load()
    whole = reading.with_functions(ready.by_name["b"], ready.directory.files["b"], [further])
    declared = whole.prepared.setup.tools[0].function_declarations or ()
    assert [function.name for function in declared] == ["weather"]
