"""What fits into a model's context: the instructions and the last turn always, of the rest as much as there is room.

An engine that gets more than fits cuts silently, from the front, and the front is where the instructions stand. So
nothing is ever sent that might not fit. Only the engine knows its tokens, so they are estimated from above, and the
estimate is held against what the engine says that it read: a vocabulary that needs more makes the next ones larger.
"""

from __future__ import annotations

from dataclasses import replace
from math import ceil

from llm_trainer.errors import UtteranceError
from llm_trainer.llm_server.backends.base import ChatRequest, Message

TOKENS_PER_TURN = 8  # role marks and separators of the chat template
TOKENS_OF_FRAME = 16
MOST_CHARACTERS_PER_TOKEN = 8  # over a whole conversation no vocabulary does better; fewer tokens read: some were cut
ANSWER_TOKENS = 256
MARGIN = 1.05
STEP = 1.5
MOST_RATIO = 4.0


def tokens(text: str) -> int:
    """An upper estimate: one token for three ASCII characters, and one for each byte of anything else.

    English takes about one token for four characters in today's vocabularies; a byte-level vocabulary can never need
    more tokens than the text has bytes.
    """
    plain = sum(character.isascii() for character in text)
    other = len(text.encode("utf-8", "replace")) - plain
    return -(-plain // 3) + other


class Budget:
    """Fits requests into ``context_tokens`` and learns from what the engine counted. One per model."""

    def __init__(self, context_tokens: int) -> None:
        self.context_tokens = context_tokens
        self.ratio = 1.0  # the most that the engine ever counted for one token of the estimate
        self.warning = ""

    @property
    def answer_tokens(self) -> int:
        """How long an answer may be where the caller does not say."""
        return min(ANSWER_TOKENS, self.context_tokens // 4)

    def fit(self, request: ChatRequest, answer_tokens: int) -> ChatRequest:
        """Drop the oldest turns until the rest fits beside an answer of ``answer_tokens``.

        Raises UtteranceError when the instructions and the last turn alone do not fit.
        """
        room = self.context_tokens - answer_tokens - TOKENS_OF_FRAME - self._cost(request.system)
        kept: list[Message] = []
        for message in reversed(request.messages):
            room -= self._cost(message.text)
            if room < 0:
                break
            kept.append(message)
        if room < 0 and not kept:
            needed = self.context_tokens - room
            raise UtteranceError(
                f"instructions, last turn and answer need about {needed} tokens, the model reads {self.context_tokens}",
                remedy="shorten the message or the system prompt, or ask for fewer max_tokens",
            )
        return replace(request, messages=tuple(reversed(kept)))

    def compare(self, sent: ChatRequest, answer_tokens: int, read_tokens: int) -> str:
        """Hold the estimate for ``sent`` against the ``read_tokens`` that the engine counted.

        Sets ``warning`` and returns it when it is new, else nothing. A prompt of which part was left out shows in two
        ways: it fills the context to the brim, or the engine counted fewer tokens than the text can possibly have.
        """
        if read_tokens <= 0:
            return ""  # the engine does not tell
        before, estimate = self.warning, _estimate(sent)
        self.ratio = max(self.ratio, MARGIN * read_tokens / estimate if read_tokens > estimate else 1.0)
        if read_tokens + answer_tokens > self.context_tokens:
            self.ratio = min(self.ratio * STEP, MOST_RATIO)  # what was cut off was not counted
        self.warning = self._warning(sent, answer_tokens, read_tokens)
        return "" if before else self.warning

    def _warning(self, sent: ChatRequest, answer_tokens: int, read_tokens: int) -> str:
        least = sum(map(len, _texts(sent))) // MOST_CHARACTERS_PER_TOKEN
        if read_tokens + answer_tokens > self.context_tokens:
            return (
                f"the engine read {read_tokens} tokens (estimated: {_estimate(sent)}), which leaves less than the "
                f"{answer_tokens} of an answer in its context of {self.context_tokens}: it may have cut the "
                "conversation; from now on less of the past is sent"
            )
        if read_tokens < least:
            return (
                f"the engine read {read_tokens} tokens of a prompt that has at least {least}: it cut the "
                f"conversation; does it really run with a context of {self.context_tokens} tokens?"
            )
        return ""

    def overflowed(self, sent: ChatRequest, counted_tokens: int = 0, context_tokens: int = 0) -> None:
        """The engine refused ``sent``: it counted more tokens than it reads (0 where it did not say how many).

        A model may have been made for a smaller context than it was asked to run with; then the engine's word holds.
        """
        if 0 < context_tokens < self.context_tokens:
            self.context_tokens = context_tokens
            self.warning = f"the model reads {context_tokens} tokens, fewer than context_tokens asks for"
        grown = MARGIN * counted_tokens / _estimate(sent) if counted_tokens else self.ratio * STEP
        self.ratio = min(max(self.ratio * MARGIN, grown), MOST_RATIO)

    def _cost(self, text: str) -> int:
        return ceil(_tokens_of_turn(text) * self.ratio)


def _texts(request: ChatRequest) -> list[str]:
    return [request.system, *(message.text for message in request.messages)]


def _estimate(request: ChatRequest) -> int:
    return TOKENS_OF_FRAME + sum(map(_tokens_of_turn, _texts(request)))


def _tokens_of_turn(text: str) -> int:
    return tokens(text) + TOKENS_PER_TURN
