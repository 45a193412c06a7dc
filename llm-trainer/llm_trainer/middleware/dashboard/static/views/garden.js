// The word garden: every word by how far the learner has made it its own, of this session or of all; its whole history
// on a click.

import { fill, h, say } from "../dom.js";
import { count, trouble } from "../format.js";
import { WholeRecord } from "../whole.js";
import { story } from "./story.js";

const NAMES = { productive: "productive", produced: "produced", echoed: "echoed only", heard: "heard only" };
const SHOWN = 150;

export function gardenPanel(live) {
  const filter = h("input", { type: "search", id: "garden-filter", placeholder: "Find a word", "aria-label": "Find a word", autocomplete: "off" });
  const scope = h("select", { id: "garden-scope" }, h("option", { value: "session" }, "this session"), h("option", { value: "all" }, "all sessions"));
  const told = h("p", { class: "quiet", role: "status" });
  const beds = h("div", { class: "beds" });
  const history = h("div", { class: "story", role: "region", "aria-live": "polite", "aria-label": "History of a word", hidden: true });
  const root = h("section", { class: "card garden", "aria-labelledby": "garden-title" },
    h("div", { class: "garden-head" }, h("h2", { id: "garden-title" }, "Word garden"), h("label", { for: "garden-scope" }, "Words of ", scope), filter), told, history, beds);
  const record = new WholeRecord();
  const whole = new Set(); // states whose words are all shown
  let chosen = null, drawn = 0, problem = "";

  const ofAll = () => scope.value === "all";
  const lexicon = () => (ofAll() ? record.lexicon : live.measure.lexicon);
  const sessions = () => (ofAll() ? record.sessions : [{ id: live.transcript.session, name: "", last: live.transcript.last }]);

  filter.addEventListener("input", show);
  scope.addEventListener("change", () => ((chosen = null), read()));
  record.addEventListener("progress", () => show());

  function read() {
    show();
    if (!ofAll()) return;
    problem = "";
    record.read().catch((error) => (problem = trouble(error).what)).then(show);
  }

  /** Growth asks often; the beds are laid anew every few seconds at most, and at once for a person. */
  function calmly() {
    if (performance.now() - drawn < 4000) return tell();
    read();
  }

  function show() {
    drawn = performance.now();
    const { words } = lexicon(), wanted = filter.value.trim().toLowerCase();
    say(told, problem ? `The record cannot be read: ${problem}` : summary());
    fill(beds, `${ofAll()}|${live.transcript.session}|${extent()}|${wanted}|${chosen}|${[...whole]}`, () =>
      Object.entries(NAMES).map(([state, name]) => {
        const found = [...words.values()].filter((entry) => entry.state === state && entry.word.includes(wanted))
          .sort((a, b) => b.saidCount - a.saidCount || b.heardCount - a.heardCount || (a.word < b.word ? -1 : 1));
        if (!found.length) return null;
        const limit = whole.has(state) ? Infinity : SHOWN;
        return h("section", { class: `bed ${state}` }, h("h3", {}, name, " ", h("small", {}, count(found.length))),
          h("p", { class: "plants" }, found.slice(0, limit).map((entry) => h("button", { type: "button", class: "plant", "aria-pressed": String(entry.word === chosen), data: { size: String(size(entry)) }, onclick: () => choose(entry.word) }, entry.word)),
            found.length > limit ? h("button", { type: "button", class: "link", onclick: () => (whole.add(state), show()) }, `and ${count(found.length - SHOWN)} more`) : ""));
      }));
    tell();
  }

  const extent = () => (ofAll() ? record.exchanges : live.measure.rows.length);

  function summary() {
    const { words } = lexicon(), known = `${count(words.size)} words, the most used first`;
    if (!ofAll()) return `${known}.`;
    const rest = record.total - record.exchanges;
    return `${known}; ${count(record.exchanges)} exchanges of ${count(record.sessions.length)} sessions${rest > 0 && record.reading ? `, ${count(rest)} still to be read` : ""}.`;
  }

  function choose(word) {
    chosen = chosen === word ? null : word;
    show();
    [...beds.querySelectorAll(".plant")].find((plant) => plant.textContent === word)?.focus();
  }

  function tell() {
    const entry = chosen && lexicon().words.get(chosen);
    history.hidden = !entry;
    if (entry) fill(history, `${ofAll()}|${entry.word}|${entry.heardCount}|${entry.saidCount}`, () => story(entry, sessions(), { ofAll: ofAll(), close: () => choose(entry.word) }));
  }

  return { root, show: calmly, reset: () => (drawn = -Infinity) };
}

const size = (entry) => Math.min(4, Math.floor(Math.log10(1 + entry.saidCount + entry.heardCount / 4) * 2));
