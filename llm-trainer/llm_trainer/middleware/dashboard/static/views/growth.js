// Growth: what the record shows of the learner over exchanges, or over words heard, with the brief's phases behind it
// as expectations; and a garden of every word.

import { Chart, EXPECTED } from "../charts.js";
import { calmly, fill, h, stacked } from "../dom.js";
import { count, decimal, percent } from "../format.js";
import { BROWN, phasesMeasured, stagesReached } from "../phases.js";
import { gardenPanel } from "./garden.js";

export const title = "Growth";
export const symbol = "M4 20V4h2v14h14v2zM8 15l4-5 3 3 5-7 1.6 1.2-6.4 9-3.1-3.1L9.6 16z";

const POINTS = 600, WINDOWS = 300;
const upper = (tone) => ({ label: "upper", tone, hidden: true }), lower = (tone) => ({ label: "lower", tone, hidden: true });

export function mount(root, live) {
  const charts = chartsOf();
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
    const { measure } = live, { rows, windows } = measure, by = axis();
    const place = (row) => (by === "exchanges" ? row.number : row.wordsHeard);
    const few = thinned(rows, POINTS), seen = thinned(windows, WINDOWS), xs = seen.map(place), edges = expectedAt(rows, by);
    const show = (chart, columns) => chart.set(xs, columns.map((of) => seen.map(of)), by, edges);
    showPhases(phases, measure);
    charts.vocabulary.set(few.map(place), ["heard", "produced", "productive", "echoed"].map((field) => few.map((row) => row[field])), by, edges);
    show(charts.utterance, [(w) => w.morphemes, (w) => w.morphemesBand?.[1] ?? null, (w) => w.morphemesBand?.[0] ?? null, (w) => w.words]);
    show(charts.relevance, [(w) => w.relevance, (w) => w.relevanceBand?.[1] ?? null, (w) => w.relevanceBand?.[0] ?? null]);
    show(charts.novelty, [(w) => w.novelty, (w) => w.imitation, (w) => w.repetition, (w) => w.answered]);
    show(charts.length, [(w) => w.length, (w) => w.lengthAll]);
    showOwn(charts, live.samples, rows, by, edges);
    garden.show();
  }

  const soon = calmly(1000, draw); // charts follow the session at a calm pace
  const ask = () => root.isConnected && live.sample().then(soon);
  for (const what of ["exchanges", "session"]) live.addEventListener(what, soon);
  for (const what of ["services", "session", "synced"]) live.addEventListener(what, ask);
  for (const what of ["session", "synced"]) live.addEventListener(what, () => garden.reset());
  return { show: () => (garden.reset(), draw(), ask()) };
}

const chartsOf = () => ({
  vocabulary: new Chart({ id: "vocabulary", title: "Vocabulary", note: "Distinct words. Produced: at least once not in imitation; productive: twice, in different contexts, once unprompted.",
    series: [{ label: "heard", tone: "teacher" }, { label: "produced", tone: "learner" }, { label: "productive", tone: "good" }, { label: "only echoed", tone: "muted", dash: [5, 4] }] }),
  utterance: new Chart({ id: "utterance-length", title: "Mean length of utterance", note: "Morphemes a sentence in spontaneous replies, last 100 exchanges, with a 95 % interval; dashed: words. Dotted: where Brown's stages begin (English; descriptive, not diagnostic).", floor: 0, guides: BROWN, band: [2, 3],
    series: [{ label: "morphemes", tone: "learner", format: decimal }, upper("learner"), lower("learner"), { label: "words", tone: "muted", dash: [5, 4], format: decimal }] }),
  bits: new Chart({ id: "bits", title: "Surprise", note: "Bits per character, measured before each line is learned: lower means better foreseen.", floor: 0,
    series: [{ label: "so far", tone: "teacher", format: decimal }, { label: "recently", tone: "learner", format: decimal }] }),
  relevance: new Chart({ id: "relevance", title: "Relevance", note: "How often a judge that sees only shared words (BM25) picks, out of four lines of the session, the one that a spontaneous reply answered; 95 % interval. It errs on the low side.", floor: 0, ceiling: 1.02, guides: [{ at: 0.25, label: "chance" }], band: [2, 3],
    series: [{ label: "right line picked", tone: "good", format: percent }, upper("good"), lower("good")] }),
  novelty: new Chart({ id: "novelty", title: "New or repeated", note: "Over the last 100 exchanges. Novel pairs were never heard in that order: new is not yet right. Repetitions: equal to one of its own last ten.", floor: 0, ceiling: 1.02,
    series: [{ label: "novel word pairs", tone: "good", format: percent }, { label: "imitations", tone: "muted", format: percent }, { label: "repetitions", tone: "warn", format: percent }, { label: "answered", tone: "teacher", dash: [5, 4], format: percent }] }),
  learner: new Chart({ id: "own-measurements", title: "The learner's own measurements", note: "As it reports them: how much word order helps it foresee, and how often it finds the right answer first.", floor: 0,
    series: [{ label: "order gain", tone: "accent", format: decimal }, { label: "recall at 1", tone: "learner", format: decimal }] }),
  length: new Chart({ id: "reply-length", title: "Length of reply", note: "Words a reply, last 100 exchanges. Spontaneous: neither an imitation of the line answered nor one word out of it.", floor: 0,
    series: [{ label: "spontaneous", tone: "learner", format: decimal }, { label: "all", tone: "muted", dash: [5, 4], format: decimal }] }),
});

