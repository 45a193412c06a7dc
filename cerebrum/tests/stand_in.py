"""A mind that is quick and easy to see through: it says again what it heard last."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from cerebrum.dialogue import Observation, Reply, Source
from cerebrum.mind import Pattern, Surprise, TokenBits, Word


class Parrot:
    """Keeps what it hears in order. ``bent`` is what a forgotten one leaves behind until the mind is rebuilt."""

    def __init__(self) -> None:
        self.heard: list[tuple[int, str, str]] = []
        self.bent = 0

    @property
    def stage(self) -> str:
        return "words" if self.heard else "listening"

    def respond(self, heard: str, conversation: str = "") -> Reply:
        if not self.heard:
            return Reply("", kind="silence")
        seq, text, _ = self.heard[-1]
        return Reply(text, "recall", 0.5, (Source(0, 1, seq, text),), {"last": 1.0})

    def learn(self, observation: Observation) -> Surprise:
        if observation.heard == "unlearnable":
            raise ValueError("this cannot be learned")
        self.heard.append((observation.seq, observation.heard, observation.conversation))
        self.bent += len(observation.heard)
        return Surprise(1.0, len(observation.heard))

    def forget(self, seq: int) -> None:
        self.heard = [turn for turn in self.heard if turn[0] != seq]

    def score(self, text: str, context: object = ()) -> list[TokenBits]:
        return [TokenBits(text, float(len(text)))]

    def measurements(self) -> dict[str, float | int]:
        return {"vocabulary": len({text for _, text, _ in self.heard}), "order_gain": float("nan")}

    def vocabulary(self, query: str = "", limit: int = 100) -> list[Word]:
        return [Word(text, 1, seq) for seq, text, _ in self.heard if query in text][:limit]

    def patterns(self, limit: int = 100) -> list[Pattern]:
        return [Pattern(text, 1) for _, text, _ in self.heard][:limit]

    def state_hash(self) -> str:
        state = [[(text, where) for _, text, where in self.heard], self.bent]
        return hashlib.sha256(json.dumps(state).encode()).hexdigest()

    def save(self, path: Path) -> None:
        path.write_text(json.dumps([self.heard, self.bent]))

    @classmethod
    def load(cls, path: Path) -> Parrot:
        mind = cls()
        heard, mind.bent = json.loads(path.read_text())
        mind.heard = [(seq, text, where) for seq, text, where in heard]
        return mind
