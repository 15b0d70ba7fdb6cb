"""What becomes of the tests where there is no PostgreSQL."""

from pathlib import Path

import pytest

from tests.support import postgres
from tests.support.postgres import MISSING, running_postgres


def test_without_a_server_tests_are_skipped_aloud_and_fail_in_ci(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "BINARIES", tmp_path)
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="IS NOT TESTED"), running_postgres():
        pass
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="IS NOT TESTED"), running_postgres():
        pass
    assert MISSING.isprintable()
