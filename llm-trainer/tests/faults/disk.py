"""A disk in memory whose power fails at any operation, and which runs full or breaks at the n-th call.

SQLite writes to it through a VFS of its own. Nothing is on it for good before it was synced: what was not may be lost
at a crash, sector by sector and in any order.

The same file serves the tests of both programs; a test at the root of the repository compares the copies.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import apsw

SYNC_FAILED = 1034  # SQLITE_IOERR_FSYNC
_JOURNALS = apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_SUPER_JOURNAL
_numbers = itertools.count()

Fault = Callable[[str, int], Exception | None]
"""Asked before each call with its name and how many of that name there were; gives the error it is to end with."""


@dataclass(frozen=True)
class Done:
    """One operation: ``mark`` is what the program was told to be safe, everything else what SQLite did."""

    what: str
    inode: int = 0
    offset: int = 0
    data: bytes = b""
    name: str = ""
    folder: bool = False
    mark: object = None


@dataclass
class Disk:
    """Files by name. ``room`` is how many bytes may be added before it is full; ``fault`` breaks single calls."""

    room: int | None = None
    fault: Fault | None = None
    log: list[Done] = field(default_factory=list)
    files: dict[str, Inode] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    hits: int = 0

    def __post_init__(self) -> None:
        self.name = f"disk-{next(_numbers)}"
        self._vfs = _Vfs(self)

    def connect(self, path: Path | str) -> apsw.Connection:
        """Open a database on this disk."""
        return apsw.Connection(str(path), vfs=self.name)

    def unplug(self) -> None:
        """Take the disk out of SQLite's list."""
        self._vfs.unregister()

    def mark(self, what: object) -> None:
        """Note in the log that the program was told this to be safe."""
        self.log.append(Done("mark", mark=what))

    def call(self, name: str) -> None:
        """Count a call and let it fail if it is its turn."""
        self.calls[name] += 1
        error = self.fault(name, self.calls[name]) if self.fault else None
        if error is not None:
            self.hits += 1
            raise error

    def take_room(self, size: int) -> None:
        if self.room is not None and size > 0:
            if size > self.room:
                self.hits += 1
                raise apsw.exception_for(apsw.SQLITE_FULL)
            self.room -= size

    def write_to(self, folder: Path) -> None:
        """Put the files as they are now into a real folder."""
        lay_out({name: bytes(inode.content) for name, inode in self.files.items()}, folder)


class Inode:
    """A file's bytes, whatever its name."""

    def __init__(self) -> None:
        self.number, self.content = next(_numbers), bytearray()


class _Vfs(apsw.VFS):
    def __init__(self, disk: Disk) -> None:
        super().__init__(disk.name, "")
        self._disk = disk

    def xOpen(self, name, flags):  # noqa: N802
        path = "" if name is None else name if isinstance(name, str) else name.filename()
        self._disk.call("xOpen")
        flags[1] = flags[0]
        inode = self._disk.files.get(path)
        if inode is None:
            if path and not flags[0] & apsw.SQLITE_OPEN_CREATE:
                raise apsw.exception_for(apsw.SQLITE_CANTOPEN)
            inode = Inode()
            if path:
                self._disk.files[path] = inode
                self._disk.log.append(Done("create", inode.number, name=path))
        return _File(self._disk, inode, syncs_folder=bool(flags[0] & _JOURNALS), is_temporary=not path)

    def xDelete(self, path, sync_folder):  # noqa: N802
        self._disk.call("xDelete")
        if self._disk.files.pop(path, None) is None:
            raise apsw.exception_for(apsw.SQLITE_IOERR_DELETE_NOENT)
        self._disk.log.append(Done("delete", name=path, folder=bool(sync_folder)))

    def xAccess(self, path, _):  # noqa: N802
        return path in self._disk.files

    def xFullPathname(self, name):  # noqa: N802
        return str(Path(name).absolute())


