"""Every sentence that the data can yield, at every level, obeys the rules of written English that can be checked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import pytest

from llm_trainer.llm_server.backends.tutor.asking import indirect_questions, questions, riddles
from llm_trainer.llm_server.backends.tutor.grammar import statements
from llm_trainer.llm_server.backends.tutor.topics import Fact, Pair, Thing
from tests.llm_server.backends.tutor.conversing import LEARNERS, converse, data

DOG = Thing(
    "dog",
    many="dogs",
    facts=(
        Fact("kind", "an animal"),
        Fact("have", "four legs"),
        Fact("does", "carry a stick"),
        Fact("can", "swim"),
        Fact("cannot", "fly"),
        Fact("where", "in a basket", "sleep"),
        Fact("why", "it is happy", "bark"),
    ),
)
MILK = Thing("milk", "mass", facts=(Fact("color", "white"), Fact("for", "make cheese")))
SCISSORS = Thing("scissors", "plural", facts=(Fact("kind", "a tool"), Fact("have", "two blades")))
SUN = Thing("sun", "the", facts=(Fact("is", "hot"),))

FAULTS = {
    "a before a vowel": r"\b[Aa] (?:[aio]\w|e(?!u)\w|u(?!n?i|se))",
    "an before a consonant": r"\b[Aa]n (?![aeiouAEIOU]|hour|honest)",
    "a word twice": r"\b(\w+) \1\b",
    "plural with s-verb": r"^(?!This|Tennis)(?:[A-Z]\w+[^s\W]s) (?:is|has|does|was)\b",
    "two blanks": r"  ",
    "blank before a mark": r" [.,?!]",
    "an empty slot": r"[{}_]",
    "doubled mark": r"[.?!,][.?!,]",
    "no capital after an end": r"[.?!] [a-z]",
    "lonely i": r"\bi\b",
    "double plural": r"\b\w+(?:eses|sess)\b",
}


@cache
def texts() -> tuple[str, ...]:
    return tuple(dict.fromkeys(made_texts()))


def made_texts() -> Iterator[str]:
    phrases = data().phrases
    for topic in data().topics:
        for thing in topic.things:
            for level in range(5):
                for each in statements(thing, level):
                    yield from (each.text, each.going_on)
            others = tuple(other for other in topic.things if other is not thing)
            for pair in [
                *questions(thing, others),
                *indirect_questions(thing, phrases["indirect"]),
                *riddles(thing),
            ]:
                yield from (pair.question, pair.answer)
        for pair in [*topic.asks, *topic.chats, *(pair for story in topic.stories for pair in story.pairs)]:
            yield from (pair.question, pair.answer)
        yield from (*topic.openings, *topic.lines, *topic.tells, *(story.text for story in topic.stories))
    yield from (text for pair in data().replies for text in (pair.question, pair.answer))


@pytest.mark.parametrize("fault", FAULTS)
def test_no_sentence_of_the_data_has_a_fault(fault: str) -> None:
    wrong = [text for text in texts() if re.search(FAULTS[fault], text)]

    assert wrong == []


def test_every_sentence_begins_with_a_capital_and_ends() -> None:
    assert [text for text in texts() if not (text[0].isupper() and text[-1] in ".?!")] == []


@pytest.mark.parametrize("level", range(5))
def test_whole_turns_have_no_fault_either(level: int) -> None:
    said = converse(600, LEARNERS["random"], level=level)

    assert [text for text in said for fault in FAULTS.values() if re.search(fault, text)] == []


def asked(thing: Thing) -> dict[str, str]:
    return {pair.question: pair.answer for pair in questions(thing)}


def test_a_thing_that_can_be_counted_is_asked_about_with_its_article() -> None:
    assert asked(DOG)["How many legs does a dog have?"] == "A dog has four legs."
    assert asked(DOG)["Does a dog carry a stick?"] == "Yes, a dog carries a stick."
    assert asked(DOG)["Can a dog fly?"] == "No, a dog can't fly."
    assert asked(DOG)["Where does a dog sleep?"] == "A dog sleeps in a basket."
    assert asked(DOG)["Why does a dog bark?"] == "A dog barks because it is happy."


def test_mass_nouns_plurals_and_the_only_one_of_a_kind_keep_their_forms() -> None:
    assert asked(MILK)["What color is milk?"] == "Milk is white."
    assert asked(MILK)["What is milk for?"] == "We use milk to make cheese."
    assert asked(SCISSORS)["What are scissors?"] == "Scissors are tools."
    assert asked(SUN)["Is the sun hot?"] == "Yes, the sun is hot."


def said(thing: Thing, level: int) -> dict[str, str]:
    return {each.text: each.going_on for each in statements(thing, level)}


def test_sentences_grow_from_the_name_to_clauses_within_clauses() -> None:
    assert "A dog!" in said(DOG, 0)
    assert "Dogs can swim." in said(DOG, 1)
    assert "A dog can swim, but it can't fly." in said(DOG, 2)
    assert any(text.startswith("A dog is an animal that carries a stick. It ") for text in said(DOG, 3))
    assert "A dog is an animal that has four legs. It carries a stick, and it can swim." in said(DOG, 4)


def test_what_goes_on_after_the_name_begins_with_its_pronoun() -> None:
    mother = Thing("mother", "she", "mothers", (Fact("is", "kind"), Fact("love", "her children")))

    assert said(DOG, 2)["A dog can swim, but it can't fly."] == "It can swim, but it can't fly."
    assert (
        said(mother, 2)["A mother is kind, and she loves her children."] == "She is kind, and she loves her children."
    )


def test_the_first_levels_know_no_long_sentence() -> None:
    for topic in data().topics:
        for thing in topic.things:
            if len(short := statements(thing, 0)) > 3:
                assert max(len(each.text.split()) for each in short) <= 5, thing.noun


def test_a_riddle_is_answered_by_its_thing() -> None:
    assert Pair("What has four legs and carries a stick?", "It is a dog.") in riddles(DOG)


def test_a_choice_offers_what_a_rival_says() -> None:
    cow = Thing("cow", facts=(Fact("say", "moo"),))
    duck = Thing("duck", facts=(Fact("say", "quack"),))

    assert Pair("Does a cow say moo or quack?", "A cow says moo.") in questions(cow, (duck,))
