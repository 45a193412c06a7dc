"""The disk fails at the n-th call of each kind, for every n: nothing confirmed is lost, and it goes on."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from cerebrum.chain import Content
from cerebrum.errors import StoreCorrupt, StoreError, StoreUnsafe
from cerebrum.store import Entry, Store
from tests.faults.disk import SYNC_FAILED, Disk, Fault
from tests.faults.stock import connection

HISTORY = 8
ERRORS = {
    "xWrite": (apsw.SQLITE_FULL, apsw.SQLITE_IOERR_WRITE),
    "xTruncate": (apsw.SQLITE_IOERR_TRUNCATE,),
    "xOpen": (apsw.SQLITE_CANTOPEN,),
    "xSync": (SYNC_FAILED,),
}
CASES = [(call, code, lasting) for call, codes in ERRORS.items() for code in codes for lasting in (False, True)]


def failing(call: str, code: int, first: int, lasting: bool) -> Fault:
    """Fail call number ``first`` of a kind; ``lasting``: and the nine behind it."""
    last = first + 9 if lasting else first

    def fault(name: str, number: int) -> Exception | None:
        return apsw.exception_for(code) if name == call and first <= number <= last else None

    return fault


def entry(number: int) -> Entry:
    return Entry("exchange", "now", Content("c", f"utterance {number} " + "long " * 300, "answer"), f"k{number}")


class Told:
    """What the program was told while the disk failed."""

    def __init__(self) -> None:
        self.confirmed: list[str] = []
        self.refused = 0
        self.unsafe = False


def live(disk: Disk, told: Told) -> None:
    """Open, append, checkpoint, going on after each refusal as the service does; a failed sync ends it."""
    store = open_despite(disk, told)
    if store is None:
        return
    try:
        for number in range(HISTORY):
            for _ in range(30):
                try:
                    [record] = store.append([entry(number)])
                except StoreUnsafe:
                    raise
                except StoreError:
                    told.refused += 1
                    continue
                told.confirmed.append(record.content.heard)
                break
            if number % 4 == 3:
                store.checkpoint()
    except StoreUnsafe:
        told.unsafe = True
        with pytest.raises(StoreUnsafe):
            store.append([entry(99)])  # never tried again
    finally:
        store._db.connection.close()


def open_despite(disk: Disk, told: Told) -> Store | None:
    for _ in range(30):
        try:
            return Store(Path("mind.sqlite3"), lambda path: connection(disk, path))
        except StoreUnsafe:
            told.unsafe = True
            return None
        except StoreCorrupt:
            raise
        except StoreError:
            told.refused += 1
    raise AssertionError("it never opened again")


def sweep(folder: Path, call: str, code: int, lasting: bool) -> Iterator[Told]:
    """One life for each n, until one ends without a hit."""
    for first in range(1, 10_000):
        disk, told = Disk(fault=failing(call, code, first, lasting)), Told()
        live(disk, told)
        disk.write_to(folder)
        disk.unplug()
        if disk.hits == 0:
            return
        yield told
    raise AssertionError("the sweep does not end")


def fault_of(folder: Path, told: Told) -> str:
    try:
        store = Store(folder / "mind.sqlite3")
    except StoreError as error:
        return f"does not open: {error.detail}"
    try:
        store.verify()
        heard = [record.content.heard for record in store.records() if record.content]
        return (
            ""
            if heard[: len(told.confirmed)] == told.confirmed
            else f"{len(told.confirmed)} confirmed, {len(heard)} there"
        )
    finally:
        store.close()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.promise("P3")
def test_a_disk_that_fails_at_any_call_loses_nothing_confirmed(tmp_path, figure) -> None:
    lives, faults, unsafe, refused = 0, [], 0, 0
    for call, code, lasting in CASES:
        for number, told in enumerate(sweep(tmp_path / "image", call, code, lasting), 1):
            fault = fault_of(tmp_path / "image", told)
            if not told.unsafe and len(told.confirmed) != HISTORY:
                fault = fault or f"did not go on: {told.confirmed} of {HISTORY}"
            if call == "xSync" and not told.unsafe:
                fault = fault or "a failed sync was passed over"
            faults += [f"{call} {number} code {code}: {fault}"] if fault else []
            lives, unsafe, refused = lives + 1, unsafe + told.unsafe, refused + told.refused
    figure(
        "P3", store="cerebrum", lives=lives, refusals=refused, ended_by_failed_sync=unsafe, lost_or_corrupt=len(faults)
    )

    assert faults == []
    assert unsafe > 5
    assert refused > 20


def fill(store: Store) -> None:
    for number in range(1000):
        store.append([entry(number)])


def test_a_full_disk_is_said_and_there_is_room_again(tmp_path) -> None:
    disk = Disk(room=60_000)
    store = Store(Path("mind.sqlite3"), lambda path: connection(disk, path))
    with pytest.raises(StoreError, match="no space left") as caught:
        fill(store)
    confirmed = store.seq
    assert "nothing was lost" in caught.value.remedy
    disk.room = None
    store.append([entry(1000)])
    assert store.verify() == confirmed + 1
    store._db.connection.close()
    disk.unplug()


SERVICE = """
import sys
from pathlib import Path
from cerebrum import store, wiring
from cerebrum.__main__ import main
from tests.faults.disk import Disk, SYNC_FAILED
from tests.faults.stock import connection
import apsw

