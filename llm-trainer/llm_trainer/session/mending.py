"""What a language model adds to its words, taken off again: one small function for each habit.

Every function is pure, gives good text back unchanged and takes time in proportion to the text: no pattern here can
try the same stretch in more than a bounded number of ways.
"""

from __future__ import annotations

import html
import re
import unicodedata

from llm_trainer.session.wording import listed

# ---------------------------------------------------------------- characters

_ODD_SPACES = dict.fromkeys((*range(0x2000, 0x200B), 0xA0, 0x1680, 0x202F, 0x205F, 0x3000, 0x0B, 0x0C, 0x85), " ")
_BREAKS = {0x2028: "\n", 0x2029: "\n", 0x0D: "\n"}
_BROKEN = {
    "â€™": "’", "â€˜": "‘", "â€œ": "“", "â€\x9d": "”", "â€“": "–", "â€”": "—", "â€¦": "…", "Ã©": "é", "Ã¨": "è",
    "Ã¶": "ö", "Ã¼": "ü", "Ã¤": "ä", "Ã±": "ñ", "Â ": " ",
}  # fmt: skip
_ENTITY = re.compile(
    r"&(?:amp|lt|gt|quot|apos|nbsp|hellip|mdash|ndash|rsquo|lsquo|ldquo|rdquo|#\d{2,6}|#x[0-9a-f]{2,5});"
)
_ESCAPED = re.compile(r"\\(?:n|r|t|u201[89cd])")


def plain_characters(text: str) -> str:
    """Composed (NFC), with ordinary spaces; without control, format, private and lone surrogate characters.

    >>> plain_characters("Cafe\\u0301\\u00a0\\u202eis\\ud800 open")
    'Café is open'
    """
    if text.isascii() and text.isprintable() and "&" not in text and "\\" not in text:
        return text
    text = text.translate(_ODD_SPACES).translate(_BREAKS)
    text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
    text = _ESCAPED.sub(lambda escape: {"\\t": " ", "\\n": "\n", "\\r": "\n"}.get(escape[0], "'"), text)
    for broken, meant in _BROKEN.items() if "â€" in text or "Ã" in text or "Â" in text else ():
        text = text.replace(broken, meant)
    kept: list[str] = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category == "Mn" else 0
        if marks <= 2 and (category[0] != "C" or character in "\n\t") and character != "\ufffd":
            kept.append(_upright(character))
    return unicodedata.normalize("NFC", "".join(kept))


def _upright(character: str) -> str:
    """The ordinary letter for a mathematical or full-width one."""
    if "\U0001d400" <= character <= "\U0001d7ff" or "\uff01" <= character <= "\uff5e":
        return unicodedata.normalize("NFKC", character)
    return character


# ---------------------------------------------------------------- Markdown

_RULE = re.compile(r"(?m)^[ \t]{0,3}(?:-{3,200}|\*{3,200}|_{3,200}|={3,200})[ \t]{0,3}$")
_HEADING = re.compile(r"(?m)^[ \t]{0,3}#{1,6}[ \t]+[^\n]{0,200}$")
_HEADING_MARK = re.compile(r"(?m)^[ \t]{0,3}#{1,6}[ \t]+")
_QUOTE_MARK = re.compile(r"(?m)^[ \t]{0,3}(?:>[ \t]?){1,3}(?=\S)")
_ITEM = re.compile(r"^[ \t]{0,8}(?:[-*+•‣▪◦–→][ \t]+|\(?\d{1,2}[.)][ \t]+)(?=\S)")
_LINK = re.compile(r"!?\[([^\[\]\n]{1,200})\]\([^()\s]{1,400}\)")
_PAIRED = [
    re.compile(r"(?<![*\w])\*{2,3}(?=\S)([^*\n]{1,400}?)(?<=\S)\*{2,3}(?!\*)"),
    re.compile(r"(?<![_\w])_{2}(?=\S)([^_\n]{1,400}?)(?<=\S)_{2}(?![_\w])"),
    re.compile(r"(?<![*\w])\*(?=[^\W\d_\"'“])([^*\n]{1,400}?)(?<=[\w.,!?\"'”…])\*(?![*\w])"),
    re.compile(r"(?<![_\w])_(?=[^\W\d_])([^_\n]{1,400}?)(?<=[\w.,!?])_(?![_\w])"),
    re.compile(r"~~([^~\n]{1,400}?)~~"),
    re.compile(r"(?<!`)`([^`\n]{1,80})`(?!`)"),
]
_BOLD_LEFT = re.compile(r"(?<!\S)\*\*(?=\w)|(?<=[\w.,:!?])\*\*(?!\S)|\*\*$")


def without_markdown(text: str) -> str:
    """Bold, italic, links, headings, rules and quotation marks of Markdown gone; a list as one sentence after another.

    >>> without_markdown("**Pets**:\\n1. A cat\\n2. A dog")
    'Pets: A cat, A dog.'
    """
    text = _RULE.sub("", _LINK.sub(r"\1", text))
    if _HEADING_MARK.search(text):
        bare = _HEADING.sub("", text)
        text = bare if any(character.isalnum() for character in bare) else _HEADING_MARK.sub("", text)
    text = _QUOTE_MARK.sub("", text)
    for pattern in _PAIRED:
        text = pattern.sub(r"\1", text)
    return _without_list(_BOLD_LEFT.sub("", text))


