"""What fits into a model's context: the instructions and the last turn always, of the rest as much as there is room.

An engine that gets more than fits cuts silently, from the front, and the front is where the instructions stand. So
nothing is ever sent that might not fit. Only the engine knows its tokens, so they are estimated from above.
"""

from __future__ import annotations

from dataclasses import replace

from llm_trainer.errors import UtteranceError
from llm_trainer.llm_server.backends.base import ChatRequest, Message

TOKENS_PER_TURN = 8  # role marks and separators of the chat template
TOKENS_OF_FRAME = 16


def tokens(text: str) -> int:
    """An upper estimate: one token for three ASCII characters, and one for each byte of anything else.

    English takes about one token for four characters in today's vocabularies; a byte-level vocabulary can never need
    more tokens than the text has bytes.
    """
    plain = sum(character.isascii() for character in text)
    other = len(text.encode("utf-8", "replace")) - plain
    return -(-plain // 3) + other


def fit(request: ChatRequest, context_tokens: int, answer_tokens: int) -> ChatRequest:
    """Drop the oldest turns until the rest fits beside an answer of ``answer_tokens``.

    Raises UtteranceError when the instructions and the last turn alone do not fit.
    """
    room = context_tokens - answer_tokens - TOKENS_OF_FRAME - _cost(request.system)
    kept: list[Message] = []
    for message in reversed(request.messages):
        room -= _cost(message.text)
        if room < 0:
            break
        kept.append(message)
    if room < 0 and not kept:
        needed = context_tokens - room
        raise UtteranceError(
            f"instructions, last turn and answer need about {needed} tokens, the model reads {context_tokens}",
            remedy="shorten the message or the system prompt, or ask for fewer max_tokens",
        )
    return replace(request, messages=tuple(reversed(kept)))


def _cost(text: str) -> int:
    return tokens(text) + TOKENS_PER_TURN
