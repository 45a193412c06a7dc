"""The first words of a turn: what the tutor says to what it has just heard.

Nothing of the learner's wording is ever said back as it is: a recast is always built from the tutor's own facts, so
a broken sentence comes back whole (*dog run fast* → *Yes, a dog runs fast.*) and never broken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from .grammar import state
from .listening import Library, content, is_negative, is_right, question_in, sentences
from .topics import Fact, Pair, Thing
from .words import clause, sentence, words

LONG = 60
ABOUT_WORDS = 8
_ABOUT_ITSELF = frozenset(
    {
        "model",
        "llm",
        "ai",
        "robot",
        "human",
        "machine",
        "program",
        "chatbot",
        "bot",
        "software",
        "person",
        "alive",
        "real",
    }
)
_SOCIAL = {
    "hello": ("hello", "hi", "hey", "good morning", "good afternoon", "good evening"),
    "bye": ("bye", "goodbye", "good bye", "good night", "see you"),
    "thanks": ("thanks", "thank you", "thank"),
    "no problem": ("sorry", "i'm sorry", "i am sorry"),
}


@dataclass(frozen=True, slots=True)
class Reaction:
    """What is said, and of what kind it is.

    ``praise`` goes before the answer that was waited for; a ``reply`` takes its place; a ``recast`` does, too, if it is
    on the same thing; a ``filler`` may as well be left out.
    """

    text: str = ""
    kind: Literal["praise", "reply", "recast", "filler"] = "filler"


@dataclass(frozen=True, slots=True)
class Heard:
    """The learner's turn and what matters for reacting to it.

    ``asked`` is the tutor's turn before it, ``before`` the learner's own turn before that, ``pending`` the question
    that was open, ``chance`` any number, to choose among phrases.
    """

    text: str
    asked: str
    before: str
    topic: str
    pending: Pair | None
    level: int
    chance: int


class Reactions:
    """Answers, feedback, recasts, small talk and requests to say it again."""

    def __init__(self, library: Library, phrases: Mapping[str, tuple[str, ...]]) -> None:
        self._library = library
        self._phrases = phrases
        self._feelings = {
            feeling.strip(): kind
            for kind in ("glad", "sorry")
            for line in phrases.get(f"feeling {kind}", ())
            for feeling in line.split(";")
        }

    def to(self, heard: Heard | None) -> Reaction:
        """The first thing that fits: silence, small talk, a question, a right answer, a feeling, a statement."""
        if heard is None:
            return Reaction()
        said = words(heard.text)
        if not said:
            return Reaction(self._sometimes("silence", heard.chance, 8))
        if ready := self._ready(heard.text, said):
            return Reaction(self._phrase(ready, heard.chance), "reply")
        if asked := question_in(heard.text):
            return self._to_question(asked, heard)
        return self._to_answer(said, heard) or self._to_statement(heard)

    @staticmethod
    def _ready(text: str, said: list[str]) -> str:
        """The key of a phrase that answers whatever the moment: about itself, about length, small talk."""
        if len(said) > LONG:
            return "long"
        if any(_is_about_the_tutor(words(part)) for part in sentences(text)):
            return "identity"
        return _social(said)

    def _to_question(self, asked: str, heard: Heard) -> Reaction:
        found = self._library.answers(asked, heard.topic)
        if heard.pending is not None and any(pair.answer == heard.pending.answer for pair in found):
            return Reaction()
        if found:
            answer = found[heard.chance % len(found)].answer
            return Reaction(" ".join(sentences(answer)[: heard.level + 1]) if heard.level < 2 else answer, "reply")
        for thing in self._library.things_in(asked, heard.topic):
            if thing.facts:
                fact = state(thing, thing.facts[heard.chance % len(thing.facts)])
                return Reaction(self._phrase("partly", heard.chance).format(clause=clause(fact)), "reply")
        return Reaction(self._sometimes("unknown", heard.chance, 2), "reply")

    def _to_answer(self, said: list[str], heard: Heard) -> Reaction | None:
        """To a right answer, a feeling, an echo, or the same words again; None to anything else."""
        if heard.pending is not None and is_right(heard.text, heard.pending):
            return Reaction(self._phrase("oh" if _is_personal(heard.pending) else "praise", heard.chance), "praise")
        if feeling := self._to_feeling(said):
            return Reaction(feeling, "reply")
        if heard.asked and content(heard.text) == content(heard.asked):
            return Reaction(self._sometimes("echo", heard.chance, 2))
        if said == words(heard.before):
            return Reaction(self._sometimes("again", heard.chance, 3))
        return None

    def _to_feeling(self, said: list[str]) -> str:
        if said[:1] == ["i'm"]:
            said = ["i", "am", *said[1:]]
        if len(said) > 5 or said[:2] not in (["i", "am"], ["i", "feel"]) or said[-1] not in self._feelings:
            return ""
        if "not" in said:
            return ""
        kind = self._feelings[said[-1]]
        return self._phrase(kind, len(said)).format(feeling=said[-1])

    def _to_statement(self, heard: Heard) -> Reaction:
        things = self._library.things_in(heard.text, heard.topic)
        found = self._library.fact_in(heard.text, things)
        return (
            self._to_liking(heard, things)
            or (self._recast(*found, heard) if found else None)
            or self._to_other(heard, things)
        )

    def _to_liking(self, heard: Heard, things: list[Thing]) -> Reaction | None:
        said = words(heard.text)
        liked = next((thing for thing in things if thing.many or thing.number == "mass"), None)
        if liked is None or len(said) > 5 or said[:2] not in (["i", "like"], ["i", "love"]):
            return None
        return Reaction(self._phrase("likes", heard.chance).format(things=liked.many or liked.noun), "reply")

    def _recast(self, thing: Thing, fact: Fact, heard: Heard) -> Reaction:
        true = state(thing, fact)
        if heard.pending is not None and true == heard.pending.answer:
            return Reaction(self._phrase("praise", heard.chance), "praise")
        if heard.pending is not None and thing.noun not in words(heard.pending.question + heard.pending.answer):
            return Reaction()
        if fact.relation == "cannot" and not is_negative(heard.text):
            return Reaction(sentence(f"no, {clause(true)}"), "recast")
        if fact.relation != "cannot" and is_negative(heard.text):
            return Reaction(sentence(f"I think that {clause(true)}"), "recast")
        return Reaction(self._phrase("recast", heard.chance).format(clause=clause(true)), "recast")

    def _to_other(self, heard: Heard, things: list[Thing]) -> Reaction:
        if heard.pending is not None and not _is_personal(heard.pending) and heard.chance % 2:
            return Reaction(self._phrase("try", heard.chance))
        if heard.pending is None and things and things[0].facts:
            fact = things[0].facts[heard.chance // 3 % len(things[0].facts)]
            return Reaction(self._phrase("named", heard.chance).format(clause=clause(state(things[0], fact))), "recast")
        if self._library.known_share(heard.text) < 0.4:
            letters = [letter for letter in heard.text if letter.isalpha()]
            foreign = sum(not letter.isascii() for letter in letters) * 5 > len(letters)
            return Reaction(self._sometimes("foreign" if foreign else "unclear", heard.chance, 2), "reply")
        return Reaction(self._sometimes("oh", heard.chance, 4))

    def _sometimes(self, key: str, chance: int, one_in: int) -> str:
        return self._phrase(key, chance // 7) if chance % one_in == 0 else ""

    def _phrase(self, key: str, chance: int) -> str:
        found = self._phrases.get(key, ("",))
        return found[chance // 11 % len(found)]


def _is_about_the_tutor(said: list[str]) -> bool:
    return len(said) <= ABOUT_WORDS and bool({"you", "your"} & set(said)) and not _ABOUT_ITSELF.isdisjoint(said)


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
