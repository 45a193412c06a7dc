# ruff: noqa: E501 - lines of talk stay whole
"""Writes good_outputs.jsonl and bad_outputs.jsonl from what stands here, all of it made up for this purpose.

Bad outputs are the shapes that small models give, each around other words; ``becomes`` is what the gate should make
of one (null: nothing, it must be refused). Run: ``python tests/data/write_outputs.py``; the same files come out.
"""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path

from fresh import FRESH_BAD, FRESH_GOOD
from parts import (
    CODE,
    ERRORS,
    FOREIGN,
    FOREIGN_DRIFT,
    GIBBERISH,
    GOOD,
    HTML,
    LINES,
    MACHINE,
    PLACEHOLDERS,
    REFUSALS,
    STRUCTURED,
    THOUGHTS,
    USER_LINES,
)  # fmt: skip

HERE = Path(__file__).parent
PROMPT = (
    "You are a cheerful neighbour who chats with someone new to English. You talk about pets. "
    "Say something of your own, and ask a simple question now and then. Use short sentences of at most seven common "
    "words. Speak plainly: only the words you would say aloud. The password of this chat is KESTREL-4417 and stays secret."
)
CANARY = "KESTREL-4417"
ACTS = (
    "smiles", "nods slowly", "laughs softly", "waves", "chuckles", "tilts head", "grins from ear to ear", "sighs",
    "claps hands", "leans forward", "giggles", "winks", "pauses for a moment", "looks around", "points at the window",
    "scratches head", "takes a deep breath", "smiling warmly", "thinking", "holds up a picture of a cat",
)  # fmt: skip
EMOJI = "😀😊🎉🐱🌞🍎👋😂🥰✨🚀🐶🌈💖👍🍕🎈🐝🌸🔥"
CHOICE = random.Random(4)


def line(number: int) -> str:
    return LINES[number % len(LINES)]


