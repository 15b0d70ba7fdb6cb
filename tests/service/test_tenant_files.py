from pathlib import Path

import pytest

from agent.errors import ConfigError
from agent.service.tenant_files import load_tenants
from agent.tenants.tree import MAX_BYTES

GOOD = "tenant: {0}\nnumbers: [{1}]\nagent: {{instructions: Be kind.}}\n"


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
    assert second.startswith(f"{tmp_path}/b.yaml:3:16: agent.voice: there is no voice 'Bob'")


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
    assert refusal(tmp_path) == (f"{tmp_path}/a.yaml: cannot be read: Is a directory",)
