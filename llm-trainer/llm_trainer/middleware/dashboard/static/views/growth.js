// Growth: what the record shows of the learner over exchanges, or over words heard, with the brief's phases behind it
// as expectations; and a garden of every word.

import { Chart } from "../charts.js";
import { fill, h } from "../dom.js";
import { count, decimal, percent } from "../format.js";
import { phasesMeasured } from "../measure.js";
import { gardenPanel } from "./garden.js";

export const title = "Growth";
export const symbol = "M4 20V4h2v14h14v2zM8 15l4-5 3 3 5-7 1.6 1.2-6.4 9-3.1-3.1L9.6 16z";

const POINTS = 600;
const BROWN = [[1, "I"], [2, "II"], [2.5, "III"], [3, "IV"], [3.75, "V"], [4.5, "V+"]].map(([at, stage]) => ({ at, label: stage }));

export function mount(root, live) {
  const charts = {
    vocabulary: new Chart({ id: "vocabulary", title: "Vocabulary", note: "Distinct words. Produced: at least once not in imitation; productive: twice, in different contexts, once unprompted.",
      series: [{ label: "heard", tone: "teacher" }, { label: "produced", tone: "learner" }, { label: "productive", tone: "good" }, { label: "only echoed", tone: "muted", dash: [5, 4] }] }),
    utterance: new Chart({ id: "utterance-length", title: "Mean length of utterance", note: "Words a sentence in spontaneous replies, last 100 exchanges, with a 95 % interval. Dotted: Brown's stages, defined on morphemes; words run slightly behind.", floor: 0, guides: BROWN, band: [2, 3],
      series: [{ label: "words", tone: "learner", format: decimal }, { label: "upper", tone: "learner", hidden: true }, { label: "lower", tone: "learner", hidden: true }] }),
    length: new Chart({ id: "reply-length", title: "Length of reply", note: "Words a reply, last 100 exchanges. Spontaneous: neither an imitation of the line answered nor one word out of it.", floor: 0,
      series: [{ label: "spontaneous", tone: "learner", format: decimal }, { label: "all", tone: "muted", dash: [5, 4], format: decimal }] }),
    novelty: new Chart({ id: "novelty", title: "New or repeated", note: "Over the last 100 exchanges. Novel pairs were never heard in that order; new is not yet right.", floor: 0, ceiling: 1.02,
      series: [{ label: "novel word pairs", tone: "good", format: percent }, { label: "imitations", tone: "muted", format: percent }, { label: "answered", tone: "teacher", dash: [5, 4], format: percent }] }),
    bits: new Chart({ id: "bits", title: "Surprise", note: "Bits per character, measured before each line is learned: lower means better foreseen.", floor: 0,
      series: [{ label: "so far", tone: "teacher", format: decimal }, { label: "recently", tone: "learner", format: decimal }] }),
    learner: new Chart({ id: "own-measurements", title: "The learner's own measurements", note: "As it reports them: how much word order helps it foresee, and how often it finds the right answer first.", floor: 0,
      series: [{ label: "order gain", tone: "accent", format: decimal }, { label: "recall at 1", tone: "learner", format: decimal }] }),
  };
  const axes = ["exchanges", "words heard"].map((axis, i) => {
    const input = h("input", { type: "radio", name: "axis", id: `axis-${i}`, value: axis });
    input.checked = i === 0;
    input.addEventListener("change", () => draw());
    return h("label", { class: "choice", for: `axis-${i}` }, input, axis);
  });
  const axis = () => root.querySelector("input[name=axis]:checked")?.value ?? "exchanges";
  const phases = h("section", { class: "card", "aria-labelledby": "phases-title" });
  const garden = gardenPanel(live);
  root.append(
    h("div", { class: "view-head" }, h("h1", {}, "Growth"), h("fieldset", { class: "choices" }, h("legend", {}, "Against"), axes)),
    phases, h("div", { class: "charts" }, Object.values(charts).map((chart) => chart.root)), garden.root);

  function draw() {
    if (!root.isConnected) return;
    const { measure } = live, { rows, windows } = measure;
    showPhases(phases, measure);
    const by = axis(), place = (row) => (by === "exchanges" ? row.number : row.wordsHeard);
    const step = Math.max(1, Math.ceil(rows.length / POINTS)), few = rows.filter((_, i) => i % step === 0 || i === rows.length - 1);
    const wide = Math.max(1, Math.ceil(windows.length / POINTS)), seen = windows.filter((_, i) => i % wide === 0 || i === windows.length - 1);
    charts.vocabulary.set(few.map(place), ["heard", "produced", "productive", "echoed"].map((field) => few.map((row) => row[field])), by);
    const xs = seen.map(place);
    charts.utterance.set(xs, [seen.map((w) => w.utterance), seen.map((w) => w.interval?.[1] ?? null), seen.map((w) => w.interval?.[0] ?? null)], by);
    charts.length.set(xs, [seen.map((w) => w.length), seen.map((w) => w.lengthAll)], by);
    charts.novelty.set(xs, [seen.map((w) => w.novelty), seen.map((w) => w.imitation), seen.map((w) => w.answered)], by);
    showOwn(charts, live.samples, rows, by);
    garden.show();
  }

  // Charts follow the session at a calm pace: twice a second.
  let due = 0;
  const soon = () => (due ||= setTimeout(() => ((due = 0), draw()), 500));
  const ask = () => root.isConnected && live.sample().then(soon);
  for (const what of ["exchanges", "session"]) live.addEventListener(what, soon);
  for (const what of ["services", "session", "synced"]) live.addEventListener(what, ask);
  for (const what of ["session", "synced"]) live.addEventListener(what, () => garden.reset());
  return { show: () => (garden.reset(), draw(), ask()) };
}

// The learner's own measurements, by exchange or by words heard until then.
function showOwn(charts, samples, rows, by) {
  const words = by === "exchanges" ? null : new Map(rows.map((row) => [row.number, row.wordsHeard]));
  const known = samples.filter((s) => !words || words.has(s.number));
  const xs = known.map((s) => (words ? words.get(s.number) : s.number));
  const column = (name) => known.map((s) => (Number.isFinite(s[name]) && s.bits_per_character !== 0 ? s[name] : null));
  for (const [chart, names] of [[charts.bits, ["bits_per_character", "bits_per_character_recently"]], [charts.learner, ["order_gain", "recall_at_1"]]]) {
    const columns = names.map(column);
    chart.root.hidden = !columns.some((values) => values.some((value) => value !== null));
    chart.set(xs, columns, by);
  }
}

function showPhases(root, measure) {
  const found = phasesMeasured(measure), n = measure.rows.length;
  fill(root, JSON.stringify([found, n]), () => [
    h("h2", { id: "phases-title" }, "Expected, and measured"),
    h("div", { class: "table-scroll", tabindex: "0", role: "region", "aria-label": "Expected and measured phases" }, h("table", { class: "phases" },
      h("thead", {}, h("tr", {}, ["Exchanges", "Expected", "Measured in this session", ""].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, found.map((phase) => h("tr", { class: n >= phase.from && n < phase.to ? "current" : "" },
        h("th", { scope: "row" }, phase.span), h("td", {}, phase.expected), h("td", {}, phase.measured),
        h("td", {}, h("span", { class: `verdict ${phase.verdict}` }, { yes: "shown", no: "not shown", open: "open" }[phase.verdict]))))))),
    h("p", { class: "quiet" }, `${count(n)} exchanges measured. Expectations are those of the README; a verdict is given only where this record can support one.`),
  ]);
}
