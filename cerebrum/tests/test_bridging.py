"""What was said and not heard is imagined from what was heard, never from what was forgotten."""

from __future__ import annotations

from collections.abc import Sequence

from cerebrum.bridging import bridge_some, replies_in
from cerebrum.ranking import CONTEXT
from cerebrum.situations import Contexts, Heard, Pair
from cerebrum.working_set import WorkingSet

ASKED, ANSWER, THANKED = "do you like the lake", "yes the lake is cold today", "cold today indeed thanks"
STRANGE = "trains leave at noon"


def heard_by(known: WorkingSet, ordinal: int, text: str) -> Heard:
    number = known.put(text, text.split(), text.split(), ordinal)
    return Heard(ordinal, number, known.turns.passages[number].bag)


def imagined_for(known: WorkingSet, pairs: Sequence[Pair]) -> list[Pair]:
    said = known.towers.embed(CONTEXT, [passage.bag for passage in known.turns.passages])
    return bridge_some(known.towers, known.turns, said, pairs, replies_in(pairs))


def a_conversation_with_a_gap() -> tuple[WorkingSet, Pair]:
    known = WorkingSet()
    heard_by(known, 0, STRANGE)
    heard_by(known, 1, ANSWER)
    return known, Pair(heard_by(known, 2, ASKED), None, heard_by(known, 3, THANKED))


def test_between_two_turns_stands_what_answers_the_one_and_is_answered_by_the_other() -> None:
    known, pair = a_conversation_with_a_gap()

    before, after = imagined_for(known, [pair])

    assert known.turns.passages[before.answer.turn].text == ANSWER
    assert (before.said, after.said, after.answer) == (pair.said, before.answer, pair.answer)
    assert before.imagined
    assert after.imagined


def test_a_turn_off_the_shelf_is_not_imagined() -> None:
    known, pair = a_conversation_with_a_gap()
    known.turns.drop(known.turns.by_text[ANSWER])

    before, _ = imagined_for(known, [pair])

    assert known.turns.passages[before.answer.turn].text == STRANGE


def test_ones_own_reply_stands_between_if_it_fits_better_than_anything_heard() -> None:
    known, pair = a_conversation_with_a_gap()
    said = "yes like the lake it is cold today indeed"
    own = Heard(2, -1, known.bag(said.split()), said)

    after = imagined_for(known, [pair, Pair(own, None, pair.answer, imagined=True)])

    assert after == [Pair(own, None, pair.answer, imagined=True)]


def test_what_is_imagined_anew_takes_the_place_of_what_was_imagined_before() -> None:
    known, pair = a_conversation_with_a_gap()
    contexts = Contexts(known.towers)
    contexts.put(pair)
    contexts.put(Pair(pair.said, None, heard_by(known, 4, STRANGE), imagined=True))
    imagined = imagined_for(known, contexts.pairs)

    contexts.imagine_anew(imagined)

    assert contexts.pairs == [pair, *imagined]
    assert contexts.answers[: len(contexts)].tolist() == [p.answer.turn for p in contexts.pairs]