def fault(name, number):
    return apsw.exception_for(SYNC_FAILED) if name == "xSync" and number >= 12 else None

disk = Disk(fault=fault)
honest = store.Store
wiring.Store = lambda path: honest(path, lambda path: connection(disk, path))
sys.exit(main())
"""


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.promise("P3")
def test_a_sync_that_fails_ends_the_service_with_74(tmp_path, monkeypatch, figure) -> None:
    import tests.serving as serving

    monkeypatch.setattr(serving, "command", lambda *more: [sys.executable, "-c", SERVICE, *map(str, more)])
    answers: list[int] = []
    with serving.Service(tmp_path / "memory") as service:
        with contextlib.suppress(OSError):
            answers.extend(service.say(f"utterance {number}")[0] for number in range(100))
        code = service.process.wait(20)
    said = service.log.read_text()
    figure("P3", service="cerebrum", exit_code_after_failed_sync=code)

    assert code == 74
    assert 0 < len(answers) < 100
    assert set(answers) <= {200, 503}
    assert said.count("ending: ") == 1


TMPFS = """
import os, subprocess, sys
place = sys.argv[1]
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "none", place], check=True)
from pathlib import Path
from cerebrum.chain import Content
from cerebrum.errors import StoreError, StoreUnsafe, StoreCorrupt
from cerebrum.store import Entry, Store

def entry(number):
    return Entry("exchange", "now", Content("c", f"{number} " + "long " * 1500, "answer"), f"k{number}")

ballast = Path(place, "ballast")
ballast.write_bytes(bytes(150_000))
store = Store(Path(place, "mind.sqlite3"))
confirmed = 0
try:
    while True:
        store.append([entry(confirmed)])
        confirmed += 1
except (StoreUnsafe, StoreCorrupt):
    raise
except StoreError as error:
    print(error.detail)
ballast.unlink()
store.append([entry(confirmed)])
assert store.verify() == confirmed + 1
subprocess.run(["mount", "-o", "remount,ro", place], check=False)
store.close()
print("went on after", confirmed)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's user namespaces")
def test_a_real_disk_that_is_full_and_has_room_again(tmp_path) -> None:
    inside = ["unshare", "-Urm", sys.executable, "-c", TMPFS, str(tmp_path)]
    try:
        ran = subprocess.run(inside, capture_output=True, text=True, timeout=60, check=False)
    except FileNotFoundError:
        pytest.skip("this machine has no unshare")
    if "Operation not permitted" in ran.stderr or "permission denied" in ran.stderr.lower():
        pytest.skip(f"no private mounts on this machine: {ran.stderr.strip().splitlines()[-1]}")
    assert ran.returncode == 0, ran.stderr
    assert "no space left" in ran.stdout
    assert "went on after" in ran.stdout
