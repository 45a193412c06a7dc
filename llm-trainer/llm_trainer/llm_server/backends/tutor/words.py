"""English word forms, as far as the tutor's sentences need them.

Only regular rules and the irregular forms of everyday words. Where a topic file says something else
(``thing: mouse / mice``) the file is right.
"""

from __future__ import annotations

import re
from functools import lru_cache

_AN_BY_SOUND = ("hour", "honest", "heir")
_A_BY_SOUND = ("uni", "use", "euro", "one", "once", "u-")
_PLURALS = {
    "child": "children", "man": "men", "woman": "women", "person": "people", "foot": "feet", "tooth": "teeth",
    "mouse": "mice", "goose": "geese", "sheep": "sheep", "fish": "fish", "deer": "deer", "leaf": "leaves",
    "knife": "knives", "shelf": "shelves", "loaf": "loaves", "wolf": "wolves", "half": "halves", "life": "lives",
    "potato": "potatoes", "tomato": "tomatoes", "hero": "heroes", "scarf": "scarves", "wife": "wives",
    "thief": "thieves", "ox": "oxen", "calf": "calves",
}  # fmt: skip
_THIRD = {"be": "is", "have": "has", "do": "does", "go": "goes"}
_SINGULARS = {many: one for one, many in _PLURALS.items()}
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def with_article(noun: str) -> str:
    """``with_article("old house") == "an old house"``."""
    word = noun.lower()
    if word.startswith(_AN_BY_SOUND):
        return f"an {noun}"
    return f"an {noun}" if word[0] in "aeiou" and not word.startswith(_A_BY_SOUND) else f"a {noun}"


def without_article(phrase: str) -> str:
    """``without_article("an animal") == "animal"``."""
    first, _, rest = phrase.partition(" ")
    return rest if first in {"a", "an", "the"} and rest else phrase


def plural(noun: str) -> str:
    """The plural of a noun or of the last word of a compound: ``plural("paint brush") == "paint brushes"``."""
    head, _, last = noun.rpartition(" ")
    if last in _PLURALS:
        many = _PLURALS[last]
    elif last.endswith(("s", "sh", "ch", "x", "z")):
        many = last + "es"
    elif last.endswith("y") and last[-2:-1] not in "aeiou":
        many = last[:-1] + "ies"
    else:
        many = last + "s"
    return f"{head} {many}" if head else many


def third_person(verb_phrase: str) -> str:
    """The form after *he, she, it*: ``third_person("carry a bag") == "carries a bag"``."""
    verb, blank, rest = verb_phrase.partition(" ")
    if verb in _THIRD:
        form = _THIRD[verb]
    elif verb.endswith(("s", "sh", "ch", "x", "z", "o")):
        form = verb + "es"
    elif verb.endswith("y") and verb[-2:-1] not in "aeiou":
        form = verb[:-1] + "ies"
    else:
        form = verb + "s"
    return form + blank + rest


def sentence(text: str, end: str = ".") -> str:
    """Begin with a capital and end with ``end`` unless the text already ends a sentence."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text[-1:] in ".?!" else end)


def clause(text: str) -> str:
    """A sentence made fit to stand inside another one: no full stop, no capital except *I*."""
    text = text.strip().rstrip(".!?")
    first = _WORD.match(text)
    keep = first is not None and (first[0] == "I" or first[0].startswith(("I'", "I’")))
    return text if keep else text[:1].lower() + text[1:]


def both(items: list[str]) -> str:
    """``both(["a", "b", "c"]) == "a, b, and c"``."""
    if len(items) < 3:
        return " and ".join(items)
    return ", ".join(items[:-1]) + ", and " + items[-1]


def words(text: str) -> list[str]:
    """The words of a text in lower case, apostrophes made plain."""
    return [word.lower().replace("’", "'") for word in _WORD.findall(text)]


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """A rough common form of a word's inflections, for comparing only: ``stem("runs") == stem("run")``."""
    if word in _SINGULARS:
        return _SINGULARS[word]
    for ending, instead in (("'s", ""), ("ies", "y"), ("sses", "ss"), ("shes", "sh"), ("ches", "ch"), ("xes", "x")):
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return word[: -len(ending)] + instead
    if word in {"has", "had"}:
        return "have"
    if word in {"does", "goes"}:
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3 else word
