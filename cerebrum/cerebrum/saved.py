"""Saved minds that shorten a start. Derived state: deleting them all changes nothing but the time a start takes.

A snapshot is a folder ``<seq>`` with the mind's own files and ``about.json``: which record it is the fold of, by which
program, and the hash of each file. It is written beside, synced, renamed into place; the newest two are kept; one that
does not fit exactly is passed over for the older.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from cerebrum.mind import Mind

KEPT = 2
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class About:
    """Of which record a saved mind is the fold: up to ``seq`` with ``head``; ``maker`` tells program and parameters."""

    seq: int
    head: str
    maker: str
    observations: int
    state_hash: str


class SavedMinds:
    """The saved minds below ``folder`` that were made by ``maker``."""

    def __init__(self, folder: Path, maker: str) -> None:
        self.folder, self.maker = folder, maker

    def save(self, mind: Mind, seq: int, head: bytes, observations: int) -> About:
        """Save ``mind`` for good; OSError if the disk does not take it."""
        about = About(seq, head.hex(), self.maker, observations, mind.state_hash())
        target, draft = self.folder / f"{seq:012d}", self.folder / f"draft-{os.getpid()}"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True, mode=0o700)
        try:
            mind.save(draft / "mind")
            files = {name: _hash(draft / name) for name in _files(draft)}
            (draft / "about.json").write_text(json.dumps(asdict(about) | {"files": files}, indent=1), "utf-8")
            for name in (*files, "about.json"):
                _sync(draft / name)
            _sync(draft)
            shutil.rmtree(target, ignore_errors=True)
            draft.rename(target)
            _sync(self.folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        for old in self._newest_first()[KEPT:]:
            shutil.rmtree(old, ignore_errors=True)
        return about

    def find(self) -> Iterator[tuple[About, Path]]:
        """Snapshots that are whole and made by this maker, newest first, and the path to load each mind from."""
        for folder in self._newest_first():
            try:
                document = json.loads((folder / "about.json").read_text("utf-8"))
                files = document.pop("files")
                about = About(**document)
                if about.maker != self.maker:
                    log.info("snapshot passed over seq=%s reason=another-maker", folder.name)
                    continue
                if files != {name: _hash(folder / name) for name in _files(folder)}:
                    raise ValueError("its files are not those that were saved")
            except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
                log.warning("snapshot passed over seq=%s reason=%s", folder.name, error)
                continue
            yield about, folder / "mind"

    def drop_from(self, seq: int) -> None:
        """Delete the snapshots that may hold observation ``seq``."""
        for folder in self._newest_first():
            if int(folder.name) >= seq:
                shutil.rmtree(folder)

    def _newest_first(self) -> list[Path]:
        if not self.folder.is_dir():
            return []
        return sorted((path for path in self.folder.iterdir() if path.name.isdigit()), reverse=True)


def maker_of(**parameters: object) -> str:
    """Name the program that folds records into minds, by the hash of its source, and its parameters."""
    package = Path(__file__).resolve().parent
    source = hashlib.sha256()
    for path in sorted([*package.glob("*.py"), *package.glob("models/*.py")]):
        source.update(path.name.encode() + path.read_bytes())
    return f"{source.hexdigest()[:16]} {json.dumps(parameters, sort_keys=True)}"


def _files(folder: Path) -> list[str]:
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in names if name != "about.json")


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _sync(path: Path) -> None:
    """Bring a file or folder to the disk (Windows cannot sync folders)."""
    if path.is_dir():
        with contextlib.suppress(OSError):
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
    else:
        with path.open("r+b") as file:
            os.fsync(file.fileno())
