"""The record's disk fails at the n-th call of each kind, for every n: nothing confirmed is lost, and it goes on.

Then the whole middleware on such a disk: it says why it holds, goes on when there is room, and ends when a sync fails.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import apsw
import pytest

from llm_trainer.errors import StoreCorrupt, StoreError, StoreUnsafe
from llm_trainer.middleware import store
from llm_trainer.middleware.database import open_database
from llm_trainer.middleware.standins import served
from llm_trainer.middleware.store import Record
from tests.faults.disk import SYNC_FAILED, Disk, Fault
from tests.faults.life import Life
from tests.faults.stock import connection
from tests.faults.test_power import fault_of
from tests.middleware.conftest import learner, llm, scene  # noqa: F401
from tests.middleware.test_kills import HOME
from tests.serving import wait_until

EXCHANGES = 2
ERRORS = {
    "xWrite": (apsw.SQLITE_FULL, apsw.SQLITE_IOERR_WRITE),
    "xTruncate": (apsw.SQLITE_IOERR_TRUNCATE,),
    "xOpen": (apsw.SQLITE_CANTOPEN,),
    "xSync": (SYNC_FAILED,),
}
CASES = [(call, code) for call, codes in ERRORS.items() for code in codes]


def failing(call: str, code: int, first: int, last: int) -> Fault:
    def fault(name: str, number: int) -> Exception | None:
        return apsw.exception_for(code) if name == call and first <= number <= last else None

    return fault


def opener(disk: Disk) -> object:
    return partial(open_database, creator=partial(connection, disk, "record.sqlite3"))


class Patient(Life):
    """Tries again whatever the disk refuses, as a session does; ``refused`` counts how often."""

    refused = 0
    syncs = 1 << 30  # made when all was confirmed; what SQLite does at its close is its own affair

    def __init__(self, record: Record, seed: int) -> None:
        self.told: list[tuple[str, str]] = []
        super().__init__(record, EXCHANGES, seed, lambda what, key: self.told.append((what, key)))
        honest = record.commit

        async def commit(session_id: str | None = None) -> None:
            for _ in range(40):
                try:
                    return await honest(session_id)
                except (StoreUnsafe, StoreCorrupt):
                    raise
                except StoreError:
                    self.refused += 1
            raise AssertionError("it never could be written")

        record.commit = commit


async def live(disk: Disk, ends: list[StoreUnsafe]) -> Patient | None:
    record = await opened(disk, ends)
    if record is None:
        return None
    life = Patient(record, 7)
    try:
        await life.begin()
        await life.go()
        life.syncs = disk.calls["xSync"]
        await record.close()
    except StoreUnsafe:
        with pytest.raises(StoreUnsafe):
            await record.commit()  # never tried again
        record._executor.submit(record._close).result()
        record._executor.shutdown()
    return life


async def opened(disk: Disk, ends: list[StoreUnsafe]) -> Record | None:
    for _ in range(40):
        try:
            return await Record.open("sqlite:///record.sqlite3", opener=opener(disk), on_unsafe=ends.append)
        except StoreUnsafe as error:
            ends.append(error)
            return None
        except StoreCorrupt:
            raise
        except StoreError:
            pass
    raise AssertionError("it never could be opened")


def sweep(folder: Path, call: str, code: int, lasting: int) -> Iterator[tuple[Patient | None, int, str]]:
    """One life for each n until one ends without a hit: the life, how often it was told to end, and what is wrong."""
    for first in range(1, 10_000):
        disk, ends = Disk(fault=failing(call, code, first, first + lasting)), list[StoreUnsafe]()
        life = asyncio.run(live(disk, ends))
        disk.write_to(folder)
        disk.unplug()
        if disk.hits == 0:
            return
        fault = fault_of(folder, life.told if life else []) if (folder / "record.sqlite3").exists() else ""
        if not ends and (life is None or life.row["ended_at"] is None):
            fault = fault or "did not go on"
        if call == "xSync" and len(ends) != 1 and not (life and first > life.syncs):
            fault = fault or f"told to end {len(ends)} times"
        yield life, len(ends), f"{call} {first} code {code}: {fault}" if fault else ""


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.promise("P3")
def test_a_disk_that_fails_at_any_call_loses_nothing_confirmed(tmp_path, figure, scale):
    lives, refused, unsafe, faults = 0, 0, 0, []
    for lasting in (0, 9)[: scale(1, 2)]:
        for call, code in CASES:
            for life, ends, fault in sweep(tmp_path / "image", call, code, lasting):
                lives, unsafe, refused = lives + 1, unsafe + ends, refused + (life.refused if life else 0)
                faults += [fault] if fault else []
    ends = {"ended_by_failed_sync": unsafe, "lost_or_corrupt": len(faults)}
    figure("P3", store="record", lives=lives, refusals=refused, **ends)

    assert faults == []
    assert unsafe > 5
    assert refused > 20


@pytest.mark.promise("P3")
def test_a_full_disk_pauses_the_session_with_the_reason_which_goes_on_when_there_is_room(
    tmp_path,
    learner,  # noqa: F811
    llm,  # noqa: F811
    monkeypatch,
    figure,
):
    disk, fulls = Disk(), []

    def fault(name: str, number: int) -> Exception | None:
        if name == "xWrite" and fulls:
            fulls.append(time.monotonic())
            return apsw.exception_for(apsw.SQLITE_FULL)
        return None

    disk.fault = fault
    monkeypatch.setattr(store, "open_database", opener(disk))
    with scene(tmp_path, learner, llm) as at_work:
        at_work.start(max_exchanges=100_000)
        wait_until(lambda: len(learner.heard()) > 10)
        fulls.append(time.monotonic())
        status = at_work.until_phase("paused")
        seconds = time.monotonic() - (fulls[1] if len(fulls) > 1 else fulls[0])
        heard = len(learner.heard())
        figure("P3", seconds_until_paused=round(seconds, 3))
        assert "full" in status["reason"]
        assert seconds < 1

        fulls.clear()
        wait_until(lambda: len(learner.heard()) > heard + 3, 20)
        stopped = at_work.post("/api/training/stop")
        assert stopped["exchanges_completed"] == len(learner.heard())
        assert stopped["uncertain"] == 0


MIDDLEWARE = """
import sys
from functools import partial
import apsw
from llm_trainer.middleware import store
from llm_trainer.middleware.database import open_database
from llm_trainer.middleware.main import main
from tests.faults.disk import Disk, SYNC_FAILED
from tests.faults.stock import connection

