"""What every language model here can do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cerebrum.models.state import State

Tokens = Sequence[str]
"""One turn: its tokens, which joined give its text. No token is empty."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a turn cost before it was learned, in bits; each list has one entry a token and one for the turn's end.

    ``order_1`` and ``order_5`` are the costs under word models that look at nothing and at four words before.
    """

    bits: tuple[float, ...]
    order_1: tuple[float, ...]
    order_5: tuple[float, ...]


class LanguageModel(Protocol):
    """A proper distribution over turns that learns one turn at a time."""

    def measure(self, tokens: Tokens, context: Sequence[Tokens] | None = None) -> list[float]:
        """Bits of each token and of the end, after the turns in ``context`` (None: after what was learned last).

        Changes nothing.
        """
        ...

    def learn(self, tokens: Tokens) -> Measured:
        """Measure each token, then learn it. Turns are numbered from 0 in the order of these calls."""
        ...

    def forget(self, turn: int) -> None:
        """Take the ``turn``-th learned turn out of all counts."""
        ...

    def state(self) -> State:
        """Everything that can influence later behaviour."""
        ...

    def restore(self, state: State) -> None:
        """Take over what ``state`` gave, in place of what was learned here."""
        ...
