"""Ways to teach, each an instruction to the speaker."""

from __future__ import annotations

STRATEGIES: dict[str, str] = {
    "talk": "Chat about the topic. Say something of your own, and ask a simple question now and then.",
    "recast": "Take up what your partner just said, say it again in good English, and add one new thing.",
    "demonstrate": "Do not ask questions. Show the language: describe one thing about the topic after another.",
    "quiz": "Ask one short question about the topic. If your partner misses it, give the answer and go on.",
    "story": "Tell a story about the topic, one small step in each turn.",
}
MIXED = "mixed"
NAMES: tuple[str, ...] = (*STRATEGIES, MIXED)


def instruction(strategy: str, conversation: int) -> str:
    """What the speaker is told; ``mixed`` changes the way with each conversation."""
    if strategy == MIXED:
        strategy = tuple(STRATEGIES)[conversation % len(STRATEGIES)]
    return STRATEGIES[strategy]
