from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.postgres import Databases, running_postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[Databases]:
    with running_postgres() as databases:
        yield databases


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of an empty store, of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/data/calls.sqlite3"
    databases: Databases = request.getfixturevalue("postgres")
    return databases.new()
