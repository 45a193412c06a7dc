"""From facts to sentences: every way in which the tutor may state, ask and answer what it knows of a thing.

Levels: 0 and 1 short main clauses, 2 two of them joined, 3 subordinate clauses, 4 both in longer frames.
A fact is kept in ``one`` form (*a dog barks*); ``many`` (*dogs bark*) is used where it reads well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .topics import VERBS, Fact, Pair, Thing
from .words import clause, plural, sentence, third_person, without_article

NOT_ABLE = "can't"
_SENSES = ("taste", "feel", "smell", "sound", "look")
_ADJUNCTS = ("where", "when", "how", "why")
_POSSESSIVE = re.compile(r"\b(its|it|itself|his|her|my)\b")
_SIMPLE_OF = ("part of", "piece of", "group of")
_JOINT = re.compile(r"\b(of|with|from|for|that|who|in|on|by|over|to|at|between|like|without|we|which|and|next|full)\b")
_NUMBER = re.compile(r"^(two|three|four|five|six|eight|ten|twelve|many|several)\b (.+)")


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
    """*it* or *they*."""
    plural_pronoun = thing.is_plural or thing.number == "person"
    return Subject("they" if plural_pronoun else "it", plural_pronoun)


def predicate(fact: Fact, subject: Subject) -> str:
    """What is said of the subject: *has four legs*, *can swim*, *sleeps in a nest*, *is made of wood*."""
    relation, value = fact.relation, fact.value
    fixed = {
        "kind": f"{subject.be} {_kinds(value) if subject.is_plural else value}",
        "is": f"{subject.be} {value}",
        "color": f"{subject.be} {value}",
        "made": f"{subject.be} made of {value}",
        "for": f"{subject.be} used to {value}",
        "opposite": f"{subject.be} the opposite of {value}",
        "young": f"can have a baby, and the baby is called {value}",
        "from": f"{subject.does('come')} from {value}",
        "can": f"can {value}",
        "cannot": f"{NOT_ABLE} {value}",
        "does": subject.does(value),
        "why": f"{subject.does(fact.act)} because {value}",
    }
    if relation in fixed:
        return fixed[relation]
    return f"{subject.does(fact.act if relation in _ADJUNCTS else relation)} {value}"


def _kinds(kind: str) -> str:
    """*animals* for *an animal*, *pieces of cloth* for *a piece of cloth*, *food* for *food*."""
    bare = without_article(kind)
    if bare == kind:
        return kind
    head, of, rest = bare.partition(" of ")
    return plural(head) + of + rest


def goes_with_many(fact: Fact) -> bool:
    """Whether *dogs* can take over from *a dog* and sound natural (not: *dogs have a tail*)."""
    if fact.relation in {"young", "opposite", "where", "for"} or _POSSESSIVE.search(f"{fact.act} {fact.value}"):
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


def statements(thing: Thing, level: int, frames: tuple[str, ...]) -> list[str]:
    """Every statement about the thing at this level, without doubles, in a fixed order."""
    plain = [state(thing, fact) for fact in thing.facts]
    many = [
        sentence(f"{thing.many} {predicate(f, Subject(thing.many, True))}")
        for f in thing.facts
        if thing.many and goes_with_many(f)
    ]
    if level == 0:
        found = [*_named(thing), *plain]
    elif level == 1:
        found = plain + many
    elif level == 2:
        found = [*_joined(thing, (1, 2, 4)), *many]
    elif level == 3:
        found = [*_relative(thing), *_joined(thing, (3, 5)), *_framed(plain + many, frames)]
    else:
        found = [*_framed(list(_shared(thing)), frames), *_joined(thing, (6,))]
    return list(dict.fromkeys(found)) or list(_framed(plain, frames))


def _named(thing: Thing) -> Iterator[str]:
    yield sentence(f"{'these are' if thing.is_plural else 'this is'} {thing.one}")
    yield sentence(thing.one, "!")


def _framed(texts: list[str], frames: tuple[str, ...]) -> Iterator[str]:
    for number, text in enumerate(texts):
        yield frames[number % len(frames)].format(clause=clause(text)) if frames else text


def _shared(thing: Thing) -> Iterator[str]:
    """One subject, two predicates: *A dog has four legs and can swim.*"""
    subject = generic(thing)
    facts = _combinable(thing)
    for number, first in enumerate(facts):
        for step in (1, 3):
            second = facts[(number + step) % len(facts)]
            both_be = {first.relation, second.relation} <= {"is", "color", "kind"}
            if second.relation != first.relation and not both_be and "," not in first.value:
                link = "but" if "cannot" in {first.relation, second.relation} else "and"
                yield f"{subject.text} {predicate(first, subject)} {link} {predicate(second, subject)}"


def _combinable(thing: Thing) -> list[Fact]:
    return [fact for fact in thing.facts if fact.relation not in {"for", "young", "opposite", "why"}]


def _joined(thing: Thing, steps: tuple[int, ...]) -> Iterator[str]:
    """Two main clauses: *A dog can swim, but it can't fly.*"""
    subject, it = generic(thing), pronoun(thing)
    facts = _combinable(thing)
    for number, first in enumerate(facts):
        for step in steps:
            second = facts[(number + step) % len(facts)]
            if second is first or (second.relation == "kind" and it.is_plural != subject.is_plural):
                continue
            contrast = {first.relation, second.relation} == {"can", "cannot"}
            link = "but" if contrast else "and"
            yield sentence(f"{subject.text} {predicate(first, subject)}, {link} {it.text} {predicate(second, it)}")


