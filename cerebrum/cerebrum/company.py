"""Words that stand in like company are alike before any answer was learned.

Random indexing (Kanerva, Kristoferson & Holst 2000): to the random row of a word is added the direction in which the
rows of those words lie, taken together, that stood in one sentence with it, each the more the rarer it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cerebrum.features import Bag, Features, Floats
from cerebrum.ranking import Towers, unit

_SHARE = np.float32(0.5)


class Company:
    """Sums of the rows met beside each feature, (features, width); pairs of words keep none."""

    def __init__(self, features: Features, sums: Floats) -> None:
        self.features = features
        self.sums = sums
        self._is_word = features.are_words()[: len(sums)]

    def meet(self, towers: Towers, sentences: Sequence[Bag]) -> None:
        """Add what stood beside each word of these sentences; ``towers`` hold the rows that names alone made."""
        rows = np.concatenate([np.zeros(0, np.int32), *(bag.rows for bag in sentences)])
        owner = np.repeat(np.arange(len(sentences)), [len(bag.rows) for bag in sentences])
        counted = rows < len(self.sums)
        counted[counted] = self._is_word[rows[counted]]
        rows, owner = rows[counted], owner[counted]
        if not len(rows):
            return
        weighted = towers.rows(rows) * self.features.rarity(rows)[:, None]
        begins = np.diff(owner, prepend=-1) > 0
        beside = np.add.reduceat(weighted, np.flatnonzero(begins))[np.cumsum(begins) - 1] - weighted
        order = np.argsort(rows, kind="stable")
        first = np.flatnonzero(np.diff(rows[order], prepend=-1))
        self.sums[rows[order][first]] += np.add.reduceat(beside[order], first)

    def mix_into(self, towers: Towers) -> None:
        """Give each word's row, in every table, the share that its company has in it; its length stays."""
        met = np.flatnonzero(np.einsum("ij,ij->i", self.sums, self.sums) > 0)
        own = towers.rows(met)
        mixed = unit(own + _SHARE * unit(self.sums[met])[0])[0]
        towers.set_rows(met, mixed * unit(own)[1])
