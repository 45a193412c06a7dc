"""Copies of the whole mind: one file that ``cerebrum restore`` takes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fastapi.responses import Response, StreamingResponse

from cerebrum.accounts import Cursor
from cerebrum.errors import StoreError
from cerebrum.learner import Learner

SQLITE = "application/vnd.sqlite3"


@dataclass(frozen=True, slots=True)
class Copy:
    """A finished copy."""

    path: Path
    sha256: str
    cursor: Cursor

    def document(self) -> dict[str, Any]:
        """``SnapshotOut``."""
        size = self.path.stat().st_size
        return {"file": str(self.path), "bytes": size, "sha256": self.sha256, "cursor": asdict(self.cursor)}

    def response(self) -> Response:
        """The file itself."""
        headers = {"Content-Disposition": f'attachment; filename="{self.path.name}"'}
        return StreamingResponse(self._chunks(), headers=headers, media_type=SQLITE)

    def _chunks(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            while chunk := file.read(1 << 20):
                yield chunk


def make_copy(learner: Learner, folder: Path) -> Copy:
    """Write the copy below ``folder``, synced and then named by where the record ends; StoreError if it cannot be."""
    seq, head = learner.store.seq, learner.store.head.hex()
    target, draft = folder / f"mind-{seq}-{head[:12]}.sqlite3", folder / f"draft-{os.getpid()}.sqlite3"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft.unlink(missing_ok=True)
        cursor = learner.copy_to(draft)
        digest = hashlib.sha256()
        with draft.open("r+b") as file:
            os.fsync(file.fileno())
            while chunk := file.read(1 << 20):
                digest.update(chunk)
        draft.chmod(0o600)
        draft.replace(target)
    except OSError as error:
        raise StoreError(f"the copy could not be written to {folder}: {error}", remedy="free some space") from error
    finally:
        draft.unlink(missing_ok=True)
    return Copy(target.resolve(), digest.hexdigest(), cursor)
