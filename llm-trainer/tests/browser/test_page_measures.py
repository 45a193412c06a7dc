"""What the page counts is what its manual defines: checked on its own modules, in the browser that runs them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.fake import PAST, Fake
from tests.browser.script import scripted

JUDGED = Path(__file__).parents[1] / "data" / "morphemes.txt"


def judged() -> dict[str, int]:
    """Words, and how many morphemes a person counts in them."""
    lines = [line.split() for line in JUDGED.read_text("utf-8").splitlines() if not line.startswith("#")]
    return {word: int(count) for count, *words in lines for word in words}


@pytest.fixture
def module(page: Any, url: str) -> Callable[[str, str], Any]:
    """``module("words", "words('Hi there')")``: what an expression over a module's exports gives."""
    page.goto(url)

    def evaluate(name: str, expression: str, given: Any = None) -> Any:
        source = (
            f"async (given) => {{ const it = await import('/static/{name}.js'); return ({expression})(it, given); }}"
        )
        return page.evaluate(source, given)

    return evaluate


def test_morphemes_are_counted_as_a_person_counts_them(module: Any) -> None:
    wanted = judged()
    counted = module("morphemes", "(it, words) => words.map((word) => it.morphemes(word))", list(wanted))
    wrong = [word for word, n in zip(wanted, counted, strict=True) if n != wanted[word]]

    print(f"{len(wrong)} of {len(wanted)} words counted otherwise than by hand: {' '.join(wrong)}")  # noqa: T201
    assert len(wrong) <= 0.02 * len(wanted)
    few = ["dog", "dogs", "dog's", "can't", "o", "7", "the"]
    assert module("morphemes", "(it, words) => words.map((word) => it.morphemes(word))", few) == [1, 2, 2, 2, 1, 1, 1]


def test_a_word_is_raised_from_heard_to_productive_and_its_history_kept(module: Any) -> None:
    states = module(
        "lexicon",
        """(it) => {
            const lexicon = new it.Lexicon(), seen = [];
            const add = (number, line, reply, kind) => {
                lexicon.add({ number, line: line.split(" "), reply: reply ? reply.split(" ") : [], kind });
                seen.push(lexicon.words.get("cat")?.state ?? "");
            };
            add(1, "a cat sleeps", "", "silent");
            add(2, "a cat sleeps", "a cat sleeps", "imitation");
            add(3, "what now", "my cat", "spontaneous");
            add(4, "what is that", "the cat", "spontaneous");
            add(5, "go on", "no", "spontaneous");
            add(6, "who is there", "the cat", "spontaneous");
            const cat = lexicon.words.get("cat");
            const since = Object.entries(cat.since).map(([state, at]) => [state, it.unpack(at).number]);
            return { seen, totals: lexicon.totals, since: Object.fromEntries(since) };
        }""",
    )

    assert states["seen"] == ["heard", "echoed", "produced", "produced", "produced", "productive"]
    assert states["since"] == {"heard": 1, "echoed": 2, "produced": 3, "productive": 6}
    assert states["totals"] == {"heard": 11, "echoed": 2, "produced": 4, "productive": 2}


def test_where_a_word_was_used_is_kept_over_many_sessions(module: Any) -> None:
    assert module(
        "lexicon",
        """(it) => {
            const lexicon = new it.Lexicon();
            lexicon.add({ session: 700, number: 999999, line: ["sea"], reply: ["sea"], kind: "imitation" });
            const { heard, said } = lexicon.words.get("sea");
            return [it.unpack(heard[0]), it.unpack(said[0])];
        }""",
    ) == [
        {"session": 700, "number": 999999, "kind": "silent"},
        {"session": 700, "number": 999999, "kind": "imitation"},
    ]


def test_relevance_is_one_for_replies_that_fit_a_quarter_by_chance_and_the_same_each_time(module: Any) -> None:
    told = module(
        "relevance",
        """(it) => {
            const judge = (reply) => {
                const relevance = new it.Relevance(), found = [];
                for (let i = 0; i < 400; i++) {
                    relevance.hear(["the", "word" + i, "is", "here"]);
                    const picked = relevance.judge(reply(i), i);
                    if (picked !== null) found.push(picked);
                }
                return found.reduce((a, b) => a + b) / found.length;
            };
            const other = (i) => ["word" + ((i * 7919) % 400)];
            return [judge((i) => ["word" + i]), judge(() => ["unheard"]), judge(other), judge(other)];
        }""",
    )

    assert told[0] == 1
    assert told[1] == 0.25
    assert abs(told[2] - 0.25) < 0.1
    assert told[2] == told[3]


def test_an_interval_holds_the_ratio_that_the_data_were_made_with(module: Any) -> None:
    low, high = module(
        "intervals",
        """(it) => {
            const draw = it.mulberry(7), rows = Array.from({ length: 100 }, () => ({ over: 2 + 2 * draw(), under: 1 }));
            return it.intervals(rows, [["over", "under"]], 1)[0];
        }""",
    )

    assert 2.7 < low < 3 < high < 3.3
    assert module("intervals", "(it) => it.intervals([], [['a', 'b']], 1)") == [None]


def test_a_stage_is_reached_by_two_windows_whose_whole_interval_lies_above_its_edge(module: Any) -> None:
    reached = module(
        "phases",
        """(it) => {
            const window = (number, low) => ({ number, morphemes: low + 0.5, morphemesBand: [low, low + 1] });
            const lows = [0.5, 2.1, 1.2, 1.3, 2.6, 2.7];
            return it.stagesReached(lows.map((low, i) => window(50 + 10 * i, low)));
        }""",
    )

    assert [(each["stage"], each["number"]) for each in reached] == [("I", 70), ("II", 100), ("III", 100)]


def test_no_phase_is_called_shown_before_its_exchanges_and_none_that_was_not_measured(module: Any) -> None:
    assert (
        module("phases", "(it) => it.phasesMeasured({ rows: [], windows: [] }).map((p) => p.verdict)") == ["open"] * 4
    )


def test_the_garden_grows_over_all_sessions_oldest_first(page: Any, url: str, fake: Fake) -> None:
    fake.record(40)
    fake.deleted = []
    page.goto(f"{url}/#growth")
    page.locator("#garden-scope").select_option("all")
    expect(page.locator(".garden")).to_contain_text("340 exchanges of 2 sessions")
    page.get_by_label("Find a word").fill("boat")
    page.get_by_role("button", name="boat", exact=True).click()

    story = page.get_by_label("History of a word")
    first = next(n for n in range(1, 301) if "boat" in scripted(n, seed=11)["llm_to_cerebrum"])
    expect(story).to_contain_text(f"first heard in exchange 1:{first}")
    story.get_by_role("button", name="show the sentences").click()
    expect(story.locator(".quotes")).to_contain_text(scripted(first, seed=11)["llm_to_cerebrum"])
    story.get_by_role("link", name=f"1:{first}").first.click()
    expect(page.get_by_label(f"Exchange {first}", exact=True)).to_contain_text(
        scripted(first, seed=11)["llm_to_cerebrum"]
    )
    expect(page.locator("#session-picker")).to_have_value(PAST)
