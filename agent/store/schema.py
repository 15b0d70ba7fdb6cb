"""The version of the tables: made, brought up to date, or refused."""

from __future__ import annotations

import logging

from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection

from agent.errors import ConfigError
from agent.store.tables import HEAD

_LOCK = 7_365_616_021
"""Any number; processes that start together take turns at it."""

logging.getLogger("alembic").setLevel(logging.WARNING)  # its steps are no news for an operator


def migrate(connection: Connection) -> None:
    """Bring the tables to the version of this program, in the connection's transaction.

    Raises:
        ConfigError: a later version of this program has been here.
    """
    if version_of(connection) == HEAD:
        return
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _LOCK})
    _upgrade(connection)


def version_of(connection: Connection) -> str | None:
    """The version of the tables that are there; None: there are none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(connection: Connection) -> None:
    # Only here: it takes a tenth of a second to import, and is needed once in a store's life.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", "agent.store:migrations")
    config.attributes["connection"] = connection
    found = version_of(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise ConfigError(
            f"store: its tables have version {found}, this program knows {HEAD}: a later version "
            "of seamline has been here; go on with that one, or name another store"
        )
    command.upgrade(config, "head")
