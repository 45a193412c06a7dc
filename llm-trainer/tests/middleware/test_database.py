"""A new record is made at once, an older one by its migrations; both ways lead to the same tables."""

import sqlite3
import subprocess
import sys

import pytest
from sqlalchemy import Connection, create_engine, inspect, text

from llm_trainer.errors import StoreError
from llm_trainer.middleware import database
from llm_trainer.middleware.tables import HEAD


def _shape(connection: Connection) -> dict[str, object]:
    found = inspect(connection)
    return {
        table: {
            "columns": [(c["name"], str(c["type"]), c["nullable"]) for c in found.get_columns(table)],
            "key": found.get_pk_constraint(table)["constrained_columns"],
            "unique": sorted(tuple(u["column_names"]) for u in found.get_unique_constraints(table)),
            "indexes": sorted(
                (i["name"], tuple(i["column_names"]), bool(i["unique"])) for i in found.get_indexes(table)
            ),
        }
        for table in found.get_table_names()
    }


def _opened(path):
    connection = database.open_database(f"sqlite:///{path}")
    try:
        return _shape(connection), connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    finally:
        connection.close()
        connection.engine.dispose()


def test_the_tables_of_a_new_record_are_those_that_the_migrations_make(tmp_path):
    made, version = _opened(tmp_path / "new.sqlite3")
    engine = create_engine(f"sqlite:///{tmp_path / 'migrated.sqlite3'}")
    with engine.begin() as connection:
        database._upgrade(connection)
        migrated = _shape(connection)
        migrated_version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    engine.dispose()

    assert version == migrated_version == HEAD
    assert made == migrated


def test_a_record_opened_again_stays_as_it_is(tmp_path):
    path = tmp_path / "record.sqlite3"

    assert _opened(path) == _opened(path)


def test_a_record_of_a_newer_program_is_left_alone(tmp_path):
    path = tmp_path / "record.sqlite3"
    _opened(path)
    with sqlite3.connect(path) as file:
        file.execute("UPDATE alembic_version SET version_num = '9999'")
    file.close()

    with pytest.raises(StoreError, match="schema 9999, newer"):
        _opened(path)


def test_a_start_imports_nothing_that_it_does_not_need():
    program = (
        "import sys, llm_trainer.middleware.app as app\n"
        "heavy = {'alembic', 'prometheus_client', 'openai', 'ollama', 'textual', 'rich', 'jinja2', 'structlog'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"
