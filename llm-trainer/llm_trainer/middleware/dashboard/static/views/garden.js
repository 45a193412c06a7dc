// The word garden: every word of this session by how far the learner has made it its own, with its history on a click.

import { fill, h } from "../dom.js";
import { count } from "../format.js";

const NAMES = { productive: "productive", produced: "produced", echoed: "echoed only", heard: "heard only" };
const SHOWN = 150;

export function gardenPanel(live) {
  const filter = h("input", { type: "search", id: "garden-filter", placeholder: "Find a word", "aria-label": "Find a word", autocomplete: "off" });
  const beds = h("div", { class: "beds" });
  const story = h("div", { class: "story", role: "region", "aria-live": "polite", "aria-label": "History of a word", hidden: true });
  const root = h("section", { class: "card garden", "aria-labelledby": "garden-title" },
    h("div", { class: "garden-head" }, h("h2", { id: "garden-title" }, "Word garden"), filter), h("p", { class: "quiet" }, "Words of this session, the most used first."), story, beds);
  const whole = new Set(); // states whose words are all shown
  let chosen = null;
  filter.addEventListener("input", () => show());
  let drawn = 0;

  /** Growth asks often; the beds are laid anew every few seconds at most, and at once for a person. */
  function calmly() {
    if (performance.now() - drawn < 4000) return tell();
    show();
  }

  function show() {
    drawn = performance.now();
    const { garden, rows } = live.measure, wanted = filter.value.trim().toLowerCase();
    fill(beds, `${live.transcript.session}|${rows.length}|${wanted}|${chosen}|${[...whole]}`, () =>
      Object.entries(NAMES).map(([state, name]) => {
        const words = [...garden.values()].filter((entry) => entry.state === state && entry.word.includes(wanted))
          .sort((a, b) => b.saidCount - a.saidCount || b.heardCount - a.heardCount || (a.word < b.word ? -1 : 1));
        if (!words.length) return null;
        const limit = whole.has(state) ? Infinity : SHOWN;
        return h("section", { class: `bed ${state}` }, h("h3", {}, name, " ", h("small", {}, count(words.length))),
          h("p", { class: "plants" }, words.slice(0, limit).map((entry) => h("button", { type: "button", class: "plant", "aria-pressed": String(entry.word === chosen), data: { size: String(size(entry)) }, onclick: () => choose(entry.word) }, entry.word)),
            words.length > limit ? h("button", { type: "button", class: "link", onclick: () => (whole.add(state), show()) }, `and ${count(words.length - SHOWN)} more`) : ""));
      }));
    tell();
  }

  function choose(word) {
    chosen = chosen === word ? null : word;
    show();
    [...beds.querySelectorAll(".plant")].find((plant) => plant.textContent === word)?.focus();
  }

  function tell() {
    const entry = chosen && live.measure.garden.get(chosen);
    story.hidden = !entry;
    if (!entry) return;
    fill(story, `${entry.word}|${entry.heardCount}|${entry.saidCount}`, () => [
      h("h3", {}, entry.word),
      h("p", {}, entry.heardCount ? `Heard ${times(entry.heardCount)}, first in exchange ` : "Never heard from the teacher", entry.heardCount ? place(entry.heard[0]) : ""),
      h("p", {}, entry.saidCount ? [`Said ${times(entry.saidCount)}: `, entry.said.slice(-40).map(({ number, kind }) => [place(number, kind), " "])].flat(2) : "Never said."),
      h("button", { type: "button", class: "link", onclick: () => choose(entry.word) }, "close"),
    ]);
  }
  return { root, show: calmly, reset: () => (drawn = -Infinity) };
}

const times = (n) => (n === 1 ? "once" : `${count(n)} times`);
const size = (entry) => Math.min(4, Math.floor(Math.log10(1 + entry.saidCount + entry.heardCount / 4) * 2));
const place = (number, kind) => h("a", { href: `#conversation/${number}`, class: kind ? `use ${kind}` : "", title: kind }, String(number));
