"""An LLM server in memory that never says the same twice: a text made again would be seen."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from .learner import Answer

SUBJECTS = ("My cat", "Our dog", "The bird", "A small boat", "The old tree", "Her brother", "This train", "The garden")
DOINGS = ("sleeps near the", "looks at the", "likes the", "goes to the", "comes from the", "waits by the")
PLACES = ("house", "river", "kitchen", "window", "market", "forest", "school", "beach", "bridge", "door")
USELESS = ("", "{}", "I'm sorry, but as an AI language model I cannot do that.", "<think>what now")


@dataclass
class SimulatedTeacher:
    """``useless`` is the share of texts that no learner may hear."""

    chance: random.Random
    useless: float
    topics: tuple[str, ...]
    asked: int = 0

    def answer(self, method: str, path: str) -> Answer:
        """Answer one request."""
        if path == "/api/topics":
            return 200, {"topics": list(self.topics)}
        if path == "/api/status":
            backend = "stand-in" if self.topics else "recorded"
            return 200, {"backend": backend, "model": "simulated", "ready": True, "state": "ready"}
        return 200, self._speak()

    def _speak(self) -> dict[str, Any]:
        self.asked += 1
        text = f"{self._one(SUBJECTS)} {self._one(DOINGS)} {self._one(PLACES)}, number {self.asked}."
        if self.chance.random() < self.useless:
            text = self._one(USELESS)
        return {"response": text, "model": "simulated", "tokens_used": 9, "finish_reason": "stop"}

    def _one(self, choices: tuple[str, ...]) -> str:
        return choices[int(self.chance.random() * len(choices))]
