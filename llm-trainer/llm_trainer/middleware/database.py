"""Opens the record's database: one connection, used by one thread, at the newest schema."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from llm_trainer.errors import StoreCorrupt, StoreError, StoreLocked, StoreUnsafe
from llm_trainer.middleware.tables import HEAD, metadata

LOCK_SECONDS = 0.5
MIGRATIONS = Path(__file__).parent / "migrations"
_PRAGMAS = (
    "locking_mode=EXCLUSIVE",  # before anything else: no second engine, no shared-memory file
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "mmap_size=0",
)
_LOCKED, _CORRUPT, _NOT_A_DATABASE = 5, 11, 26
_SYNC_FAILED = {1034, 1290}  # SQLITE_IOERR_FSYNC, SQLITE_IOERR_DIR_FSYNC


def open_database(url: str) -> Connection:
    """Connect and migrate. StoreLocked, StoreCorrupt or StoreError say why it cannot be used."""
    parsed = make_url(url)
    lite = parsed.get_backend_name() == "sqlite"
    if lite and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    options: dict[str, Any] = {"connect_args": {"timeout": LOCK_SECONDS}} if lite else {}
    engine = create_engine(parsed, poolclass=StaticPool, **options)
    if lite:
        event.listen(engine, "connect", _configure)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    with translated(parsed.render_as_string(hide_password=True)):
        connection = engine.connect()
        try:
            migrate(connection)
        except BaseException:
            connection.close()
            engine.dispose()
            raise
    return connection


def _configure(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # SQLAlchemy says BEGIN; sqlite3 must not say it too
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("BEGIN IMMEDIATE")  # takes the lock now, not at the first write
    connection.execute("COMMIT")


def migrate(connection: Connection) -> None:
    """Bring the schema to ``HEAD``: a new record gets it at once, an older one by its migrations.

    Both ways lead to the same tables (a test compares them). Alembic is imported only for the second.
    """
    with connection.begin():
        version = _version(connection)
        if version == HEAD:
            return
        if version is None:
            _create(connection)
        elif version > HEAD:
            raise StoreError(f"the record has schema {version}, newer than this program", remedy="update the program")
        else:
            _upgrade(connection)


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _create(connection: Connection) -> None:
    metadata.create_all(connection)
    connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
    connection.execute(text("INSERT INTO alembic_version (version_num) VALUES (:head)"), {"head": HEAD})


def _upgrade(connection: Connection) -> None:
    for name in ("alembic.runtime.plugins", "alembic.runtime.migration"):
        logging.getLogger(name).setLevel(logging.WARNING)
    from alembic import command  # noqa: PLC0415  takes 0.2 s that an ordinary start does not need
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Turn the database's exceptions into ours."""
    try:
        yield
    except DBAPIError as error:
        raise _ours(error.orig, place) from error
    except sqlite3.Error as error:
        raise _ours(error, place) from error
    except (SQLAlchemyError, OSError) as error:
        raise StoreError(f"{place}: {error}", remedy="see the service's log") from error


def _ours(error: BaseException | None, place: str) -> StoreError:
    code = getattr(error, "sqlite_errorcode", 0)
    said = str(error).lower()
    if code in _SYNC_FAILED or (code == 0 and "disk i/o error" in said):  # Python 3.10 does not tell which
        return StoreUnsafe(f"{place}: the disk did not confirm a write", remedy="check the disk, then start again")
    if code & 0xFF == _LOCKED or "locked" in said:
        remedy = "stop the other middleware, or give this one another data_dir"
        return StoreLocked(f"{place} is in use by another program", remedy=remedy)
    if code & 0xFF in (_CORRUPT, _NOT_A_DATABASE) or "malformed" in said or "not a database" in said:
        return StoreCorrupt(f"{place} is damaged: {error}", remedy="put back a copy, or move it away to begin anew")
    return StoreError(f"{place}: {error}", remedy="make room on the disk or mend its permissions; nothing is lost")