def _relative(thing: Thing) -> Iterator[str]:
    """*A cow is an animal that says moo.*"""
    kinds = [fact.value for fact in thing.facts if fact.relation == "kind"]
    rest = [fact for fact in thing.facts if fact.relation not in {"kind", "for", "young", "opposite", "is", "color"}]
    who = "who" if thing.number == "person" else "that"
    subject = generic(thing)
    for kind in kinds[:1]:
        for fact in rest:
            noun = _kinds(kind) if subject.is_plural else kind
            yield sentence(f"{subject.text} {subject.be} {noun} {who} {predicate(fact, subject)}")


def questions(thing: Thing, rivals: tuple[Thing, ...] = ()) -> list[Pair]:
    """Every direct question about the thing, with its answer. ``rivals`` lend wrong answers for choices."""
    found: dict[str, Pair] = {}
    for fact in thing.facts:
        answer = state(thing, fact)
        for question in _open_questions(thing, fact):
            found.setdefault(question, Pair(question, answer))
        closed = _closed_question(thing, fact)
        if closed:
            found.setdefault(closed.question, closed)
    for pair in _choices(thing, rivals):
        found.setdefault(pair.question, pair)
    return list(found.values())


def indirect(thing: Thing, fact: Fact) -> str:
    """The question as a subordinate clause: *what a dog eats*; empty where there is none."""
    subject = generic(thing)
    name, be, relation = subject.text, subject.be, fact.relation
    fixed = {
        "kind": f"what {name} {be}",
        "color": f"what color {name} {be}",
        "made": f"what {name} {be} made of",
        "for": f"what {name} {be} for",
        "from": f"where {name} {subject.does('come')} from",
        "can": "" if fact.value.startswith("be ") else f"what {name} can do",
        "young": f"what a baby {thing.noun} is called",
        "opposite": f"what the opposite of {name} is",
        "say": f"what {name} {subject.does('say')}",
    }
    if relation in _ADJUNCTS:
        return f"{relation} {name} {subject.does(fact.act)}"
    if relation in _SENSES:
        return f"how {name} {subject.does(relation)}"
    if relation in VERBS:
        return f"what {name} {subject.does(relation)}{_object(fact)}"
    return fixed.get(relation, "")


def indirect_questions(thing: Thing, frames: tuple[str, ...]) -> list[Pair]:
    """*Do you know what a dog eats?*"""
    found: dict[str, Pair] = {}
    for number, fact in enumerate(thing.facts):
        asked = indirect(thing, fact)
        if asked and frames:
            question = frames[number % len(frames)].format(what=asked)
            found.setdefault(question, Pair(question, state(thing, fact)))
    return list(found.values())


