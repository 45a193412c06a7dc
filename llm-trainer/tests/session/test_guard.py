import gzip
import json
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_trainer.session.guard import HEARD, LEVEL_CHARACTERS, UTTERANCE_CHARACTERS, judge
from llm_trainer.session.rejection import CLASSES

DATA = Path(__file__).parents[1] / "data"
SHARED = Path(__file__).parents[4] / "shared" / "data"
PARTS = ("develop", "held", "fresh")


def rows(name: str) -> list[dict]:
    return [json.loads(line) for line in (DATA / name).read_text("utf-8").splitlines()]


BAD, GOOD = rows("bad_outputs.jsonl"), rows("good_outputs.jsonl")


def show(*lines: str) -> None:
    sys.stdout.write("\n" + "\n".join(lines) + "\n")


def verdict_on(row):
    return judge(row["text"], prompt=row.get("prompt", ""), canary=row.get("canary", ""))


def came_of(row) -> str:
    verdict = verdict_on(row)
    if verdict.rejected is not None:
        return "refused"
    return "mended" if verdict.text == row["becomes"] else "let through"


@pytest.mark.parametrize("part", PARTS)
def test_no_bad_output_reaches_the_learner(part, capsys):
    table = {}
    for row in BAD:
        if row["part"] == part:
            table.setdefault(row["class"], Counter())[came_of(row)] += 1
    lines = [f"{name:12}{n['mended']:9}{n['refused']:9}{n['let through']:13}" for name, n in sorted(table.items())]
    with capsys.disabled():
        show(f"\nbad outputs, {part}\n{'class':12}{'mended':>9}{'refused':>9}{'let through':>13}", *lines)

    assert sum(counts["let through"] for counts in table.values()) == 0


def test_hardly_any_good_output_is_refused_and_none_is_changed(capsys):
    judged = [(row, judge(row["text"])) for row in GOOD]
    refused = [row for row, verdict in judged if verdict.rejected]
    changed = [row["text"] for row, verdict in judged if not verdict.rejected and verdict.text != row["text"]]
    of, out = Counter(row["part"] for row in GOOD), Counter(row["part"] for row in refused)
    with capsys.disabled():
        show("", *(f"good outputs, {part}: {of[part]}, refused {out[part]}" for part in PARTS))

    assert len(refused) <= 0.01 * len(GOOD), refused
    assert changed == []


def test_the_corpora_are_large_varied_and_split():
    assert len({row["text"] for row in BAD}) > 1_200
    assert len({row["text"] for row in GOOD}) >= 600
    assert min(Counter(row["part"] for row in BAD if row["part"] != "fresh").values()) > 0.4 * len(BAD)
    assert len({row["class"] for row in BAD}) >= 25


def test_what_could_be_mended_is_hardly_ever_refused():
    mendable = [row for row in BAD if row["becomes"] is not None]

    assert sum(came_of(row) == "refused" for row in mendable) <= 0.01 * len(mendable)


@pytest.mark.parametrize("name", ["persona_chat", "topical_chat", "botbots"])
def test_recorded_conversations_pass_unchanged(name, capsys):
    """The machines of botbots also give program text and speak of themselves: those refusals are right."""
    path = SHARED / f"{name}.jsonl.gz"
    if not path.exists():
        pytest.skip(f"{path.name} is not beside the project")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        dialogues = [json.loads(line) for number, line in enumerate(file) if number % 24 == 0]
    verdicts = [(turn["text"], judge(turn["text"])) for dialogue in dialogues for turn in dialogue["turns"]]
    why = Counter(verdict.rejected for _, verdict in verdicts if verdict.rejected)
    changed = sum(not verdict.rejected and " ".join(text.split()) != verdict.text for text, verdict in verdicts)
    with capsys.disabled():
        show(f"{name}: {len(verdicts)} turns, refused {dict(why)}, changed beyond spaces {changed}")
    right = why["code"] + why["machine"] if name == "botbots" else 0

    assert sum(why.values()) - right <= 0.01 * len(verdicts)
    assert changed <= (0.05 if name == "botbots" else 0.002) * len(verdicts)


HABITS = (
    *("<think>", "</think>", "User:", "Assistant: ", "**", "*smiles*", "```", "<|im_start|>", "{", '"', "\n", "\ud800"),
    *("Hello there. ", "1. ", "# ", "[INST]", "(laughs)", "&amp;", "😀", "- a ", "the ", "\u0301"),
)
ANY_TEXT = st.text(st.characters(), max_size=300) | st.lists(
    st.sampled_from(HABITS),
    max_size=30,
).map("".join)


@given(ANY_TEXT)
@settings(max_examples=400, deadline=None)
def test_any_text_gets_a_verdict_and_what_passes_is_clean_and_passes_again(text):
    verdict = judge(text, prompt="Be kind and speak about the weather of today.", canary="kestrel")

    assert (verdict.rejected is None) == bool(verdict.text)
    assert verdict.rejected in (None, *CLASSES)
    if verdict.text:
        verdict.text.encode()
        assert verdict.text == verdict.text.strip()
        assert "\n" not in verdict.text
        assert len(verdict.text) <= UTTERANCE_CHARACTERS


