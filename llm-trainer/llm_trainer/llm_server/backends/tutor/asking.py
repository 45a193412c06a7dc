"""From facts to questions: every way in which the tutor may ask about a thing, and the answer."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .grammar import ADJUNCTS, Subject, generic, kinds, predicate, state
from .topics import VERBS, Fact, Pair, Thing
from .words import clause, sentence

_SENSES = ("taste", "feel", "smell", "sound", "look")
_NUMBER = re.compile(r"^(two|three|four|five|six|eight|ten|twelve|many|several)\b (.+)")


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
        "say": f"what {name} {subject.does('say')}",
    }
    if relation in ADJUNCTS:
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
    if relation in ADJUNCTS:
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
    noun = kinds(value) if relation == "kind" and subject.is_plural else value
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
    who = "Who" if thing.number in {"person", "he", "she"} else "What"
    it = Subject(who.lower(), False)
    if thing.is_plural:
        return []
    found = []
    for number, first in enumerate(useful):
        for second in useful[number + 1 : number + 4]:
            question = f"{who} {predicate(first, it)} and {predicate(second, it)}?"
            found.append(Pair(question, sentence(f"it is {thing.one}")))
    return found[:12]
