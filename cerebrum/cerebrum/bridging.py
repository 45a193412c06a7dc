"""What was said and not heard: imagined between two turns, where only one side of a conversation is heard."""

from __future__ import annotations

import numpy as np

from cerebrum.ranking import CONTEXT, NOWHERE, REPLY, best
from cerebrum.situations import Heard, Pair
from cerebrum.working_set import Remembered, WorkingSet

_IMAGINED = 40
_UNLIKE = 0.3


def bridge(known: WorkingSet, memory: Remembered, heard: Heard) -> list[Pair]:
    """Imagine what was said between the last turn and this one: a turn heard that answers the one and is answered
    by the other, or one's own reply if that fits better; return the pairs to learn as if it had been heard.
    """
    towers, turns, last = known.towers, known.turns, memory.turns[-1]
    before = towers.context(last.bag, None)
    near = turns.nearness(before)
    alike = turns.nearness(towers.embed(REPLY, [last.bag])[0])
    near -= np.float32(_UNLIKE) * np.where(alike > NOWHERE, alike, np.float32(0))
    near[[last.turn, heard.turn]] = NOWHERE
    top = [int(k) for k in best(near, _IMAGINED) if near[k] > NOWHERE]
    if not top:
        return []
    imagined = [Heard(last.ordinal, k, turns.passages[k].bag) for k in top]
    if memory.own is not None and memory.own.ordinal == last.ordinal:
        imagined.append(memory.own)
    answered = towers.embed(CONTEXT, [h.bag for h in imagined])
    answers = np.concatenate([near[top], np.einsum("ij,j->i", towers.embed(REPLY, [imagined[-1].bag]), before)])
    place = towers.embed(REPLY, [heard.bag])[0]
    fit = np.einsum("ij,j->i", answered, place) + answers[: len(imagined)]
    between = imagined[int(np.argmax(fit))]
    first = [] if between.own else [Pair(last, None, between)]
    return [*first, Pair(between, None, heard)]