const thinned = (rows, most) => rows.filter((_, i) => i % Math.max(1, Math.ceil(rows.length / most)) === 0 || i === rows.length - 1);

/** The brief's phases on the axis in use: counted in exchanges, so on words heard they end where those exchanges did. */
function expectedAt(rows, by) {
  if (by === "exchanges") return EXPECTED;
  const at = (exchange) => (exchange === 0 ? 0 : (rows.find((row) => row.number >= exchange)?.wordsHeard ?? Infinity));
  return EXPECTED.map((phase) => ({ ...phase, from: at(phase.from), to: at(phase.to) }));
}

// The learner's own measurements, by exchange or by words heard until then.
function showOwn(charts, samples, rows, by, edges) {
  const words = by === "exchanges" ? null : new Map(rows.map((row) => [row.number, row.wordsHeard]));
  const known = samples.filter((s) => !words || words.has(s.number));
  const xs = known.map((s) => (words ? words.get(s.number) : s.number));
  const column = (name) => known.map((s) => (Number.isFinite(s[name]) && s.bits_per_character !== 0 ? s[name] : null));
  for (const [chart, names] of [[charts.bits, ["bits_per_character", "bits_per_character_recently"]], [charts.learner, ["order_gain", "recall_at_1"]]]) {
    const columns = names.map(column);
    chart.root.hidden = !columns.some((values) => values.some((value) => value !== null));
    chart.set(xs, columns, by, edges);
  }
}

function showPhases(root, measure) {
  const found = phasesMeasured(measure), n = measure.rows.length, stage = stagesReached(measure.windows).at(-1);
  fill(root, JSON.stringify([found, n, stage]), () => [
    h("h2", { id: "phases-title" }, "Expected, and measured"),
    h("div", { class: "table-scroll", tabindex: "0", role: "region", "aria-label": "Expected and measured phases" }, stacked(h("table", { class: "phases" },
      h("thead", {}, h("tr", {}, ["Exchanges", "Expected", "Measured in this session", ""].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, found.map((phase) => h("tr", { class: n >= phase.from && n < phase.to ? "current" : "" },
        h("th", { scope: "row" }, phase.span), h("td", {}, phase.expected), h("td", {}, phase.measured),
        h("td", {}, h("span", { class: `verdict ${phase.verdict}` }, { yes: "shown", no: "not shown", open: "open" }[phase.verdict])))))))),
    h("p", { class: "quiet" }, stage ? `Brown's stage ${stage.stage} was reached by exchange ${count(stage.number)}. ` : "",
      `${count(n)} exchanges measured. Expectations are those of the README; a verdict is given only where this record can support one.`),
  ]);
}
