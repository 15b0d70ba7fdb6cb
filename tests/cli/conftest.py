"""What the tests of `seamline doctor` share."""

from pathlib import Path

import pytest

from agent.cli import doctor_machine
from tests.cli.doctored import SECRETS


@pytest.fixture
def quiet_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing is set, and the folder is a new one."""
    for name in (*SECRETS, "SEAMLINE_GEMINI_URL", "SEAMLINE_STORE", "SEAMLINE_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(doctor_machine, "LAG_LOOKS", 3)
