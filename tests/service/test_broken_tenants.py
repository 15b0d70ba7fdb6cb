"""The broken files, through the whole of what a service does with a file before it takes a call."""

from pathlib import Path

import pytest

from agent.errors import ConfigError
from agent.service.tenant_files import TenantLoader

FOLDER = Path(__file__).parents[1] / "data" / "broken_tenants"


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_all_of_a_files_errors_are_told_at_once(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(FOLDER)
    monkeypatch.delenv("NOT_SET", raising=False)
    expected = file.with_suffix(".expected").read_text("utf-8").splitlines()
    with pytest.raises(ConfigError) as caught:
        TenantLoader([Path(file.name)], [Path("functions")]).load()
    assert list(caught.value.problems) == expected
