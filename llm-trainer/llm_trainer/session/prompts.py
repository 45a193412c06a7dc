"""From a session's state to the messages that a language model gets.

The model plays a person who talks; it learns nothing here about who listens, where, or why.
"""

from __future__ import annotations

from collections.abc import Sequence

from llm_trainer.session.dialogue import Message, Speaker, Turn
from llm_trainer.session.strategies import instruction

HISTORY_TURNS = 12
TURN_CHARACTERS = 600
SILENCE = Message("user", "")
"""Models want the other side to begin: it begins by saying nothing."""
_PERSONA = "You are a warm, patient person talking with someone who is just learning to speak English."
_LEVELS = (
    "Use very short sentences of two to five common words.",
    "Use short sentences of at most seven common words.",
    "Use one or two simple sentences.",
    "Use one or two natural sentences.",
    "Talk naturally, in at most three sentences.",
)
_FORM = "Speak plainly: only the words you would say aloud. No lists, no headings, no emoji, no stage directions."
_NUDGE = "Your last answer could not be used ({why}). Answer again: only one or two plain spoken sentences."


def messages(
    turns: Sequence[Turn],
    *,
    topic: str | None,
    level: int,
    strategy: str,
    conversation: int,
    rejected: str | None = None,
) -> tuple[Message, ...]:
    """System prompt, a silence, and the recent turns; ``turns`` are those of the current conversation, oldest first."""
    parts = [_PERSONA]
    if topic is not None:
        parts.append(f"You talk about {topic}.")
    parts += [instruction(strategy, conversation), _LEVELS[level], _FORM]
    if not turns:
        parts.append("You speak first.")
    if rejected is not None:
        parts.append(_NUDGE.format(why=rejected))
    return (Message("system", " ".join(parts)), SILENCE, *(_message(turn) for turn in turns[-HISTORY_TURNS:]))


def _message(turn: Turn) -> Message:
    role = "assistant" if turn.speaker is Speaker.TEACHER else "user"
    return Message(role, turn.text[:TURN_CHARACTERS])
