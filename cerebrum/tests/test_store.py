from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import pytest

from cerebrum.chain import Content
from cerebrum.errors import Forgotten, NotFound, StoreCorrupt, StoreError, StoreLocked, StoreUnsafe
from cerebrum.store import CHECKPOINT_EVERY, Entry, Store


def said(text: str, key: str | None = None) -> Entry:
    return Entry("exchange", "now", Content("c", text, "answer"), key)


def fill(store: Store, count: int) -> None:
    for number in range(count):
        store.append([said(f"utterance {number}", f"key {number}")])


def test_what_was_appended_is_there_after_opening_again(tmp_path: Path) -> None:
    store = Store(tmp_path / "mind.sqlite3")
    fill(store, 3)
    before = list(store.records())
    place = (store.epoch, store.seq, store.head, store.exchanges)
    store.close()

    again = Store(tmp_path / "mind.sqlite3")

    assert list(again.records()) == before
    assert (again.epoch, again.seq, again.head, again.exchanges) == place
    assert again.verify() == 3
    again.close()


def test_the_disk_is_asked_the_safe_way(store: Store) -> None:
    wanted = {"journal_mode": "wal", "synchronous": 2, "locking_mode": "exclusive", "foreign_keys": 1, "mmap_size": 0}

    found = {name: store._db.execute(f"PRAGMA {name}").fetchone() for name in wanted}

    assert {name: row and row[0] for name, row in found.items()} in (wanted, wanted | {"mmap_size": None})


def test_a_second_process_is_refused_at_once(store: Store) -> None:
    with pytest.raises(StoreLocked, match="open in another process"):
        Store(store.path)


def test_all_of_an_append_or_nothing(store: Store) -> None:
    store.append([said("first", "key")])
    head = store.head

    with pytest.raises(StoreError):
        store.append([said("second"), said("third", "key")])

    assert (store.seq, store.head, store.exchanges) == (1, head, 1)
    store.append([said("second")])
    assert store.verify() == 2


@pytest.mark.parametrize(
    "sql", ["DELETE FROM records", "UPDATE records SET heard = 'x'", "UPDATE records SET at = 'x'"]
)
def test_rows_stay_as_they_are(store: Store, sql: str) -> None:
    store.append([said("first")])

    with pytest.raises(sqlite3.IntegrityError, match="only grows"):
        store._db.connection.execute(sql)


def test_a_key_is_found_however_old(store: Store) -> None:
    fill(store, 600)

    found = store.recorded("key 1")

    assert found is not None
    assert found.seq == 2
    assert store.recorded("key 600") is None


def test_a_deleted_text_is_in_no_file_any_more(tmp_path: Path) -> None:
    store = Store(tmp_path / "mind.sqlite3")
    fill(store, 20)
    store.append([Entry("exchange", "now", Content("c", "xylophonically", "zymurgical answer"), "k")])
    store.append([said("more")])
    store.forget(21, "now")

    try:
        assert store.verify() == 23
        files = b"".join(path.read_bytes() for path in tmp_path.iterdir())
        assert b"xylophonically" not in files
        assert b"zymurgical" not in files
    finally:
        store.close()


def test_deleting_keeps_the_key_and_counts_down(store: Store) -> None:
    fill(store, 3)

    store.forget(2, "now")

    gone = store.recorded("key 1")
    assert gone is not None
    assert gone.is_forgotten
    assert (store.exchanges, store.observations, store.forgotten, store.seq) == (2, 2, 1, 4)
    assert store.forgot_since(3)
    assert not store.forgot_since(1)
    with pytest.raises(Forgotten):
        store.forget(2, "now")
    for seq in (4, 99, -1):
        with pytest.raises(NotFound):
            store.forget(seq, "now")


def test_search_is_literal_and_goes_back_in_pages(store: Store) -> None:
    for text in ("100 % sure", "100 or more", "a_b", "axb", "back\\slash", "a_b again"):
        store.append([said(text)])

    assert [record.seq for record in store.search("100 %")] == [1]
    assert [record.seq for record in store.search("a_b")] == [6, 3]
    assert [record.seq for record in store.search("\\")] == [5]
    assert [record.seq for record in store.search(limit=2)] == [6, 5]
    assert [record.seq for record in store.search(limit=2, before=5)] == [4, 3]