class _File:
    def __init__(self, disk: Disk, inode: Inode, *, syncs_folder: bool, is_temporary: bool) -> None:
        self._disk, self._inode, self._temporary = disk, inode, is_temporary
        self._syncs_folder = syncs_folder

    def _did(self, what: str, **more) -> None:
        if not self._temporary:
            self._disk.log.append(Done(what, self._inode.number, **more))

    def xRead(self, amount, offset):  # noqa: N802
        self._disk.call("xRead")
        return bytes(self._inode.content[offset : offset + amount])

    def xWrite(self, data, offset):  # noqa: N802
        content = self._inode.content
        try:
            self._disk.call("xWrite")
            self._disk.take_room(offset + len(data) - len(content))
        except apsw.Error:
            half = bytes(data[: len(data) // 2])  # what a short write leaves behind
            _put(content, offset, half)
            self._did("write", offset=offset, data=half)
            raise
        _put(content, offset, data)
        self._did("write", offset=offset, data=bytes(data))

    def xTruncate(self, size):  # noqa: N802
        self._disk.call("xTruncate")
        if self._disk.room is not None:
            self._disk.room += max(0, len(self._inode.content) - size)
        _resize(self._inode.content, size)
        self._did("truncate", offset=size)

    def xSync(self, _):  # noqa: N802
        self._disk.call("xSync")
        self._did("sync", folder=self._syncs_folder)
        self._syncs_folder = False

    def xFileSize(self):  # noqa: N802
        return len(self._inode.content)

    def xDeviceCharacteristics(self):  # noqa: N802
        return apsw.SQLITE_IOCAP_POWERSAFE_OVERWRITE  # as SQLite takes disks to be

    def xSectorSize(self):  # noqa: N802
        return 4096

    def xLock(self, _):  # noqa: N802
        pass

    def xUnlock(self, _):  # noqa: N802
        pass

    def xCheckReservedLock(self):  # noqa: N802
        return False

    def xFileControl(self, *_):  # noqa: N802
        return False

    def xClose(self):  # noqa: N802
        pass


def _put(content: bytearray, offset: int, data: bytes) -> None:
    if offset > len(content):
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


def _resize(content: bytearray, size: int) -> None:
    del content[size:]
    content.extend(bytes(size - len(content)))


# ---------------------------------------------------------------- crashes


def after_a_crash(
    log: list[Done], at: int, chance: random.Random, survival: float, sector: int
) -> tuple[dict[str, bytes], list[object]]:
    """The files that a power failure before operation ``at`` leaves, and all marks made before it.

    Each sector of each write that was not synced survives with probability ``survival``, so do a change of size, a
    name given and a name taken away.
    """
    durable: dict[int, bytearray] = {}
    pending: dict[int, list[Done]] = {}
    names: dict[str, int] = {}
    pending_names: list[Done] = []
    marks = []
    for done in log[:at]:
        if done.what == "mark":
            marks.append(done.mark)
        elif done.what in ("create", "delete"):
            pending_names.append(done)
        elif done.what in ("write", "truncate"):
            pending.setdefault(done.inode, []).append(done)
        elif done.what == "sync":
            for each in pending.pop(done.inode, ()):
                _apply(durable.setdefault(done.inode, bytearray()), each)
        if done.folder:
            _rename(names, pending_names)
            pending_names = []
    _rename(names, [done for done in pending_names if chance.random() < survival])
    for inode, ops in pending.items():
        for done in ops:
            for piece in _pieces(done, sector):
                if chance.random() < survival:
                    _apply(durable.setdefault(inode, bytearray()), piece)
    return {name: bytes(durable.get(inode, b"")) for name, inode in names.items()}, marks


def _pieces(done: Done, sector: int) -> Iterator[Done]:
    if done.what == "truncate":
        yield done
        return
    place, end = done.offset, done.offset + len(done.data)
    while place < end:
        following = min(end, (place // sector + 1) * sector)
        yield Done("write", done.inode, place, done.data[place - done.offset : following - done.offset])
        place = following


def _apply(content: bytearray, done: Done) -> None:
    if done.what == "truncate":
        _resize(content, done.offset)
    else:
        _put(content, done.offset, done.data)


def _rename(names: dict[str, int], changes: list[Done]) -> None:
    for done in changes:
        if done.what == "create":
            names[done.name] = done.inode
        else:
            names.pop(done.name, None)


def lay_out(files: dict[str, bytes], folder: Path) -> None:
    """Put files into a real folder, by the last part of their names, and nothing else."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for name, content in files.items():
        (folder / Path(name).name).write_bytes(content)
