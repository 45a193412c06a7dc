"""What the commands do that look after the record: replay, verify, repair, restore."""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import sqlite3
import time
from datetime import datetime, timezone
from pathlib import Path

from cerebrum import wiring
from cerebrum.chain import Verifier
from cerebrum.errors import SettingsError, StoreCorrupt, StoreError
from cerebrum.fold import Fold
from cerebrum.learner import utc_now
from cerebrum.salvage import sync_folder, wreck
from cerebrum.settings import Settings
from cerebrum.store import Store

Arguments = argparse.Namespace


def replay(settings: Settings, _: Arguments) -> int:
    """Rebuild the mind from the record alone, and compare every saved mind with what came out at its place."""
    store = Store(wiring.present_record(settings))
    try:
        started = time.perf_counter()
        fold = Fold(store, wiring.new_mind(settings)(), Verifier(store.genesis))
        wrong = 0
        for about, _path in sorted(wiring.saved_minds(settings).find(), key=lambda found: found[0].seq):
            if store.forgot_since(about.seq) or about.seq > store.seq:
                continue
            fold.advance(seconds=float("inf"), until=about.seq)
            same = fold.mind.state_hash() == about.state_hash
            wrong += not same
            print(f"saved mind at {about.seq}: {'equal' if same else 'DIFFERENT (delete it)'}")
        fold.advance(seconds=float("inf"))
        seconds = time.perf_counter() - started
        print(f"{store.seq} records in {seconds:.2f} s, {store.seq / max(seconds, 1e-9):.0f} a second; the chain holds")
        print(f"head  {store.head.hex()}\nstate {fold.mind.state_hash()}")
        return 1 if wrong else 0
    finally:
        store.close()


def restore(settings: Settings, given: Arguments) -> int:
    """Check the copy whole, keep the present record under another name, put the copy in its place."""
    target, source = wiring.record_path(settings), Path(given.file)
    if not source.is_file():
        raise SettingsError(f"{source} is not there", remedy="name a file made by POST /api/snapshot")
    if source.resolve() == target.resolve():
        raise SettingsError(f"{source} is the record itself", remedy="name a copy")
    if target.exists():
        _close_properly(target)
    draft = target.with_name(f"restoring-{os.getpid()}.sqlite3")
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        shutil.copyfile(source, draft)
        seq = _check(draft, source)
        _put_aside(target, "before")
        draft.replace(target)
        sync_folder(target.parent)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"{source} could not be restored: {error}", remedy="check the disk and the file") from error
    finally:
        for leftover in target.parent.glob(f"{draft.name}*"):
            leftover.unlink()
    shutil.rmtree(settings.data_dir / "saved", ignore_errors=True)
    print(f"restored {seq} records from {source}; the mind is rebuilt at the next start")
    return 0


def _check(draft: Path, source: Path) -> int:
    """Check a draft of ``source``, give it an epoch of its own, count its records; StoreCorrupt names the source."""
    try:
        store = Store(draft)
        try:
            seq = store.verify()
            store.begin_epoch()
        finally:
            store.close()
    except StoreCorrupt as error:
        told = error.detail.replace(str(draft), str(source))
        raise StoreCorrupt(told, remedy="name a whole copy; the present record was left as it is") from error
    return seq


def verify(settings: Settings, _: Arguments) -> int:
    """Check the record: pages, tables, write-ahead log, chain; and the saved minds. All faults are named."""
    path = wiring.present_record(settings)
    try:
        store = Store(path)
        try:
            count = store.verify()
            print(f"{count} records, {store.forgotten} of them deletions; the chain holds to {store.head.hex()}")
        finally:
            store.close()
    except StoreCorrupt as error:
        print(f"{path} is damaged")
        for fault in _faults(path) or [error.detail]:
            print(f"  {fault}")
        raise
    for about, folder in wiring.saved_minds(settings).find():
        print(f"saved mind at {about.seq}: whole ({folder.parent})")
    return 0


def repair(settings: Settings, _: Arguments) -> int:
    """Make the record anew from what is provably good of it; the damaged files are kept under another name."""
    path = wiring.present_record(settings)
    try:
        store = Store(path)
        try:
            print(f"nothing to repair: {store.verify()} records, the chain holds")
            return 0
        finally:
            store.close()
    except StoreCorrupt:
        pass
    draft = path.with_name(f"repairing-{os.getpid()}.sqlite3")
    try:
        with wreck(path, utc_now()) as found:
            store = Store(draft)
            try:
                kept = store.adopt(found.records(), found.genesis)
            finally:
                store.close()
            found.pages()
        _put_aside(path, "damaged")
        draft.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise StoreError(f"{path} could not be repaired: {error}", remedy="check the disk, then try again") from error
    finally:
        for leftover in path.parent.glob(f"{draft.name}*"):
            leftover.unlink()
    for fault in found.faults:
        print(f"  {fault}")
    print(f"{kept} records are whole again, {len(found.emptied)} of them without their text: {found.emptied}")
    print("the mind is rebuilt from them at the next start; who taught it is told by the cursor's new epoch")
    return 0


def _faults(path: Path) -> list[str]:
    with wreck(path, utc_now()) as found:
        for _ in found.records():
            pass
        found.pages()
    return found.faults


def _put_aside(path: Path, why: str) -> None:
    """Keep the record's files, write-ahead log included, under a name that says when and why."""
    if not path.exists():
        return
    stamp = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    kept = path.with_name(f"{path.stem}-{why}-{stamp}{path.suffix}")
    try:
        os.link(path, kept)  # so that a record stands here at every instant
    except OSError:
        shutil.copyfile(path, kept)
    log = path.with_name(path.name + "-wal")
    if log.exists():
        log.rename(kept.with_name(kept.name + "-wal"))
    print(f"the record so far is kept in {kept}")


def _close_properly(path: Path) -> None:
    """Have the record's write-ahead log emptied, so that one file holds all of it. Locked: StoreLocked."""
    with contextlib.suppress(StoreCorrupt):
        Store(path).close()
