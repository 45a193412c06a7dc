"""P16: a corpus of what models give instead of talk, kept and generated: none of it reaches the learner, none ends the
session, each is recorded with its class; and of the good ones hardly any is refused."""

from __future__ import annotations

import json
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from llm_trainer.session.dialogue import Plan, Tuning
from llm_trainer.session.engine import Session
from llm_trainer.session.events import Checked, Drafted, Spoke
from llm_trainer.session.guard import UTTERANCE_CHARACTERS, judge
from llm_trainer.session.notices import Noted
from llm_trainer.session.rejection import CLASSES
from llm_trainer.session.state import Phase
from llm_trainer.session.steps import Teach
from tests.data.generated import Made, generated
from tests.llm_server.backends.tutor.conversing import LEARNERS, converse
from tests.promises import Figure

DATA = Path(__file__).parents[1] / "data"
SORTS = {
    "empty, null, NaN": ("empty", "wordless", "nothing"),
    "thinking": ("thinking",),
    "template tokens": ("template",),
    "roles": ("role",),
    "refusals": ("refusal", "machine"),
    "prompt echo": ("prompt", "canary", "prompt echo"),
    "lone surrogates": ("surrogates",),
    "a megabyte in a line": ("one-liner",),
    "again and again": ("loop", "token again and again"),
    "wrong language": ("language",),
    "JSON": ("json",),
    "HTML": ("html",),
    "Markdown": ("markdown",),
    "other debris": (
        "stage", "emoji", "characters", "cover", "gibberish", "unfinished",
        "code", "length", "failure", "placeholder", "address",
    ),
}  # fmt: skip


@cache
def corpus() -> tuple[Made, ...]:
    """Everything bad, kept or generated."""
    lines = (DATA / "bad_outputs.jsonl").read_text("utf-8").splitlines()
    kept = [json.loads(line) for line in lines]
    stored = [
        Made(row["class"], row["text"], row["becomes"], row.get("prompt", ""), row.get("canary", "")) for row in kept
    ]
    return tuple({(each.text, each.prompt): each for each in (*stored, *generated())}.values())


def test_the_corpus_has_two_thousand_outputs_and_a_hundred_of_each_sort() -> None:
    of = Counter(row.kind for row in corpus())

    assert len(corpus()) >= 2_000
    assert {kind for kinds in SORTS.values() for kind in kinds} == {*of}
    assert min(sum(of[kind] for kind in kinds) for kinds in SORTS.values()) >= 100


@pytest.mark.promise("P16")
@pytest.mark.slow
def test_no_bad_output_reaches_the_learner(figure: Figure) -> None:
    table: dict[str, Counter[str]] = {sort: Counter() for sort in SORTS}
    sort_of = {kind: sort for sort, kinds in SORTS.items() for kind in kinds}
    for row in corpus():
        verdict = judge(row.text, prompt=row.prompt, canary=row.canary)
        came = "refused" if verdict.rejected in CLASSES else "mended" if verdict.text == row.becomes else "let through"
        table[sort_of[row.kind]][came] += 1
    sys.stdout.write(f"\n{'':22}{'mended':>9}{'refused':>9}{'let through':>13}\n")
    for sort, counts in table.items():
        sys.stdout.write(f"{sort:22}{counts['mended']:9}{counts['refused']:9}{counts['let through']:13}\n")
    through = sum(counts["let through"] for counts in table.values())
    figure("P16", bad_outputs=len(corpus()), reached_the_learner=through)

    assert through == 0


@pytest.mark.promise("P16")
@pytest.mark.slow
def test_a_session_survives_each_of_them_and_records_its_class_or_what_was_mended(figure: Figure) -> None:
    """Those about a prompt are judged against that prompt elsewhere; here they meet a session's own."""
    unrecorded, crashes = list[str](), 0
    for row in corpus():
        session = Session(Plan("s", tuning=Tuning(0, 50, ("bees", "tea"))))
        session.apply(Checked(1, stage="sentences"))
        try:
            notices = session.apply(Spoke(2, row.text))
        except Exception as error:
            crashes += 1
            unrecorded.append(f"{row.kind}: {error!r}")
            continue
        rejected = [note.detail.rpartition(": ")[2] for note in notices if isinstance(note, Noted)]
        if session.state.phase is Phase.DRAFTING:
            session.apply(Drafted(3))
            step = session.next_step()
            assert isinstance(step, Teach)
            assert len(step.text) <= UTTERANCE_CHARACTERS
            step.text.encode()
            is_recorded = bool(session.state.draft and session.state.draft.mended) or row.kind in (
                "prompt",
                "prompt echo",
                "canary",
            )
        else:
            is_recorded = len(rejected) == 1 and rejected[0] in CLASSES
        unrecorded.extend([] if is_recorded else [f"{row.kind}: {row.text[:80]!r}"])
    figure("P16", sessions=len(corpus()), crashes=crashes, not_recorded=len(unrecorded))

    assert unrecorded == []


@pytest.mark.promise("P16")
@pytest.mark.slow
def test_of_two_thousand_good_outputs_hardly_any_is_refused(figure: Figure) -> None:
    lines = (DATA / "good_outputs.jsonl").read_text("utf-8").splitlines()
    written = {json.loads(line)["text"] for line in lines}
    spoken = {text for level in (0, 2, 4) for text in converse(490, LEARNERS["echoing"], level=level)}
    good = sorted(written | spoken)
    refused = [text for text in good if judge(text).rejected]
    changed = [text for text in good if not judge(text).rejected and judge(text).text != text]
    figure("P16", good_outputs=len(good), refused=len(refused), changed=len(changed))

    assert len(good) >= 2_000
    assert len(refused) <= 0.01 * len(good), refused
    assert changed == []
