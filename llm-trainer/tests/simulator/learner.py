"""A learner in memory, spoken to by HTTP bodies: idempotent or not, with a cursor or not, and able to be set back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Answer = tuple[int, Any]
"""Status and JSON body."""


@dataclass(frozen=True)
class Observed:
    """One thing heard."""

    key: str
    text: str


@dataclass
class SimulatedLearner:
    """``heard`` is what it knows, ``effects`` how often each key ever changed it, counting what was forgotten."""

    capabilities: tuple[str, ...]
    heard: list[Observed] = field(default_factory=list)
    effects: dict[str, int] = field(default_factory=dict)
    epoch: int = 1
    lives: int = 0
    backup: tuple[Observed, ...] = ()

    @property
    def is_idempotent(self) -> bool:
        return "idempotency" in self.capabilities

    @property
    def has_cursor(self) -> bool:
        return "cursor" in self.capabilities

    @property
    def is_restorable(self) -> bool:
        """Whether it can be set back so that anybody could notice; one that knows nothing is a new one."""
        return self.has_cursor and bool(self.backup)

    def restore(self, new_epoch: bool) -> None:
        """Go back to the backup."""
        self.heard = list(self.backup)
        self.epoch += new_epoch
        for key in self.effects:
            self.effects[key] = sum(observed.key == key for observed in self.heard)

    def head(self) -> str:
        """A hash over all that it knows."""
        whole = "\n".join(f"{observed.key} {observed.text}" for observed in self.heard)
        return hashlib.sha256(whole.encode()).hexdigest()

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: Any) -> Answer:
        """Answer one request, and learn if it teaches."""
        if path == "/api/status":
            return 200, self._status()
        if path.startswith("/api/exchanges/"):
            return self._known(path.removeprefix("/api/exchanges/"))
        return self._hear(headers["Idempotency-Key"], body["message"])

    def _status(self) -> dict[str, Any]:
        status: dict[str, Any] = {"status": "ok", "stage": "words", "capabilities": list(self.capabilities)}
        if self.has_cursor:
            status["cursor"] = {"epoch": f"epoch {self.epoch}", "seq": len(self.heard), "head": self.head()}
        return status

    def _known(self, key: str) -> Answer:
        for seq, observed in enumerate(self.heard, 1):
            if observed.key == key:
                return 200, self._said(seq, observed)
        return 404, {"code": "not-found"}

    def _hear(self, key: str, text: str) -> Answer:
        if self.is_idempotent:
            for seq, observed in enumerate(self.heard, 1):
                if observed.key == key:
                    return (200, self._said(seq, observed)) if observed.text == text else (422, {"detail": "reused"})
        observed = Observed(key, text)
        self.heard.append(observed)
        self.effects[key] = self.effects.get(key, 0) + 1
        return 200, self._said(len(self.heard), observed)

    def _said(self, seq: int, observed: Observed) -> dict[str, Any]:
        said: dict[str, Any] = {"response": f"{observed.text.split()[-1]} yes", "stage": "words"}
        return said | ({"exchange": seq} if self.has_cursor else {})
