"""Learners to try the tutor with, and what they and the tutor said."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache

from llm_trainer.llm_server.backends.base import Message
from llm_trainer.llm_server.backends.tutor import Tutor, TutorData

Learner = Callable[[list[str], random.Random], str]
WORDS = ("a", "big", "cat", "cow", "dog", "eat", "i", "is", "like", "milk", "no", "run", "say", "the", "what", "where")
LEARNERS: dict[str, Learner] = {
    "echoing": lambda said, chance: said[-1],
    "silent": lambda said, chance: "",
    "random": lambda said, chance: " ".join(chance.choice(WORDS) for _ in range(chance.randint(1, 6))),
    "remembering": lambda said, chance: said[-chance.randint(1, min(40, len(said)))],
}


@cache
def data() -> TutorData:
    return TutorData.load()


@cache
def tutor(seed: int = 1) -> Tutor:
    return Tutor(seed, data())


def converse(turns: int, learner: Learner, seed: int = 1, level: int | None = None) -> list[str]:
    """What the tutor says in a session that begins a new conversation on another topic every ten turns."""
    chance, speaker = random.Random(seed), tutor(seed)
    history: list[Message] = []
    said: list[str] = []
    names = speaker.topics()
    for turn in range(turns):
        topic = names[turn // 10 % len(names)]
        said.append(speaker.speak(history, topic, level, turn=turn))
        longer = [*history[-3:], Message("assistant", said[-1]), Message("user", learner(said, chance))]
        history = [] if turn % 10 == 9 else longer
    return said