def _without_list(text: str) -> str:
    lines = text.split("\n")
    marks = [_ITEM.match(line) for line in lines]
    if not any(marks) or (len(lines) == 1 and lines[0].lstrip()[0].isdigit()):
        return text
    out = ""
    items = [line[mark.end() :].strip() for line, mark in zip(lines, marks, strict=True) if mark]
    short = all(len(item.split()) <= 4 and item[-1] not in ".!?" for item in items)
    for index, (line, mark) in enumerate(zip(lines, marks, strict=True)):
        if mark is None:
            out += (" " if out else "") + line.strip()
            continue
        item, last = line[mark.end() :].strip(), not any(marks[index + 1 :])
        ended = item if item[-1] in ".!?…" else item.rstrip(",;") + ("," if short and not last else ".")
        out += (" " if out else "") + ended
    return out


# ---------------------------------------------------------------- stage directions, emoji, covers

_ACTS = listed(
    """
    smile laugh chuckle giggle grin nod wave wink sigh gasp pause blush shrug frown whisper cough yawn clap hug
    bow gesture lean look point tilt shake raise clear scratch stretch think beam cheer jump sing hum purr sniff
    cry sob smirk snicker stare glance gaze blink breathe exhale inhale hold hand offer pat place pull put reach
    sit stand step turn walk take tap touch pet kneel kiss open close pick rub roll speak excited exciting
    softly gently warmly thoughtful thoughtfully happily sadly quietly playfully enthusiastically encouragingly
    voice tone pauses beat silence music sound applause laughter gesturing sparkle squeal eyes adjust continue
    wait listen respond reply
    """
)
_STAGED = re.compile(
    r"(?<![\w*])\*(?=[^\W\d])([^*\n]{2,120})\*(?![\w*])|(?<![\w_])_(?=[^\W\d])([^_\n]{2,120})_(?![\w_])"
    r"|\((?=[^\W\d])([^()\n]{2,120})\)|\[(?=[^\W\d])([^\[\]\n]{2,120})\]|\*\*(?=[a-z])([^*\n]{2,120})\*\*"
)
_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\u231a-\u23ff\U0001f1e6-\U0001f1ff\U000e0020-\U000e007f]"
    "[\ufe0f\u20e3\u200d\U0001f3fb-\U0001f3ff]{0,3}|\ufe0f"
)
_SHORTCODE = re.compile(r"(?<![\w:]):[a-z]{3,20}(?:_[a-z]{2,20}){0,4}:(?!\w)")
_COVER = re.compile(
    r"(?:(?:sure|okay|ok|certainly|of course|absolutely|got it|great|alright|understood)(?: thing)?[!,.]{1,2} )?"
    r"(?:here(?:'s| is| are|’s)|below is|my (?:response|reply|answer)(?: is)?|i would (?:say|respond|reply))"
    r"\b(?=[^:\n]{0,80}\b(?:sentences?|response|reply|answer|turn|conversation|version|dialogue|line|message)\b)"
    r"[^:\n.!?]{0,90}:\s{0,4}"
    r"|(?:response|reply|answer|output|final answer|my turn|translation|english)\s?:\s{0,3}",
    re.IGNORECASE,
)
_COMMENT = re.compile(
    r"[(\[](?:note|word count|translation|this (?:response|sentence|reply)|i (?:used|kept|have)|remember|please|"
    r"\d{1,4} words)\b[^()\[\]\n]{0,300}[)\]]"
    r"|(?m:^[ \t]{0,3}(?:note|word count|explanation|disclaimer)\s?:[^\n]{0,400}$)",
    re.IGNORECASE,
)
_QUOTES = (('"', '"'), ("“", "”"), ("'", "'"), ("‘", "’"), ("„", "“"))


def without_stage(text: str) -> str:
    """Without what is acted rather than said, and without remarks about the answer itself.

    >>> without_stage("*smiles warmly* Hello! It is *very* nice to see you. (laughs)").strip()
    'Hello! It is *very* nice to see you.'
    """
    return _STAGED.sub(_kept, _COMMENT.sub("", text))


def _kept(staged: re.Match[str]) -> str:
    inner = next(part for part in staged.groups() if part is not None)
    first = inner.split()[0].strip(".,!?;:").casefold()
    starred = staged[0][0] in "*_["
    roots = {first, first.removesuffix("s"), first.removesuffix("es"), first.removesuffix("ing"), first[:-3] + "e"}
    if first.endswith(("ed", "ing")) and len(first) > 5:
        roots |= {first[:-2], first[:-3], first[:-4], first.removesuffix("d")}
    if roots & _ACTS and (starred or len(inner.split()) <= 4):
        return ""
    if starred and inner[0].islower() and len(inner.split()) >= 3 and first.endswith(("s", "ing")) and len(first) > 4:
        return ""
    return staged[0]


def without_emoji(text: str) -> str:
    """Without pictures; typed faces such as ":)" stay."""
    bare = _EMOJI.sub("", text)
    return _SHORTCODE.sub("", bare) if ":" in bare else bare


def uncovered(text: str) -> str:
    """Without an announcement before the words ("Sure! Here is a sentence:") and without quotation marks around all.

    >>> uncovered('Sure! Here is a short sentence about cats: "Cats purr."')
    'Cats purr.'
    """
    text = text.strip()
    if cover := _COVER.match(text):
        text = text[cover.end() :].strip() or text
    for opening, closing in _QUOTES:
        inside = text[1:-1]
        whole = not set(inside) & {opening, closing} or (opening in "'‘" and closing + " " not in inside)
        if inside and text[0] == opening and text[-1] == closing and whole:
            return inside.strip()
    return text


_SPACES = re.compile(r"\s+")
_SPACE_BEFORE = re.compile(r"(?<=\w) (?=[,.!?](?:\s|$))")


def on_one_line(text: str) -> str:
    """One line, single spaces."""
    return _SPACES.sub(" ", text).strip()