def test_a_copy_is_whole_and_opens_by_itself(store: Store, tmp_path: Path) -> None:
    fill(store, 5)
    store.copy_to(tmp_path / "copy.sqlite3")

    copy = Store(tmp_path / "copy.sqlite3")

    assert (copy.epoch, copy.seq, copy.head) == (store.epoch, 5, store.head)
    assert copy.verify() == 5
    epoch = copy.epoch
    copy.begin_epoch()
    copy.close()
    again = Store(tmp_path / "copy.sqlite3")
    assert again.epoch == copy.epoch != epoch
    again.close()


def test_the_write_ahead_log_stays_small(store: Store) -> None:
    for number in range(CHECKPOINT_EVERY + 1):
        store.append([said(f"{number} " + "long " * 800)])

    log = store.path.with_name(store.path.name + "-wal")
    assert log.stat().st_size < 1 << 20


# what cannot be used is refused


def test_text_that_was_changed_in_the_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mind.sqlite3"
    store = Store(path)
    fill(store, 10)
    store.close()
    whole = path.read_bytes()
    assert whole.count(b"utterance 4") == 1
    path.write_bytes(whole.replace(b"utterance 4", b"utterance X"))

    store = Store(path)
    with pytest.raises(StoreCorrupt, match="record 5 has another text") as caught:
        store.verify()
    store.close()
    assert "cerebrum restore" in caught.value.remedy


def test_a_torn_file_is_refused_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "mind.sqlite3"
    store = Store(path)
    fill(store, 200)
    store.close()
    whole = bytearray(path.read_bytes())
    whole[8192:12288] = b"\xa5" * 4096
    path.write_bytes(bytes(whole))

    with pytest.raises(StoreCorrupt, match="damaged") as caught:
        Store(path)
    assert "cerebrum restore" in caught.value.remedy


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mind.sqlite3").write_text("this is a letter, not a database, and long enough to be looked at")

    with pytest.raises(StoreCorrupt):
        Store(tmp_path / "mind.sqlite3")


def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "mind.sqlite3"
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA application_id = 7")
        other.execute("CREATE TABLE theirs (x)")
    other.close()
    before = path.read_bytes()

    with pytest.raises(StoreCorrupt, match="another program"):
        Store(path)
    assert path.read_bytes() == before


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    Store(tmp_path / "mind.sqlite3").close()
    with sqlite3.connect(tmp_path / "mind.sqlite3") as later:
        later.execute("PRAGMA user_version = 99")
    later.close()

    with pytest.raises(StoreError, match="newer CEREBRUM"):
        Store(tmp_path / "mind.sqlite3")


# the disk fails


@pytest.mark.skipif(sys.platform == "win32", reason="RLIMIT_FSIZE is POSIX")
@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 does not tell a full disk from a failed sync")
def test_a_full_disk_adds_nothing_and_goes_on_when_there_is_space(store: Store) -> None:
    import resource

    fill(store, 3)
    before = (store.seq, store.head)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    log = store.path.with_name(store.path.name + "-wal")
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size + 5000, hard))
    try:
        with pytest.raises(StoreError) as caught:
            store.append([said("long " * 4000)])
        assert not isinstance(caught.value, (StoreUnsafe, StoreCorrupt))
        assert (store.seq, store.head) == before
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    store.append([said("there is space again")])

    assert store.verify() == 4


class FailingSync:
    """A connection whose commits are not confirmed by the disk."""

    in_transaction = False

    def __init__(self, code: int | None, message: str = "disk I/O error") -> None:
        self.code, self.message = code, message

    def execute(self, sql: str, *_: object) -> None:
        if sql == "COMMIT":
            error = sqlite3.OperationalError(self.message)
            if self.code is not None:
                error.sqlite_errorcode = self.code
            raise error

    def executemany(self, *_: object) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        (1034, "disk I/O error", StoreUnsafe),
        (1290, "disk I/O error", StoreUnsafe),
        (None, "disk I/O error", StoreUnsafe),
        (778, "disk I/O error", StoreError),
        (13, "database or disk is full", StoreError),
        (None, "database or disk is full", StoreError),
        (8, "attempt to write a readonly database", StoreError),
        (5, "database is locked", StoreLocked),
        (11, "database disk image is malformed", StoreCorrupt),
    ],
)
def test_each_failure_of_the_disk_has_its_error(store: Store, code: int, message: str, kind: type[StoreError]) -> None:
    real, before = store._db.connection, (store.seq, store.head)
    store._db.connection = FailingSync(code, message)  # type: ignore[assignment]
    try:
        with pytest.raises(StoreError) as caught:
            store.append([said("lost")])
    finally:
        store._db.connection = real

    assert type(caught.value) is kind
    assert caught.value.remedy
    assert (store.seq, store.head) == before
