"""Opens the record's database: one connection, used by one thread, at the newest schema.

SQLite is held exclusively, with a write-ahead log and a confirmed write per transaction. PostgreSQL is another machine
or process: it may go away and come back, and a transaction that was on its way then is in doubt until it is asked for.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import NullPool, StaticPool

from llm_trainer.errors import SettingsError, StoreCorrupt, StoreError
from llm_trainer.middleware import wal
from llm_trainer.middleware.tables import HEAD, metadata
from llm_trainer.middleware.trouble import MENDING, translated

log = logging.getLogger(__name__)

LOCK_SECONDS = 0.5
MIGRATIONS = Path(__file__).parent / "migrations"
_PRAGMAS = (
    "locking_mode=EXCLUSIVE",  # before anything else: no second engine, no shared-memory file
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "mmap_size=0",
)
_POSTGRESQL = {
    "connect_timeout": 5,
    "application_name": "llm-trainer",
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "options": "-c statement_timeout=30s -c lock_timeout=5s -c idle_in_transaction_session_timeout=60s "
    "-c synchronous_commit=on -c timezone=UTC",
}
"""Every wait has an end, and a commit returns when it is on disk, whatever the server's own settings."""
_MIGRATING = 0x7452_6563  # the key of the lock that lets one program at a time make or change the tables

Creator = Callable[[], Any]


def check_record_url(url: str) -> URL:
    """The URL understood; SettingsError if it names no database that the record may lie in."""
    remedy = "write record_url as postgresql://user@host:port/database or sqlite:///path"
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise SettingsError("record_url is not the URL of a database", remedy=remedy) from error
    if backend == "sqlite":
        return parsed
    if backend != "postgresql":
        raise SettingsError(f"record_url names {backend!r}, where the record cannot lie", remedy=remedy)
    if parsed.drivername == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    return parsed


def open_database(url: str, creator: Creator | None = None) -> Connection:
    """Connect and migrate. StoreLocked, StoreCorrupt or StoreError say why it cannot be used.

    ``creator`` makes the raw SQLite connection instead of ``sqlite3.connect``, for tests that own the disk.
    """
    parsed = check_record_url(url)
    try:
        engine = _sqlite(parsed, creator) if parsed.get_backend_name() == "sqlite" else _postgresql(parsed)
    except ImportError as error:
        remedy = "pip install -r requirements-postgresql.lock"
        raise StoreError("the driver for PostgreSQL is not installed", remedy=remedy) from error
    with translated(parsed.render_as_string(hide_password=True)):
        try:
            connection = engine.connect()
        except BaseException:
            engine.dispose()
            raise
        try:
            migrate(connection)
        except BaseException:
            connection.close()
            engine.dispose()
            raise
    return connection


def _sqlite(url: URL, creator: Creator | None) -> Engine:
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        _refuse_a_damaged_log(Path(url.database))
    made = {} if creator is None else {"creator": creator}
    engine = create_engine(url, poolclass=StaticPool, connect_args={"timeout": LOCK_SECONDS}, **made)
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", lambda connection: connection.connection.cursor().execute("BEGIN IMMEDIATE"))
    return engine


def _refuse_a_damaged_log(path: Path) -> None:
    """Opened, SQLite would silently drop what stands behind the damage."""
    log_file = path.with_name(path.name + "-wal")
    if (fault := wal.look(log_file).fault) and not is_in_use(path):
        raise StoreCorrupt(f"{log_file} is damaged: {fault}", remedy=MENDING)


def is_in_use(path: Path) -> bool:
    """Whether another program has the database open; changes nothing."""
    shared = path.with_name(path.name + "-shm")
    was_there = shared.exists()
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=0)) as looking:
            looking.execute("SELECT 1 FROM sqlite_master").fetchall()
    except sqlite3.Error as error:
        return "locked" in str(error)
    finally:
        if not was_there:
            shared.unlink(missing_ok=True)
    return False


def _configure(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # SQLAlchemy says BEGIN; sqlite3 must not say it too
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("BEGIN IMMEDIATE")  # takes the lock now, not at the first write
    connection.execute("COMMIT")


def _postgresql(url: URL) -> Engine:
    return create_engine(url, poolclass=NullPool, connect_args=_POSTGRESQL)


def migrate(connection: Connection) -> None:
    """Bring the schema to ``HEAD``: a new record gets it at once, an older one by its migrations.

    Both ways lead to the same tables (a test compares them). Alembic is imported only for the second.
    """
    with connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATING})
            _warn_of_unsafe(connection)
        version = _version(connection)
        if version == HEAD:
            return
        if version is None:
            _create(connection)
        elif version > HEAD:
            raise StoreError(f"the record has schema {version}, newer than this program", remedy="update the program")
        else:
            _upgrade(connection)


def _warn_of_unsafe(connection: Connection) -> None:
    if connection.execute(text("SHOW fsync")).scalar() != "on":
        log.warning("the PostgreSQL server runs with fsync off: a power cut there may lose exchanges")


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