def _open_questions(thing: Thing, fact: Fact) -> Iterator[str]:
    subject, relation, value = generic(thing), fact.relation, fact.value
    name, do, be = subject.text, subject.do, subject.be
    if relation in _ADJUNCTS:
        yield f"{relation.capitalize()} {do} {name} {fact.act}?"
    elif relation in _SENSES:
        yield f"How {do} {name} {relation}?"
    elif relation == "have" and (counted := _NUMBER.match(value)) and counted[1] not in {"many", "several"}:
        yield f"How many {counted[2]} {do} {name} have?"
        yield f"What {do} {name} have?"
    elif relation in VERBS or relation == "say":
        yield f"What {do} {name} {relation}{_object(fact)}?"
    elif relation == "can" and value.startswith("be "):
        yield f"What {be} {name} like?"
    else:
        made = {
            "kind": f"What {be} {name}?",
            "is": f"What {be} {name} like?",
            "color": f"What color {be} {name}?",
            "made": f"What {be} {name} made of?",
            "for": f"What {be} {name} for?",
            "from": f"Where {do} {name} come from?",
            "does": f"What {do} {name} do?",
            "can": f"What can {name} do?",
            "young": f"What is a baby {thing.noun} called?",
            "opposite": f"What is the opposite of {name}?",
        }.get(relation)
        if made:
            yield made


def _object(fact: Fact) -> str:
    """*What does a story tell us?*"""
    return " us" if fact.value.startswith("us ") else ""


def _closed_question(thing: Thing, fact: Fact) -> Pair | None:
    subject, relation, value = generic(thing), fact.relation, fact.value
    name, be, do = subject.text, subject.be, subject.do
    yes = sentence(f"yes, {clause(state(thing, fact))}")
    noun = _kinds(value) if relation == "kind" and subject.is_plural else value
    asked = {
        "cannot": f"Can {name} {value}?",
        "can": f"Can {name} {value}?",
        "is": f"{be.capitalize()} {name} {value}?",
        "kind": f"{be.capitalize()} {name} {noun}?",
        "does": f"{do.capitalize()} {name} {value}?",
    } | {verb: f"{do.capitalize()} {name} {verb} {value}?" for verb in VERBS if verb == relation}
    if relation not in asked or re.search(r"\bno\b", value):
        return None
    no = sentence(f"no, {clause(state(thing, fact))}")
    return Pair(asked[relation], no if relation == "cannot" else yes)


def _choices(thing: Thing, rivals: tuple[Thing, ...]) -> Iterator[Pair]:
    """*Is a banana yellow or blue?* and *Does a cow say meow?* The wrong half belongs to a rival only."""
    subject = generic(thing)
    for relation in ("color", "say"):
        own = [fact.value for fact in thing.facts if fact.relation == relation]
        wrong = [f.value for rival in rivals for f in rival.facts if f.relation == relation and f.value not in own]
        if not own or len(own) > 1:
            continue
        for other in list(dict.fromkeys(wrong))[:3]:
            right = sentence(f"{subject.text} {predicate(Fact(relation, own[0]), subject)}")
            if relation == "color":
                yield Pair(f"{subject.be.capitalize()} {subject.text} {other} or {own[0]}?", right)
                yield Pair(f"{subject.be.capitalize()} {subject.text} {other}?", f"No. {right}")
            else:
                yield Pair(f"{subject.do.capitalize()} {subject.text} say {own[0]} or {other}?", right)
                yield Pair(f"{subject.do.capitalize()} {subject.text} say {other}?", f"No. {right}")


def riddles(thing: Thing) -> list[Pair]:
    """*What says moo and has four legs?*"""
    useful = [f for f in thing.facts if f.relation in {"have", "say", "can", "eat", "does", "where", "give", "color"}]
    who = "Who" if thing.number == "person" else "What"
    it = Subject(who.lower(), False)
    if thing.is_plural:
        return []
    found = []
    for number, first in enumerate(useful):
        for second in useful[number + 1 : number + 4]:
            question = f"{who} {predicate(first, it)} and {predicate(second, it)}?"
            found.append(Pair(question, sentence(f"it is {thing.one}")))
    return found[:12]
