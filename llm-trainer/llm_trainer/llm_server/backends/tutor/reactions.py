"""The first words of a turn: what the tutor says to what it has just heard.

Nothing of the learner's wording is ever said back as it is: a recast is always built from the tutor's own facts, so
a broken sentence comes back whole (*dog run fast* → *Yes, a dog runs fast.*) and never broken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .grammar import state
from .listening import Library, content, is_negative, is_right, question_in, sentences
from .topics import Pair, TutorData
from .words import clause, sentence, words

LONG = 60
_ABOUT_ITSELF = frozenset(
    "model llm ai robot human machine computer program chatbot bot software person alive real gpt".split()
)
_SOCIAL = {
    "hello": ("hello", "hi", "hey", "good morning", "good afternoon", "good evening"),
    "bye": ("bye", "goodbye", "good bye", "good night", "see you"),
    "thanks": ("thanks", "thank you", "thank"),
    "no problem": ("sorry", "i'm sorry", "i am sorry"),
}


@dataclass(frozen=True, slots=True)
class Reaction:
    """What is said; ``settles`` when it already holds the answer to the question that was open."""

    text: str = ""
    settles: bool = False


class Reactions:
    """Answers, feedback, recasts, small talk and requests to say it again."""

    def __init__(self, library: Library, data: TutorData) -> None:
        self._library = library
        self._phrases = data.phrases
        self._feelings = {
            feeling: kind
            for kind in ("glad", "sorry")
            for line in data.phrases.get(f"feeling {kind}", ())
            for feeling in (part.strip() for part in line.split(";"))
        }

    def to(
        self,
        heard: str | None,
        pending: Pair | None,
        mine: Sequence[str],
        earlier: Sequence[str],
        level: int,
        chance: int,
    ) -> Reaction:
        """The reaction to ``heard``; ``pending`` is the tutor's open question, ``mine`` and ``earlier`` the turns before."""
        if heard is None:
            return Reaction()
        said = words(heard)
        if not said:
            return Reaction(self._sometimes("silence", chance, 3))
        if {"you", "your"} & set(said) and _ABOUT_ITSELF & set(said) and len(said) < LONG:
            return Reaction(self._phrase("identity", chance))
        if len(said) > LONG:
            return Reaction(self._phrase("long", chance))
        if (social := _social(said)) and (text := self._phrase(social, chance)):
            return Reaction(text)
        if asked := question_in(heard):
            return self._to_question(asked, pending, level, chance)
        if pending is not None and is_right(heard, pending):
            return Reaction(self._phrase("praise" if not _is_personal(pending) else "oh", chance))
        if feeling := self._to_feeling(said):
            return Reaction(feeling)
        if mine and content(heard) == content(mine[-1]):
            return Reaction(self._sometimes("echo", chance, 2))
        if earlier and said == words(earlier[-1]):
            return Reaction(self._sometimes("again", chance, 3))
        return self._to_statement(heard, pending, chance)

    def _to_question(self, asked: str, pending: Pair | None, level: int, chance: int) -> Reaction:
        found = self._library.answers(asked)
        if pending is not None and any(pair.answer == pending.answer for pair in found):
            return Reaction()
        if found:
            return Reaction(self._shortened(found[chance % len(found)].answer, level))
        things = self._library.things_in(asked)
        if things and things[0].facts:
            fact = state(things[0], things[0].facts[chance % len(things[0].facts)])
            return Reaction(self._phrase("partly", chance).format(clause=clause(fact)))
        return Reaction(self._sometimes("unknown", chance, 2))

    def _to_feeling(self, said: list[str]) -> str:
        if said[:1] == ["i'm"]:
            said = ["i", "am", *said[1:]]
        if len(said) > 5 or said[:2] not in (["i", "am"], ["i", "feel"]) or said[-1] not in self._feelings:
            return ""
        if "not" in said:
            return ""
        kind = self._feelings[said[-1]]
        return self._phrase(kind, len(said)).format(feeling=said[-1])

    def _to_statement(self, heard: str, pending: Pair | None, chance: int) -> Reaction:
        things = self._library.things_in(heard)
        liked = next((thing for thing in things if thing.many or thing.number == "mass"), None)
        if liked and words(heard)[:2] in (["i", "like"], ["i", "love"]) and len(words(heard)) < 6:
            return Reaction(self._phrase("likes", chance).format(things=liked.many or liked.noun))
        if found := self._library.fact_in(heard, things):
            thing, fact = found
            true = state(thing, fact)
            if pending is not None and true == pending.answer:
                return Reaction(self._phrase("praise", chance))
            if fact.relation == "cannot" and not is_negative(heard):
                return Reaction(sentence(f"no, {clause(true)}"))
            if fact.relation != "cannot" and is_negative(heard):
                return Reaction(sentence(f"I think that {clause(true)}"))
            return Reaction(self._phrase("recast", chance).format(clause=clause(true)))
        if pending is not None and not _is_personal(pending) and chance % 2:
            return Reaction(self._phrase("try", chance))
        if pending is None and things and things[0].facts and chance % 2 == 0:
            fact_text = state(things[0], things[0].facts[chance // 3 % len(things[0].facts)])
            return Reaction(self._phrase("named", chance).format(clause=clause(fact_text)))
        if self._library.known_share(heard) < 0.4:
            letters = [letter for letter in heard if letter.isalpha()]
            foreign = sum(not letter.isascii() for letter in letters) * 5 > len(letters)
            return Reaction(self._sometimes("foreign" if foreign else "unclear", chance, 2))
        return Reaction(self._sometimes("oh", chance, 3))

    def _shortened(self, answer: str, level: int) -> str:
        return " ".join(sentences(answer)[: max(1, level + 1)]) if level < 2 else answer

    def _sometimes(self, key: str, chance: int, one_in: int) -> str:
        return self._phrase(key, chance // 7) if chance % one_in == 0 else ""

    def _phrase(self, key: str, chance: int) -> str:
        found = self._phrases.get(key, ("",))
        return found[chance // 11 % len(found)]


def _social(said: list[str]) -> str:
    if len(said) > 5:
        return ""
    start = " ".join(said)
    for key, forms in _SOCIAL.items():
        if any(start == form or start.startswith(form + " ") for form in forms):
            return key
    return ""


def _is_personal(pair: Pair) -> bool:
    return bool({"you", "your"} & set(words(pair.question))) and "know" not in words(pair.question)
