"""From facts to sentences: every way in which the tutor may state what it knows of a thing.

Levels: 0 and 1 short main clauses, 2 two of them joined, 3 two sentences, 4 both, with subordinate clauses.
A fact is kept in ``one`` form (*a dog barks*); ``many`` (*dogs bark*) is used where it reads well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .topics import VERBS, Fact, Thing
from .words import plural, sentence, third_person, without_article, words

NOT_ABLE = "can't"
ADJUNCTS = ("where", "when", "how", "why")
_POSSESSIVE = re.compile(r"\b(its|it|itself|his|her|my)\b")
_SIMPLE_OF = ("part of", "piece of", "group of")
_JOINT = re.compile(r"\b(of|with|from|for|that|who|in|on|by|over|to|at|between|like|without|we|which|and|next|full)\b")
_COMMON = frozenset(
    {"a", "an", "the", "of", "in", "on", "at", "to", "and", "or", "with", "our", "its", "it", "us", "we", "very"}
    | {"when", "for", "from", "is", "are"}
)


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject and whether its verb is plural."""

    text: str
    is_plural: bool

    def does(self, verb_phrase: str) -> str:
        """The verb phrase in the form that this subject asks for."""
        return verb_phrase if self.is_plural else third_person(verb_phrase)

    @property
    def be(self) -> str:
        """*is* or *are*."""
        return "are" if self.is_plural else "is"

    @property
    def do(self) -> str:
        """*does* or *do*."""
        return "do" if self.is_plural else "does"


def generic(thing: Thing) -> Subject:
    """*a dog, milk, the sun, scissors*."""
    return Subject(thing.one, thing.is_plural)


def pronoun(thing: Thing) -> Subject:
    """*it*, *he*, *she* or *they*."""
    if thing.number in {"he", "she"}:
        return Subject(thing.number, False)
    plural_pronoun = thing.is_plural or thing.number == "person"
    return Subject("they" if plural_pronoun else "it", plural_pronoun)


def predicate(fact: Fact, subject: Subject) -> str:
    """What is said of the subject: *has four legs*, *can swim*, *sleeps in a nest*, *is made of wood*."""
    relation, value = fact.relation, fact.value
    fixed = {
        "kind": f"{subject.be} {kinds(value) if subject.is_plural else value}",
        "is": f"{subject.be} {value}",
        "color": f"{subject.be} {value}",
        "made": f"{subject.be} made of {value}",
        "for": f"{subject.be} used to {value}",
        "young": f"can have a baby, and the baby is called {value}",
        "from": f"{subject.does('come')} from {value}",
        "can": f"can {value}",
        "cannot": f"{NOT_ABLE} {value}",
        "does": subject.does(value),
        "why": f"{subject.does(fact.act)} because {value}",
    }
    if relation in fixed:
        return fixed[relation]
    return f"{subject.does(fact.act if relation in ADJUNCTS else relation)} {value}"


def kinds(kind: str) -> str:
    """*animals* for *an animal*, *pieces of cloth* for *a piece of cloth*, *food* for *food*."""
    bare = without_article(kind)
    if bare == kind:
        return kind
    head, of, rest = bare.partition(" of ")
    return plural(head) + of + rest


def goes_with_many(fact: Fact) -> bool:
    """Whether *dogs* can take over from *a dog* and sound natural (not: *dogs have a tail*)."""
    if fact.relation in {"young", "where", "for"} or _POSSESSIVE.search(f"{fact.act} {fact.value}"):
        return False
    if fact.relation == "kind":
        bare = without_article(fact.value)
        return not _JOINT.search(bare) or (bare.startswith(_SIMPLE_OF) and len(_JOINT.findall(bare)) == 1)
    return not re.search(r"\b(a|an)\b", fact.value) or fact.relation in {"can", "cannot"}


def state(thing: Thing, fact: Fact) -> str:
    """The plain sentence: *A dog has four legs.*"""
    if fact.relation == "for":
        return sentence(f"we use {thing.one} to {fact.value}")
    if fact.relation == "young":
        return sentence(f"a baby {thing.noun} is called {fact.value}")
    return sentence(f"{thing.one} {predicate(fact, generic(thing))}")


@dataclass(frozen=True, slots=True)
class Statement:
    """Something stated of a thing: in full, and as it goes on after the thing has just been named (*It has ...*)."""

    text: str
    going_on: str


