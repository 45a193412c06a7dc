"""What a write-ahead log holds, and whether SQLite took all of it.

SQLite ends a log silently at the first frame whose checksum does not fit: that is right after a power failure, which
can tear the last transaction (each is synced before the next begins), and wrong after damage, which loses what was
confirmed. Two whole transactions behind the end that SQLite found are therefore no accident.

A flip in the very last transaction looks like a torn one; only a caller that remembers its answer can tell.
https://www.sqlite.org/fileformat2.html#the_write_ahead_log
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

HEADER, FRAME_HEADER = 32, 24
Sums = tuple[int, int]
_MAGIC = {0x377F0682: "<", 0x377F0683: ">"}


@dataclass(frozen=True, slots=True)
class Log:
    """``taken`` frames are read by SQLite; behind them, ``behind`` whole transactions seem to have been written."""

    taken: int
    behind: int
    is_whole: bool = True

    @property
    def fault(self) -> str:
        """What no power failure explains, or nothing."""
        if not self.is_whole:
            return "its header was changed"
        return f"{self.behind} transactions behind frame {self.taken} are lost" if self.behind > 1 else ""


def look(path: Path) -> Log:
    """Read a log, which nobody has open; one that is not there or empty takes and loses nothing. OSError."""
    if not path.exists():
        return Log(0, 0)
    with path.open("rb") as file:
        header = file.read(HEADER)
        if len(header) < HEADER or not any(header):
            return Log(0, 0)
        order = _MAGIC.get(struct.unpack(">I", header[:4])[0], "")
        if not order or (sums := _summed(order, header[:24], (0, 0))) != struct.unpack(">2I", header[24:]):
            return Log(0, 0, is_whole=False)
        [page_size] = struct.unpack(">I", header[8:12])
        return _frames(file, order, header[16:24], FRAME_HEADER + (65536 if page_size == 1 else page_size), sums)


def _frames(file: BinaryIO, order: str, salts: bytes, size: int, sums: Sums) -> Log:
    number = taken = behind = 0
    is_read = True
    while len(frame := file.read(size)) == size:
        number += 1
        is_read = is_read and frame[8:16] == salts
        if is_read:
            sums = _summed(order, frame[FRAME_HEADER:], _summed(order, frame[:8], sums))
            is_read = sums == struct.unpack(">2I", frame[16:24])
        if frame[8:16] == salts and any(frame[4:8]):  # it ends a transaction
            taken, behind = (number, behind) if is_read else (taken, behind + 1)
    return Log(taken, behind)


def _summed(order: str, content: bytes, sums: Sums) -> Sums:
    first, second = sums
    words = struct.unpack(f"{order}{len(content) // 4}I", content)
    for one, other in zip(words[::2], words[1::2], strict=True):
        first = (first + one + second) & 0xFFFFFFFF
        second = (second + other + first) & 0xFFFFFFFF
    return first, second
