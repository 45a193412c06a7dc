"""What teacher and learner say in the stand-in's sessions: the same for every run."""

from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone
from typing import Any

TOPICS = ("animals", "the weather", "food", "the sea", "music", "a walk in the woods")
NOUNS = {
    "animals": ("dog", "cat", "horse", "owl"),
    "the weather": ("rain", "wind", "cloud", "storm"),
    "food": ("apple", "bread", "soup", "cheese"),
    "the sea": ("boat", "wave", "fish", "shell"),
    "music": ("song", "drum", "flute", "dance"),
    "a walk in the woods": ("tree", "path", "leaf", "stone"),
}
FRAMES = (
    "The {n} is {a}.",
    "Do you like the {n}?",
    "I saw a {a} {n} this morning.",
    "A {n} can be very {a}.",
    "What does the {n} do?",
    "Look, there is a {n}! It is {a}.",
    "My {n} was {a} yesterday, and today it is not.",
)
ADJECTIVES = ("small", "loud", "soft", "old", "warm", "quick", "quiet", "bright")
START = datetime(2026, 3, 2, 14, 0, tzinfo=timezone.utc)


def scripted(number: int, interval: int = 10, seed: int = 7) -> dict[str, Any]:
    """Exchange ``number`` of the script: a log entry as the middleware gives it."""
    chance = random.Random(seed * 1_000_003 + number)
    topic = TOPICS[(number - 1) // interval % len(TOPICS)]
    noun, adjective = chance.choice(NOUNS[topic]), chance.choice(ADJECTIVES)
    said = chance.choice(FRAMES).format(n=noun, a=adjective)
    return {
        "number": number,
        "timestamp": (START + timedelta(seconds=2 * number)).isoformat(),
        "topic": topic,
        "llm_to_cerebrum": said,
        "cerebrum_response": _reply(chance, number, said, noun, adjective),
        "status": "taught",
        "stage": "words" if number < 120 else "phrases",
        "learner_seq": number + 40,
        "learner_ms": round(chance.uniform(2, 9), 2),
        "extra": {"why": {"kind": "synthesis"}},
    }


def _reply(chance: random.Random, number: int, said: str, noun: str, adjective: str) -> str:
    if chance.random() < max(0.02, 0.6 - number / 100):
        return ""
    if chance.random() < max(0.06, 0.7 - number / 300):
        return noun
    frames = (f"the {noun} {adjective}", f"I like the {noun}.", f"It is {adjective} like a {noun}.", said)
    return frames[min(3, int(chance.random() * min(4, 1 + number / 60)))]