def fault(name, number):
    return apsw.exception_for(SYNC_FAILED) if name == "xSync" and number >= int(first) else None

first, *given = sys.argv[1:]
disk = Disk(fault=fault)
store.open_database = partial(open_database, creator=partial(connection, disk, "record.sqlite3"))
sys.exit(main(given))
"""


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.promise("P3")
@pytest.mark.parametrize("first", [1, 60])
def test_a_sync_that_fails_ends_the_middleware_with_74(tmp_path, learner, llm, figure, first):  # noqa: F811
    import httpx2

    from tests.middleware.test_kills import free_ports

    [port] = free_ports(1)
    with served(learner) as learner_url, served(llm) as llm_url:
        (tmp_path / "config.json").write_text(f'{{"cerebrum_url": "{learner_url}", "llm_server_url": "{llm_url}"}}')
        given = ["--config", str(tmp_path / "config.json"), "--data-dir", str(tmp_path), "--port", str(port)]
        command = [sys.executable, "-c", MIDDLEWARE, str(first), *given]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        try:

            def started() -> bool:
                if process.poll() is not None:
                    return True
                try:
                    plan = {"max_exchanges": 100_000, "delay": 0}
                    url = f"http://127.0.0.1:{port}/api/training/start"
                    return httpx2.post(url, json=plan, timeout=20, trust_env=False).status_code == 200
                except httpx2.HTTPError:
                    return False

            wait_until(started, 60)
            code = process.wait(60)
        finally:
            process.kill()
            said = process.communicate()[1]
    figure("P3", service="middleware", failing_sync=first, exit_code=code)

    assert code == 74, said[-2000:]
    assert "did not confirm a write" in said


TMPFS = """
import subprocess, sys
from pathlib import Path
place = Path(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "none", place], check=True)
from llm_trainer.middleware.standins import StandInLearner, StandInLlm
from tests.middleware.conftest import scene
from tests.serving import wait_until

learner, llm, ballast = StandInLearner(), StandInLlm(), place / "ballast"
ballast.write_bytes(bytes(5_000_000))
with scene(place, learner, llm) as at_work:
    at_work.start(max_exchanges=100_000)
    print(at_work.until_phase("paused")["reason"])
    held = len(learner.heard())
    ballast.unlink()
    wait_until(lambda: len(learner.heard()) > held + 3, 30)
    stopped = at_work.post("/api/training/stop")
    assert (stopped["exchanges_completed"], stopped["uncertain"]) == (len(learner.heard()), 0)
    print("went on after", held)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's user namespaces")
def test_a_session_holds_on_a_real_disk_that_is_full_and_goes_on_when_it_has_room(tmp_path):
    inside = ["unshare", "-Urm", sys.executable, "-c", TMPFS, str(tmp_path)]
    try:
        ran = subprocess.run(inside, cwd=HOME, capture_output=True, text=True, timeout=100, check=False)
    except FileNotFoundError:
        pytest.skip("this machine has no unshare")
    if "Operation not permitted" in ran.stderr or "permission denied" in ran.stderr.lower():
        pytest.skip(f"no private mounts on this machine: {ran.stderr.strip().splitlines()[-1]}")
    assert ran.returncode == 0, ran.stderr
    assert "full" in ran.stdout
    assert "went on after" in ran.stdout
