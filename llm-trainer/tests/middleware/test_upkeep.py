"""verify names what is damaged, repair keeps what is provably good; a damaged record is refused at the start."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from llm_trainer.middleware import verification
from llm_trainer.middleware.main import main
from llm_trainer.middleware.standins import StandInLearner, served
from llm_trainer.middleware.store import Record
from tests.faults.life import LEARNER, recorded

KEPT_TEXT = "SELECT key, text, reply FROM exchanges WHERE session_id = ? ORDER BY number"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return asyncio.run(recorded(tmp_path_factory.mktemp("sound"), exchanges=8, sessions=2))


@pytest.fixture
def path(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(sound, tmp_path / "record.sqlite3"))


def change(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(sql)


def run(command: str, path: Path, *more: str) -> int:
    return main([command, "--data-dir", str(path.parent), *more])


def exchanges(path: Path, session: int) -> list[tuple[str, str, str]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(KEPT_TEXT, (f"{session:026d}",)).fetchall()


def test_a_sound_record_is_called_so(path, capsys):
    assert run("verify", path) == 0
    assert run("repair", path) == 0

    printed = capsys.readouterr().out
    assert "the record is sound: 16 exchanges" in printed
    assert "not compared with learner default" in printed
    assert "nothing to repair" in printed


CHANGES = {
    "UPDATE exchanges SET text = 'other' WHERE row = 3": "exchange 3 has another text",
    "UPDATE exchanges SET reply = 'other' WHERE row = 3": "exchange 3 does not follow",
    "UPDATE exchanges SET topic = 'other' WHERE row = 3": "exchange 3 does not follow",
    "UPDATE exchanges SET status = 'refused' WHERE row = 3": "exchange 3 does not follow",
    "UPDATE exchanges SET key = 'other' WHERE row = 3": "exchange 3 has another key",
    "UPDATE exchanges SET hash = 'other' WHERE row = 3": "exchange 3 does not follow",
    "DELETE FROM exchanges WHERE row = 3": "exchange 3 is missing",
    "DELETE FROM exchanges WHERE row = 8": "its exchanges end at 7",
    "UPDATE sessions SET head = 'other' WHERE rowid = 1": "its exchanges end at 8",
}
LATER = {
    "UPDATE sessions SET state = json_set(state, '$.taught', 5) WHERE rowid = 1": "its counters say (5",
    "UPDATE sessions SET state = json_set(state, '$.clock', 5) WHERE rowid = 1": "elsewhere than its journal",
    "DELETE FROM journal WHERE seq = 9": "its journal ends at 8",
    "UPDATE journal SET body = json_set(body, '$.event', 'Sang') WHERE seq = 9": "cannot be followed at 9",
    "UPDATE exchanges SET closed_at = 5 WHERE row = 3": "exchange 3 tells another time",
}


@pytest.mark.parametrize("sql", [*CHANGES, *LATER])
def test_each_change_is_named_with_its_place(path, capsys, sql):
    change(path, sql)

    assert run("verify", path) == 65

    told = capsys.readouterr()
    assert (CHANGES | LATER)[sql] in told.out
    assert "session_1" in told.out
    assert "middleware.py repair" in told.err


@pytest.mark.parametrize("sql", [*CHANGES, next(iter(LATER))])
def test_a_damaged_record_is_refused_at_the_start_naming_place_and_command(path, capsys, sql):
    change(path, sql)

    assert main(["--data-dir", str(path.parent), "--port", "28797"]) == 65

    told = capsys.readouterr().err
    assert (CHANGES | LATER)[sql] in told
    assert "middleware.py verify" in told


@pytest.mark.parametrize("sql", CHANGES)
def test_of_a_large_record_the_ends_of_unfinished_sessions_are_looked_at(path, monkeypatch, sql):
    monkeypatch.setattr(verification, "START_BYTES", 0)
    change(path, sql)
    assert main(["--data-dir", str(path.parent), "--port", "99999"]) == 2  # it has ended: not looked at
    change(path, "UPDATE sessions SET ended_at = NULL WHERE rowid = 1")

    assert main(["--data-dir", str(path.parent), "--port", "28798"]) == 65


def test_a_repair_cuts_what_cannot_be_proved_and_leaves_the_rest(path, capsys):
    before = {number: exchanges(path, number) for number in (1, 2)}
    change(path, "UPDATE exchanges SET reply = 'other' WHERE row = 4")

    assert run("repair", path) == 0
    assert "cut short after exchange 3: session session_1: exchange 4 does not follow" in capsys.readouterr().out

    assert exchanges(path, 1) == before[1][:3]
    assert exchanges(path, 2) == before[2]
    assert run("verify", path) == 0
    [kept] = path.parent.glob("record-damaged-*.sqlite3")
    assert exchanges(kept, 1)[3][2] == "other"
    with closing(sqlite3.connect(path)) as database:
        query = "SELECT end_reason, ended_at IS NOT NULL, state FROM sessions ORDER BY id"
        [(reason, has_ended, state), (other, _, _)] = database.execute(query)
    assert (reason, has_ended, other) == ("repaired", 1, "completed")
    assert json.loads(state)["taught"] == 3


def test_pages_that_cannot_be_read_cost_what_stood_on_them(path, capsys):
    before = {number: exchanges(path, number) for number in (1, 2)}
    whole = bytearray(path.read_bytes())
    at = whole.rindex(b'"padding"') // 4096 * 4096
    whole[at : at + 4096] = b"\xa5" * 4096
    path.write_bytes(whole)

    assert run("verify", path) == 65
    assert run("repair", path) == 0

    assert run("verify", path) == 0
    after = {number: exchanges(path, number) for number in (1, 2)}
    assert all(after[number] == before[number][: len(after[number])] for number in after)
    assert 0 < len(after[1]) + len(after[2]) < 16
    assert "rows of exchanges could not be read" in capsys.readouterr().out


def test_a_file_that_cannot_even_be_looked_through_is_damaged(path):
    whole = bytearray(path.read_bytes())
    whole[3 * 4096 : 4 * 4096] = bytes(4096)
    path.write_bytes(whole)

    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        assert next(verification.faults(connection)).startswith("the file: ")
    engine.dispose()


def test_nothing_is_invented_where_nothing_can_be_read(path, capsys):
    path.write_bytes(b"no database at all " * 500)

    assert run("repair", path) == 65
    assert [each.name for each in path.parent.iterdir()] == ["record.sqlite3"]
    assert run("verify", path) == 65
    assert "is damaged" in capsys.readouterr().err


def test_a_record_in_use_and_one_that_is_not_there_are_left_alone(path, tmp_path, capsys):
    record = asyncio.run(Record.open(f"sqlite:///{path}"))
    assert run("verify", path) == 75
    assert run("repair", path) == 75
    record._executor.submit(record._close).result()
    record._executor.shutdown()
    assert run("verify", tmp_path / "elsewhere" / "record.sqlite3") == 2
    assert "there is no record" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("sql", "code", "said"),
    [
        ("", 0, "knows the same: 8 exchanges"),
        ("DELETE FROM heard WHERE seq = 8", 65, "does not know"),
        ("UPDATE heard SET text = 'other' WHERE seq = 8", 65, "another reply"),
    ],
)
def test_record_and_learner_are_compared(path, tmp_path, capsys, sql, code, said):
    learner = StandInLearner(str(tmp_path / "mind"))
    with served(learner) as url:
        change(path, f"UPDATE sessions SET learner = replace(learner, '{LEARNER}', '{url}') WHERE rowid = 1")
        change(path, "UPDATE sessions SET learner = json_object('url', 'elsewhere') WHERE rowid = 2")
        for key, _, reply in exchanges(path, 1):
            learner._db.execute("INSERT INTO heard (key, text) VALUES (?, ?)", (key, reply))
        learner._db.execute(sql or "SELECT 1")
        (tmp_path / "config.json").write_text(json.dumps({"cerebrum_url": url}))
        assert run("verify", path, "--config", str(tmp_path / "config.json")) == code
    learner.close()
    assert said in capsys.readouterr().out
