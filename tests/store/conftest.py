from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.postgres import Database, running_postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[Database]:
    with running_postgres() as database:
        yield database


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of an empty store, of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/data/calls.sqlite3"
    database: Database = request.getfixturevalue("postgres")
    return database.emptied()