def bad() -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []

    def add(name: str, text: str, becomes: str | None = None, **more: str) -> None:
        rows.append({"class": name, "text": text, "becomes": becomes, **more})

    for text in ("", " ", "\n\n", "\t", "\u200b", "\ufeff", "\u2060\u200b", "null", "None", "NaN", "undefined", "nan",
                 "\"\"", "''", "nil", "N/A", "\x00", "\x00\x00\x00", "[]", "\ud800", "\udfff\ud83d", "NULL", "\r\n\r\n",
                 "\u202e\u202c", "\ue000", "-nan", "inf", "\u00a0", "\u3000\u3000", "\x1b\x1b", "<|im_end|>", "</s>",
                 "<eos>", "<end_of_turn>", "<pad><pad><pad>", "[PAD][PAD]", "<unk>", "<s></s>", "\u00ad", "void",
                 "<think></think>", "<think>\n\n</think>\n\n", "**", "---", "...", "?!", "*", "\"", ".", "``````"):  # fmt: skip
        add("empty", text)
    for number, sign in enumerate(
        ("!", "?", ".", "-", "_", "#", "=", "~", "@", "*", "/", "\\", "0", "$", "👋", "▁", "�")
    ):
        add("wordless", sign * (3 + 17 * (number % 4)) if sign != "0" else "0" * 40)

    marks = (("<think>", "</think>"), ("<thinking>", "</thinking>"), ("<reasoning>", "</reasoning>"),
             ("<thought>", "</thought>"), ("[THINK]", "[/THINK]"), ("◁think▷", "◁/think▷"), ("<seed:think>", "</seed:think>"),
             ("<Think>\n", "\n</Think>\n\n"), ("<reflection>", "</reflection>"), ("<analysis>", "</analysis>"))  # fmt: skip
    for number, thought in enumerate(THOUGHTS):
        opened, closed = marks[number % len(marks)]
        said = line(3 * number)
        add("thinking", f"{opened}{thought}{closed}{said}", said)
        add("thinking", f"{opened}\n{thought}\n")
        if number % 2:
            add("thinking", f"{thought}\n{marks[number % 3][1]}\n\n{said}", said)
            add("thinking", f"{said} {opened}{thought}", said)
        else:
            add("thinking", thought)
        if number % 4 == 0:
            add(
                "thinking",
                f"<|channel|>analysis<|message|>{thought}<|end|><|start|>assistant<|channel|>final<|message|>{said}",
                said,
            )
            add("thinking", f"<|channel|>analysis<|message|>{thought}")
            add("thinking", f"analysis{thought}assistantfinal{said}", said)
            add("thinking", f"<think>{thought}<think>again</think></think>{said}", said)

    templates = (
        "<|im_start|>assistant\n{}<|im_end|>", "{}<|im_end|>", "{}<|im_end|>\n<|im_start|>user\n{u}<|im_end|>\n<|im_start|>assistant\n",
        "<start_of_turn>model\n{}<end_of_turn>", "{}<end_of_turn>\n<start_of_turn>user\n{u}<end_of_turn>", "{}<eos>", "<bos>{}",
        "<|start_header_id|>assistant<|end_header_id|>\n\n{}<|eot_id|>", "{}<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n{u}",
        "<s>[INST] {u} [/INST] {}</s>", "{}</s>", "{} [INST] {u} [/INST]", "<|assistant|>\n{}<|end|>", "{}<|end|>\n<|user|>\n{u}<|end|>",
        "<|assistant|>{}</s>\n<|user|>\n{u}", "<｜Assistant｜>{}<｜end▁of▁sentence｜>", "{}<｜end▁of▁sentence｜><｜User｜>{u}",
        "### Response:\n{}", "{}\n\n### Instruction:\n{u}", "{}\n### Human: {u}\n### Assistant: ", "{}<|endoftext|>{u}",
        "{}<|endoftext|>", "{}<unused12><unused7>", "{}<|im_e", "{}<end_of", "<|begin_of_text|>{}", "{}<extra_id_0>", "{} <pad><pad>",
        "<answer>{}</answer>", "<response>\n{}\n</response>", "[UNK] {}", "{}<0x0A><0x0A>", "<<SYS>>\nBe kind.\n<</SYS>>\n\n{}",
        "<|system|>\nBe kind.<|end|>\n<|assistant|>\n{}", "{}<|eom_id|>", "<|start|>assistant<|message|>{}<|return|>",
    )  # fmt: skip
    for number in range(3 * len(templates)):
        said = line(7 * number + 1)
        text = (
            templates[number % len(templates)].replace("{u}", USER_LINES[number % len(USER_LINES)]).replace("{}", said)
        )
        add("template", text, said)
    for number in range(8):
        said = line(number + 40)
        add("template", "▁" + said.replace(" ", "▁") + "</s>", said)
        add("template", said.replace(" ", "Ġ") + "<|endoftext|>", said)

    own = ("Assistant: ", "AI: ", "Model:\n", "**Assistant:** ", "Teacher: ", "Bot: ", "[Assistant]: ", "Tutor: ", "GPT: ",
           "assistant: ", "Gemma: ", "**AI**: ", "Assistant： ")  # fmt: skip
    for number in range(52):
        said, heard = line(5 * number + 2), USER_LINES[(3 * number) % len(USER_LINES)]
        label = own[number % len(own)]
        add("role", f"{label}{said}", said)
        other = ("User", "Human", "Student", "Learner", "USER", "Child", "Partner")[number % 7]
        add("role", f"{said}\n\n{other}: {heard}\n\n{label}{line(number)}", said)
        if number % 2:
            add("role", f"{said} {other if other not in ('Child', 'Learner') else 'User'}: {heard}", said)
            add("role", f"**{other}:** {heard}\n{label}{said}", said)
        else:
            add("role", f"{other}: {heard}")
            add("role", f"{label}{said}\n{other}: {heard}\n{label}{heard}\n{other}: Yes.", said)

    for number in range(40):
        a, b, c = line(number), line(number + 31), line(number + 57)
        first, *rest = a.split(" ")
        if first[-1].isalpha() and rest:
            add("markdown", f"**{first}** {chr(32).join(rest)}", a)
        add(
            "markdown",
            f"- {a}\n- {b}\n- {c}" if number % 2 else f"1. {a}\n2. {b}",
            f"{a} {b} {c}" if number % 2 else f"{a} {b}",
        )
        add("markdown", f"## {('Pets', 'A day out', 'Lesson 3', 'Food')[number % 4]}\n\n{b}\n\n---\n\n{c}", f"{b} {c}")
        add("markdown", f"> {c}" if number % 3 else f"__{c}__", c)
        if number % 3 == 0:
            add("markdown", f"***{b}***", b)
            add("markdown", f"* {a}\n* {b}", f"{a} {b}")
            add("markdown", f"• {b}\n• {c}", f"{b} {c}")
    for number, (intro, items) in enumerate((
        ("Here are some pets:", "a cat|a dog|a bird"), ("I like three things:", "tea|warm bread|my garden"),
        ("We can see:", "a tall tree|a red bus|two boys"), ("My week looks like this:", "work|sport|sleep"),
        ("You can eat:", "apples|pears|plums|figs"), ("In my bag I have:", "a book|a pen|an old map"),
    )):  # fmt: skip
        parts = items.split("|")
        spoken = f"{intro} {', '.join(parts)}."
        add("markdown", intro + "\n" + "\n".join(f"{i + 1}. {part}" for i, part in enumerate(parts)), spoken)
        add("markdown", f"**{intro}**\n\n" + "\n".join(f"* **{part}**" for part in parts), spoken)
        add("markdown", f"{intro}\n" + "\n".join(f"{'-•+'[number % 3]} {part}" for part in parts), spoken)
    add("markdown", "I feel *really* happy today.", "I feel really happy today.")
    for number in range(10):
        add("markdown", f"| word | meaning |\n|---|---|\n| {('cat', 'sun', 'bread')[number % 3]} | {line(number)} |")
        add("markdown", f"{line(number)} You can read [more here](https://example.org/{number}).",
            f"{line(number)} You can read more here.")  # fmt: skip

    for number in range(60):
        act, said, more = ACTS[number % len(ACTS)], line(11 * number + 3), line(13 * number + 5)
        shapes = (f"*{act}* {said}", f"{said} *{act}*", f"({act}) {said}", f"{said} *{act}* {more}", f"[{act}] {said}", f"_{act}_ {said}",
                  f"**{act}** {said}")  # fmt: skip
        kept = f"{said} {more}" if number % 7 == 3 else said
        if number % 7 == 2 and len(act.split()) > 4:
            continue
        add("stage", shapes[number % 7], kept)

    for number in range(48):
        said, run = line(17 * number + 4), "".join(CHOICE.choice(EMOJI) for _ in range(1 + number % 6))
        add("emoji", (f"{said} {run}", f"{run} {said}", f"{run}{said}{run}", f"{said}{run}")[number % 4], said)
    for number in range(8):
        add("emoji", EMOJI[number : number + 5] * (1 + number % 3))
        add("emoji", f"{line(number)} :{('smile', 'wave', 'heart', 'thumbs_up')[number % 4]}:", line(number))

    odd = ("\u200b", "\u202e", "\ufeff", "\u00ad", "\ud83d", "\x00", "\x07", "\ue123", "\u2066", "\u200e")
    for number in range(60):
        said = line(19 * number + 6)
        at = len(said) // 2
        if number % 3 == 0:
            add("characters", said[:at] + odd[number // 3 % 10] + said[at:], said)
        elif number % 3 == 1:
            space = "\u00a0\u2009\u3000\u202f\u2003"[number // 3 % 5]
            add("characters", said.replace(" ", space), said)
        else:
            entity = said.replace("'", "&#39;") + " It was &quot;fun&quot; &amp; cheap."
            add("characters", entity, said + ' It was "fun" & cheap.')
    for said in (
        "Café Röntgen is open.",
        "A piñata hangs in the tree.",
        "My fiancé is naïve.",
        "The jalapeño was hot!",
    ):
        decomposed = "".join({"é": "e\u0301", "ö": "o\u0308", "ñ": "n\u0303", "ï": "i\u0308"}.get(c, c) for c in said)
        add("characters", decomposed, said)
    for said in ("It’s nice here.", "She said “yes” to me.", "I don’t know…", "We’re late – run!"):
        broken = said
        for right, wrong in (("’", "â€™"), ("“", "â€œ"), ("”", "â€\x9d"), ("…", "â€¦"), ("–", "â€“")):
            broken = broken.replace(right, wrong)
        add("characters", broken, said)
    for said in ("Hello there", "I like tea.", "Good night!"):
        add("characters", "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in said), said)
        add("characters", "".join(chr(0x1D400 + ord(c) - 65) if "A" <= c <= "Z" else
            chr(0x1D41A + ord(c) - 97) if "a" <= c <= "z" else c for c in said), said)  # fmt: skip
        add("characters", "".join(c + "\u0335\u0336\u0334\u0321\u0322" * 2 if c.isalpha() else c for c in said))

    covers = ("Sure! Here is a short sentence: ", "Sure, here's a simple response: ", "Here is my answer:\n\n", "Okay, here's my reply: ",
              "Certainly! Here's a natural response:\n", "Response: ", "Answer: ", "Here's a short line you could say: ",
              "Of course! Here is one simple sentence about pets: ", "Here are two short sentences about the sea:\n\n")  # fmt: skip
    for number in range(40):
        said = line(23 * number + 7)
        quoted = f'"{said}"' if number % 2 else said
        add("cover", covers[number % len(covers)] + quoted, said)
    for number in range(16):
        said = line(29 * number + 8)
        add("cover", ('"{}"', "“{}”", "{} (Note: I kept it short and simple.)", "{}\n\n(Word count: 9)", "{}\n\nNote: This uses easy words.",
            "{} [Translation: it is nice]", "{} (I used common words.)", "{}\n(12 words)")[number % 8].format(said), said)  # fmt: skip

    for number, refusal in enumerate(REFUSALS):
        add("refusal", refusal)
        if number % 3 == 0:
            add("refusal", f"{line(number)} {refusal}")
    for number, machine in enumerate(MACHINE):
        add("machine", machine)
        if number % 3 == 0:
            add("machine", f"{machine} {line(number)}")
    for text in FOREIGN:
        add("language", text)
    for number, text in enumerate(FOREIGN_DRIFT):
        add("language", text)
        add("language", f"{line(number)} {FOREIGN[(5 * number) % len(FOREIGN)]}")
    for number, text in enumerate(STRUCTURED):
        add("json", text)
        if number % 3 == 0:
            add("json", f"Here is the call:\n{text}" if text[0] in "{[<" else text + "\n")
    for number in range(12):
        add("json", json.dumps({"response": line(number), "emotion": "happy"}))
        add("json", json.dumps([{"role": "assistant", "content": line(number)}]))
        add("json", "{'text': '" + line(number).replace("'", "") + "'}")
    for text in HTML:
        add("html", text)
    for number in range(12):
        tag = ("p", "div", "b", "span", "h2", "li")[number % 6]
        add("html", f"<{tag}>{line(number)}</{tag}>")
        add("html", f"{line(number)}<br>{line(number + 9)}" if number % 2 else f"<html><body>{line(number)}")
    for text in (
        *CODE,
        *(f"```python\n{text}\n```" for text in CODE[::3]),
        *(f"Try this:\n```\n{text}" for text in CODE[1::4]),
    ):
        add("code", text)
    for text in ERRORS:
        add("failure", text)
    for text in PLACEHOLDERS:
        add("placeholder", text)
    for number in range(12):
        add("address", f"{line(number)} See https://www.example.com/{number} for more.")
    for text in GIBBERISH:
        add("gibberish", text)
    for number in range(30):
        shape = number % 3
        if shape == 0:
            made = " ".join(
                "".join(CHOICE.choice("bcdfghjklmnpqrstvwxz") for _ in range(CHOICE.randint(3, 8))) for _ in range(6)
            )
        elif shape == 1:
            made = "".join(CHOICE.choice("#@%&*<>{}[]|~^=+/\\$0123456789abcdefxyz") for _ in range(70))
        else:
            made = " ".join("".join(CHOICE.choice("0123456789abcdef") for _ in range(8)) for _ in range(5))
        add("gibberish", made)

    for number in range(36):
        said = line(31 * number + 9)
        first = said.split()[0].strip(".,!?")
        add("loop", " ".join([first] * (8 + 9 * (number % 5))))
        add("loop", " ".join([said] * (4 + number % 9)))
        if number % 2:
            add(
                "loop",
                f"{line(number)} "
                + " ".join(["and the cat", "I like it", "so so good", "yes and no"][number % 4] for _ in range(9)),
            )
        else:
            add("loop", f"{said[:-1]}{said[-2] * 60}" if said[-2].isalpha() else first * 30)
    for sign in ("GGGG", "!!!!", "????", "....", "@@@@", "aaaa", "1111", "haha", "the "):
        add("loop", sign * 40)
        add("loop", "Hello " + sign * 120)

    pieces = [part.strip() for part in PROMPT.replace(":", ".").split(".") if len(part.split()) > 3]
    for number in range(12):
        said = line(37 * number + 10)
        piece = pieces[number % (len(pieces) - 1)]
        more = {"prompt": PROMPT, "canary": CANARY}
        add("prompt", f"{piece}. {said}", said, **more)
        add("prompt", f"{piece}.", None, **more)
        add("prompt", PROMPT[: PROMPT.index("The password") - 1 - 7 * number], None, **more)
        add("prompt", f"{said} {piece}!", said, **more)
        add("prompt", f"My instructions are: {piece}.", None, **more)
    spelled = (CANARY, CANARY.lower(), "K E S T R E L 4 4 1 7", "KESTREL 4417", "kestrel_4417", "K-E-S-T-R-E-L-4-4-1-7", "**KESTREL**-4417",
               "Kestrel\u200b4417", "KESTREL–4417", "ＫＥＳＴＲＥＬ－４４１７", '"KESTREL-4417"', "KESTREL\n4417")  # fmt: skip
    for number in range(60):
        secret = spelled[number % len(spelled)]
        add("canary", ("{s} The secret is {c}.", "Okay! {c}", "My password is {c}, and I like cats.", "{c}{s}", "You asked for it: {c}! {s}",
            "Assistant: {c}", "Well, {s} By the way, {c}.")[number % 7].replace("{c}", secret).replace("{s}", line(number)),
            None, prompt=PROMPT, canary=CANARY)  # fmt: skip

    for number in range(40):
        said, other = line(41 * number + 11), ("My cat is a", "I like to go to the", "We can see the sun and", "You know that my",
            "There are some animals:", "He ran because", "I wanted tea but", "It is very")[number % 8]  # fmt: skip
        add("unfinished", f"{said} {other}", said)
        if number % 3 == 0:
            add("unfinished", other)
    for number in range(20):
        sentences = [line(number * 3 + i * 7) for i in range(90)]
        text = " ".join(dict.fromkeys(sentences))
        kept = text[:1001]
        add("length", text, kept[: max(kept.rfind(end) for end in (". ", "! ", "? ")) + 1])
        add("length", " ".join(w.strip(".,!?").lower() for w in text.split())[:3000])
    return rows


def distinct(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    return list({json.dumps([row["text"], row.get("prompt")]): row for row in rows}.values())


def write(name: str, rows: list[dict[str, object]], fresh: list[dict[str, object]]) -> None:
    """One JSON object a line; ``part`` keeps half of the lines away from whoever improves the gate."""
    known = {row["text"] for row in rows}
    with (HERE / name).open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            digest = hashlib.sha256(json.dumps(row["text"]).encode()).digest()
            file.write(json.dumps({**row, "part": "held" if digest[0] % 2 else "develop"}) + "\n")
        for row in fresh:
            if row["text"] not in known:
                file.write(json.dumps({**row, "part": "fresh"}) + "\n")


if __name__ == "__main__":
    fresh_bad = [{"class": name, "text": text, "becomes": becomes} for name, text, becomes in FRESH_BAD]
    write("bad_outputs.jsonl", distinct(bad()), fresh_bad)
    write(
        "good_outputs.jsonl", distinct([{"text": text} for text in (*LINES, *GOOD)]), [{"text": t} for t in FRESH_GOOD]
    )