def statements(thing: Thing, level: int) -> list[Statement]:
    """Every statement about the thing at this level, without doubles, in a fixed order."""
    subject, it = generic(thing), pronoun(thing)
    if level < 2:
        texts = [*(_named(thing) if level == 0 else ()), *_of_many(thing), *(state(thing, f) for f in thing.facts)]
        short = [text for text in texts if len(text.split()) <= (5, 6)[level]] or sorted(texts, key=len)[:2]
        return [Statement(text, text) for text in dict.fromkeys(short)]
    made = _joined if level == 2 else _two_sentences if level == 3 else _three_clauses
    pairs = zip(made(thing, subject), made(thing, it), strict=True)
    found = {text: Statement(text, going_on) for text, going_on in pairs}
    return list(found.values()) or [Statement(text, text) for text in (state(thing, f) for f in thing.facts)]


def _named(thing: Thing) -> Iterator[str]:
    yield sentence(thing.one, "!")
    yield sentence(f"{'these are' if thing.is_plural else 'this is'} {thing.one}")


def _of_many(thing: Thing) -> Iterator[str]:
    for fact in thing.facts:
        if thing.many and goes_with_many(fact):
            yield sentence(f"{thing.many} {predicate(fact, Subject(thing.many, True))}")


def _combinations(thing: Thing, steps: tuple[int, ...]) -> Iterator[tuple[Fact, Fact]]:
    """Two facts that can stand together: neither says what the other says, and two kinds are one too many."""
    is_they = pronoun(thing).is_plural and not thing.is_plural
    facts = [
        fact
        for fact in thing.facts
        if fact.relation not in {"for", "young", "why"}
        and not (is_they and fact.relation == "kind" and _JOINT.search(fact.value))
    ]
    for number, first in enumerate(facts):
        for step in steps:
            second = facts[(number + step) % len(facts)]
            alike = set(words(first.value)) & set(words(second.value)) - _COMMON
            if second is not first and second.relation != "kind" and not alike:
                yield first, second


def _link(first: Fact, second: Fact) -> str:
    return "but" if {first.relation, second.relation} == {"can", "cannot"} else "and"


def _both(first: Fact, second: Fact, subject: Subject, it: Subject) -> str:
    """*a cow eats grass and hay* · *a cow is big, and it gives milk*."""
    said = f"{subject.text} {predicate(first, subject)}"
    is_alike = first.relation == second.relation and first.relation in (*VERBS, "is")
    if is_alike and not re.search(r",| and | or ", f"{first.value} {second.value}"):
        return f"{said} and {second.value}"
    return f"{said}, {_link(first, second)} {it.text} {predicate(second, it)}"


def _joined(thing: Thing, subject: Subject) -> Iterator[str]:
    """Two main clauses: *A dog can swim, but it can't fly.*"""
    it = pronoun(thing)
    for first, second in _combinations(thing, (1, 2, 4)):
        yield sentence(_both(first, second, subject, it))


def _two_sentences(thing: Thing, subject: Subject) -> Iterator[str]:
    """A clause within a clause, and one more: *A cow is an animal that gives milk. It is calm.*"""
    it = pronoun(thing)
    for number, (first, second) in enumerate(_combinations(thing, (1, 3, 5))):
        relative = _relative(thing, first, subject) if number % 2 else ""
        if subject == it or first.relation == second.relation:
            yield sentence(_both(first, second, subject, it))
        else:
            opening = relative or f"{subject.text} {predicate(first, subject)}"
            yield f"{sentence(opening)} {sentence(f'{it.text} {predicate(second, it)}')}"


def _three_clauses(thing: Thing, subject: Subject) -> Iterator[str]:
    """*A cow is an animal that gives milk. It is calm, and it eats grass.*"""
    it = pronoun(thing)
    for first, second in _combinations(thing, (1, 2, 3)):
        opening = _relative(thing, first, subject) or f"{subject.text} {predicate(first, subject)}"
        thirds = [fact for one, fact in _combinations(thing, (1, 2)) if one is second and fact is not first]
        fits = bool(thirds) and not set(words(thirds[0].value)) & set(words(first.value)) - _COMMON
        going_on = _both(second, thirds[0], it, it) if fits else f"{it.text} {predicate(second, it)}"
        yield f"{sentence(opening)} {sentence(going_on)}"


def _relative(thing: Thing, fact: Fact, subject: Subject) -> str:
    """*a cow is an animal that says moo*; empty where the fact does not fit into such a clause."""
    own = [other.value for other in thing.facts if other.relation == "kind"]
    if not own or fact.relation in {"kind", "for", "young", "is", "color", "why"} or _JOINT.search(own[0]):
        return ""
    if set(words(own[0])) & set(words(fact.value)) - _COMMON:
        return ""
    noun = kinds(own[0]) if subject.is_plural else own[0]
    who = "that" if thing.number in {"count", "mass", "plural", "the"} else "who"
    return f"{subject.text} {subject.be} {noun} {who} {predicate(fact, subject)}"
