"""A log that SQLite cut short is known from one that a power failure tore."""

from __future__ import annotations

from pathlib import Path

import pytest

from cerebrum import wal
from cerebrum.chain import Content
from cerebrum.errors import StoreCorrupt
from cerebrum.store import Entry, Store

FRAME = wal.FRAME_HEADER + 4096


@pytest.fixture
def crashed(tmp_path: Path) -> Path:
    """A record of five exchanges, all of it in the log, as a killed process leaves it."""
    store = Store(tmp_path / "first" / "mind.sqlite3")
    for number in range(5):
        store.append([Entry("exchange", "now", Content("c", f"utterance {number}", "answer"), f"k{number}")])
    path = tmp_path / "left" / "mind.sqlite3"
    path.parent.mkdir()
    for ending in ("", "-wal"):
        path.with_name(path.name + ending).write_bytes(store.path.with_name(store.path.name + ending).read_bytes())
    store.close()
    return path


def log_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def flip(path: Path, place: int) -> None:
    whole = bytearray(path.read_bytes())
    whole[place] ^= 1
    path.write_bytes(whole)


def test_a_whole_log_is_taken_whole(crashed: Path) -> None:
    frames = (log_of(crashed).stat().st_size - wal.HEADER) // FRAME
    assert wal.look(log_of(crashed)) == wal.Log(frames, 0)

    store = Store(crashed)
    assert store.verify() == 5
    store.close()


def test_damage_in_the_middle_is_refused_where_sqlite_would_lose_the_rest(crashed: Path) -> None:
    middle = (log_of(crashed).stat().st_size - wal.HEADER) // FRAME // 2
    flip(log_of(crashed), wal.HEADER + middle * FRAME + wal.FRAME_HEADER + 100)
    damaged = {path.name: path.read_bytes() for path in crashed.parent.iterdir()}

    with pytest.raises(StoreCorrupt, match=r"transactions behind frame \d+ are lost"):
        Store(crashed)
    assert {path.name: path.read_bytes() for path in crashed.parent.iterdir()} == damaged


def test_a_damaged_header_is_refused(crashed: Path) -> None:
    flip(log_of(crashed), 17)

    with pytest.raises(StoreCorrupt, match="header was changed"):
        Store(crashed)


def test_a_torn_last_transaction_is_what_a_power_failure_leaves(crashed: Path) -> None:
    flip(log_of(crashed), log_of(crashed).stat().st_size - 10)

    store = Store(crashed)
    assert store.verify() == 4
    store.close()


@pytest.mark.parametrize("content", [b"", b"\0" * 5000, b"short"])
def test_no_log_is_no_damage(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "log").write_bytes(content)

    assert wal.look(tmp_path / "log") == wal.look(tmp_path / "nothing") == wal.Log(0, 0)
