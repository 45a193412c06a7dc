"""Is this English, and is it language at all? Judged by script, by function words and by neighbouring letters.

The letter pairs are those that hardly ever stand side by side in an English word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from llm_trainer.session.function_words import ENGLISH, OTHERS
from llm_trainer.session.wording import listed, sentences, words

_QUOTED = re.compile(r"[\"“«„][^\"“”«»„]{1,120}[\"”»]|(?<!\w)['‘][^'‘’]{1,120}['’](?!\w)")
_CLAUSE_END = re.compile(r"[,;:–—]")
_SPANISH_MARK = re.compile(r"[¿¡]")
_RARE_PAIRS = {
    "b": "fgknpqxz", "c": "fjnwxz", "d": "kqxz", "f": "bghjmnpqvxz", "g": "cfjkqvwxz", "h": "fgjkvxz",
    "j": "bcdghjklmnpqstwxyz", "k": "cjqvxz", "l": "hjqxz", "m": "hjkqxz", "p": "jkqvxz",
    "q": "bcdefghjklmnoprstvwxyz", "r": "jqx", "s": "jvxz", "t": "jkqx", "u": "quw", "v": "bcdfghjklmnqtwxz",
    "w": "gjmpquvxz", "x": "dgjklnqrvwz", "y": "jkqvxy", "z": "bcfhjkmnpqrstvwx",
}  # fmt: skip
_RARE = frozenset(first + second for first, seconds in _RARE_PAIRS.items() for second in seconds)
_VOWEL = re.compile("[aeiouyàáâäãåæèéêëìíîïòóôöõøœùúûü0-9]")
_VOWELLESS = listed("mr mrs ms dr st tv cd dvd pc hmm mm shh pst psst brr vs nth km cm kg ft lb lbs pm hm")


@lru_cache(maxsize=256)  # each turn is looked at again while it is among the last ones
def is_foreign(text: str) -> bool:
    """Whether the text, or one whole sentence of it outside of quotation marks, is not English.

    Letters of another script make it foreign at once (single Greek letters are symbols); borrowed words do not.

    >>> is_foreign("My aunt makes croissants and gnocchi."), is_foreign("Ich mag auch Hunde.")
    (False, True)
    """
    if not text.isascii() and any(_is_other_script(character) for character in text):
        return True
    bare = _QUOTED.sub(" ", text)
    if 2 * len(bare.strip()) < len(text):
        bare = text
    if _reads_foreign(bare) or any(_reads_foreign(sentence) for sentence in sentences(bare)):
        return True
    return any(_reads_foreign(clause, certain=True) for clause in _CLAUSE_END.split(bare))


def foreignness(texts: Sequence[str]) -> float:
    """The share of foreign sentences among all sentences of some turns; 0.0 for none."""
    judged = [is_foreign(sentence) for text in texts for sentence in sentences(text)]
    return sum(judged) / len(judged) if judged else 0.0


def is_gibberish(text: str) -> bool:
    """Whether the text is no language: signs rather than letters, or words that nobody could pronounce."""
    visible = [character for character in text if not character.isspace()]
    spoken = sum(character.isalnum() or character in ".,!?'’" for character in visible)
    if len(visible) > 8 and spoken < 0.7 * len(visible):
        return True
    letters = sum(character.isalpha() for character in visible)
    digits = sum(character.isdigit() for character in visible)
    if digits > 12 and digits > 2 * letters:
        return True
    found = [word for word in words(text) if len(word) > 1]
    odd = sum(_is_odd(word) for word in found)
    if odd >= 2 and odd > 0.25 * len(found):
        return True
    return (len(found) <= 2 and odd > 0 and _is_odd(max(found, key=len))) or _has_odd_case(text)


def _is_other_script(character: str) -> bool:
    if character < "\u0370" or not character.isalpha() or unicodedata.name(character, "").startswith("LATIN"):
        return False
    return character not in "αβγδεθλμπρστφχψωΔΣΩµ" and not "\u2100" <= character <= "\u214f" and character != "ª"


def _reads_foreign(text: str, certain: bool = False) -> bool:
    """``certain``: without one English word, for parts of sentences."""
    found = words(text)
    if not found:
        return False
    kinds = set(found)
    english = len(kinds & ENGLISH)
    foreign = max(len(kinds & small_words) for small_words in OTHERS.values())
    if certain:
        return foreign >= 3 and english == 0
    accented = 0 if text.isascii() else sum(_is_accented(word) for word in found)
    marked = accented + 2 * bool(_SPANISH_MARK.search(text))
    if foreign >= 2 and foreign > english + (len(found) < 4):
        return True
    if len(found) >= 3 and marked >= 2 and foreign + marked > 2 * english + 1 and foreign + bool(marked > 2):
        return True
    return len(found) == 2 and foreign == 2 and english == 0 and marked > 0


def _is_accented(word: str) -> bool:
    return not word.isascii() and any(character > "\x7f" and character.isalpha() for character in word)


def _is_odd(word: str) -> bool:
    if not word.isascii():
        return False
    plain = word if word.isalpha() else "".join(character for character in word if "a" <= character <= "z")
    if len(plain) < 2:
        return False
    if any(character.isdigit() for character in word):
        return _switches(word) > 2
    if len(word) > 28:
        return True
    if len(plain) > 2 and word not in _VOWELLESS and not _VOWEL.search(plain):
        return True
    rare = sum(first + second in _RARE for first, second in pairwise(plain))
    return rare >= 2 or (rare == 1 and len(plain) <= 6)


def _switches(word: str) -> int:
    kinds = [character.isdigit() for character in word]
    return sum(first != second for first, second in pairwise(kinds))


_ODD_CASE = re.compile(r"\b[a-z]{1,2}[A-Z]")


def _has_odd_case(text: str) -> bool:
    """tHiS wAy, in three words at least."""
    return len(_ODD_CASE.findall(text)) >= 3
