"""What was said and not heard: imagined between two turns, where only one side of a conversation is heard.

Imagining and learning from it take turns, as in expectation maximisation (Dempster, Laird & Rubin 1977) with the one
likeliest turn in place of its distribution: better towers imagine better, and from that they learn better.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from cerebrum.features import Floats
from cerebrum.places import NOWHERE, best
from cerebrum.ranking import CONTEXT, REPLY, Towers, product
from cerebrum.retrieval import Shelf
from cerebrum.situations import Heard, Pair

_IMAGINED = 40
_UNLIKE = np.float32(0.3)
_AT_ONCE = 256


def bridge(towers: Towers, turns: Shelf, last: Heard, own: Heard | None, heard: Heard) -> list[Pair]:
    """Imagine what was said between the last turn and this one: a turn heard that answers the one and is answered
    by the other, or one's own reply if that fits better; return the pairs to learn as if it had been heard.
    """
    before = towers.context(last.bag, None)
    near = turns.nearness(before)
    alike = turns.nearness(towers.embed(REPLY, [last.bag])[0])
    near -= _UNLIKE * np.where(alike > NOWHERE, alike, np.float32(0))
    near[[last.turn, heard.turn]] = NOWHERE
    top = [int(k) for k in best(near, _IMAGINED) if near[k] > NOWHERE]
    if not top:
        return []
    imagined = [Heard(last.ordinal, k, turns.passages[k].bag) for k in top]
    if own is not None and own.ordinal == last.ordinal:
        imagined.append(own)
    answered = towers.embed(CONTEXT, [h.bag for h in imagined])
    answers = np.concatenate([near[top], np.einsum("ij,j->i", towers.embed(REPLY, [imagined[-1].bag]), before)])
    place = towers.embed(REPLY, [heard.bag])[0]
    fit = np.einsum("ij,j->i", answered, place) + answers[: len(imagined)]
    return _pairs(last, imagined[int(np.argmax(fit))], heard)


def replies_in(pairs: Iterable[Pair]) -> dict[int, Heard]:
    """Return one's own replies that were thought to have been said, by the ordinal of what they answered."""
    return {pair.said.ordinal: pair.said for pair in pairs if pair.said.own}


def bridge_some(
    towers: Towers, turns: Shelf, said: Floats, pairs: Iterable[Pair], own: Mapping[int, Heard]
) -> list[Pair]:
    """Imagine anew what was said between the two turns of each pair heard; return the pairs to learn from.

    ``said`` are the places of all turns as contexts, (turns, width); one's own replies that were thought to have been
    said, ``own``, are weighed again beside the turns heard.
    """
    heard = [pair for pair in pairs if not pair.imagined]
    replies = turns.places[: len(turns)]
    found: list[Pair] = []
    for at in range(0, len(heard), _AT_ONCE):
        piece = heard[at : at + _AT_ONCE]
        first, last = [p.said.turn for p in piece], [p.answer.turn for p in piece]
        fit = product(said[first] - _UNLIKE * replies[first], replies.T) + product(replies[last], said.T)
        fit[:, list(turns.gone)] = NOWHERE
        fit[np.arange(len(piece)), first] = fit[np.arange(len(piece)), last] = NOWHERE
        for pair, row in zip(piece, fit, strict=True):
            number = int(np.argmax(row))
            between = Heard(pair.said.ordinal, number, turns.passages[number].bag)
            mine = own.get(pair.said.ordinal)
            if mine is not None and _fit(towers, pair, mine) > row[number]:
                between = mine
            if row[number] > NOWHERE or between.own:
                found.extend(_pairs(pair.said, between, pair.answer))
    return found


def _fit(towers: Towers, pair: Pair, own: Heard) -> float:
    answers = towers.embed(REPLY, [own.bag, pair.answer.bag])
    said = towers.embed(CONTEXT, [pair.said.bag, own.bag])
    return float(np.einsum("ij,ij->", answers, said))


def _pairs(last: Heard, between: Heard, heard: Heard) -> list[Pair]:
    first = [] if between.own else [Pair(last, None, between, imagined=True)]
    return [*first, Pair(between, None, heard, imagined=True)]