@pytest.mark.parametrize("row", BAD[::9], ids=lambda row: row["class"])
def test_what_was_mended_needs_no_mending(row):
    once = verdict_on(row)
    if once.text:
        assert judge(once.text, prompt=row.get("prompt", ""), canary=row.get("canary", "")).text == once.text


HOSTILE = {
    "letters": "a" * 1_000_000,
    "words": "hello there my friend " * 45_000,
    "angles": "<" * 1_000_000,
    "brackets": "[(" * 500_000,
    "stars": "*a" * 500_000,
    "double stars": "** a" * 250_000,
    "underscores": "_a_b" * 250_000,
    "backticks": "`a" * 500_000,
    "thoughts": "<think>" * 140_000,
    "closed thoughts": "<think>x</think>" * 60_000,
    "template": "<|im_start|>assistant " * 45_000,
    "half a token": "<|" * 500_000,
    "roles": "User: a. " * 110_000,
    "lines": "User:\n" * 160_000,
    "headings": "# a\n" * 250_000,
    "list": "- a\n" * 250_000,
    "table": "|a" * 500_000,
    "spaces": " " * 1_000_000 + "x",
    "line breaks": "\n" * 1_000_000 + "x",
    "marks": "e" + "\u0301\u0316" * 500_000,
    "hangul": "\u1100\u1161\u11a8" * 330_000,
    "surrogates": "\ud800" * 1_000_000,
    "emoji": "😀" * 1_000_000,
    "entities": "&amp;" * 200_000,
    "quotes": "\"a' " * 250_000,
    "html": "<p " * 330_000,
    "json": '{"a":' * 200_000,
    "digits": "1234567890" * 100_000,
    "dots": "a. " * 330_000,
    "select": "SELECT a " * 110_000,
    "sorry": "i am sorry " * 90_000,
    "mixed": "".join(chr(32 + (i * 7919) % 900) for i in range(1_000_000)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_megabyte_is_judged_in_less_than_fifty_milliseconds(name):
    """Of the processor's time, at the best of a few tries: other programs run beside the tests."""
    text = HOSTILE[name]
    seconds = []
    for _ in range(5):
        began = time.process_time()
        verdict = judge(text, prompt="Be kind. " * 40, canary="kestrel-4417", level=0)
        seconds.append(time.process_time() - began)
        if seconds[-1] < 0.05:
            break

    assert min(seconds) < 0.05
    assert len(verdict.text) <= UTTERANCE_CHARACTERS


def test_nothing_behind_the_part_that_is_heard_changes_the_verdict():
    text = "Good morning! " + "I like the sun. We go out. " * 4_000

    assert judge(text[:HEARD] + "<|im_start|>") == judge(text[:HEARD])


@pytest.mark.parametrize("level", range(5))
def test_a_long_turn_ends_with_the_last_sentence_that_the_level_can_use(level):
    text = " ".join(row["text"] for row in GOOD[:40] if row["text"].endswith("."))
    verdict = judge(text, level=level)

    assert verdict.mended == ("length",)
    assert verdict.text.endswith(".")
    assert text.startswith(verdict.text + " ")
    assert LEVEL_CHARACTERS[level] - 60 < len(verdict.text) <= LEVEL_CHARACTERS[level]


def test_a_turn_that_the_engine_cut_ends_with_its_last_whole_sentence():
    assert judge("We saw a fox. It ran over the hi", cut=True).text == "We saw a fox."
    assert judge("We saw a fo", cut=True).rejected == "unfinished"
    assert judge("We saw a fox. It ran.", cut=True).text == "We saw a fox. It ran."


def test_a_secret_put_together_by_mending_is_found():
    assert judge("It is KES<|x|>TREL, yes.", canary="kestrel").rejected == "canary"


@pytest.mark.parametrize(
    ("spoken", "taught"),
    [
        ("«I like cats.» Me too! What do they eat?", "Me too! What do they eat?"),
        ("Cats are soft. What do they eat? «They eat fish.»", "Cats are soft. What do they eat?"),
        ("Cats are soft. «They eat fish.» And dogs?", "Cats are soft. And dogs?"),
        ("«Cats are soft. What do they eat?»", "Cats are soft. What do they eat?"),
        ("Cats are soft. «They eat", "Cats are soft."),
        ("Cats say «meow» to me.", "Cats say meow to me."),
        ("Do you like cats?»", "Do you like cats?"),
    ],
)
def test_signs_of_the_prompt_are_taken_off_and_what_the_other_side_said_between_them(spoken, taught):
    verdict = judge(spoken)

    assert verdict.text == taught
    assert "marks" in verdict.mended
    assert judge(taught).mended == ()
