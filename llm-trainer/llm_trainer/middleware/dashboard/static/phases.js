// Brown's stages, and the brief's phases: what was expected, and what this record shows of it.

import { decimal, percent } from "./format.js";

/** Brown's stages by mean length of utterance in morphemes: each begins at `at`. */
export const BROWN = [[1, "I"], [2, "II"], [2.5, "III"], [3, "IV"], [3.75, "V"], [4.5, "V+"]].map(([at, label]) => ({ at, label }));

/** The stages reached, in order: a stage is, when two windows in a row lie above its edge with their whole interval. */
export function stagesReached(windows) {
  const reached = [];
  const above = (window, edge) => window.morphemes >= edge && window.morphemesBand?.[0] >= edge; // the mean first: it costs nothing
  for (let i = 1; i < windows.length && reached.length < BROWN.length; i++)
    while (reached.length < BROWN.length && [windows[i - 1], windows[i]].every((window) => above(window, BROWN[reached.length].at)))
      reached.push({ stage: BROWN[reached.length].label, number: windows[i].number });
  return reached;
}

/** One row for each phase: `verdict` yes, no or open; given only where the record can support one. */
export function phasesMeasured({ rows, windows }) {
  const n = rows.length, last = windows.at(-1), base = windows.find((window) => window.n >= 100);
  return [
    { span: "0–50", expected: "builds its observations", from: 0, to: 50, ...observes(rows) },
    { span: "50–100", expected: "composes from patterns", from: 50, to: 100, ...composes(n, base) },
    { span: "100–500", expected: "answers more and more naturally", from: 100, to: 500, ...improves(n, base, last) },
    { span: "500+", expected: "holds a conversation", from: 500, to: Infinity, ...converses(n, last, stagesReached(windows)) },
  ];
}

const NOT_YET = { measured: "not reached yet", verdict: "open" };

function observes(rows) {
  const first = rows.slice(0, 50), answered = first.filter((row) => row.length);
  if (!first.length) return NOT_YET;
  const echoed = answered.length ? answered.reduce((total, row) => total + row.echo, 0) / answered.length : 0, { heard } = first.at(-1);
  const verdict = heard > 0 && echoed > 0 ? "yes" : first.length < 50 ? "open" : "no";
  return { measured: `${heard} words heard in the first ${first.length}; its replies echo ${percent(echoed)} of the line`, verdict };
}

function composes(n, base) {
  if (n < 100 || !base) return NOT_YET;
  return { measured: `${percent(base.novelty)} of its word pairs were new by exchange ${base.number}`, verdict: base.novelty > 0.1 ? "yes" : "no" };
}

// Both must have risen beyond chance: the intervals of then and now do not touch.
function improves(n, base, last) {
  if (n < 200 || !base) return NOT_YET;
  const rose = (before, now) => (before && now ? now[0] > before[1] : null);
  const told = (rising) => (rising === null ? "too few to tell" : rising ? "beyond chance" : "within chance");
  const longer = rose(base.morphemesBand, last.morphemesBand), closer = rose(base.relevanceBand, last.relevanceBand);
  const measured = `mean length of utterance ${decimal(base.morphemes)} → ${decimal(last.morphemes)} morphemes, ${told(longer)}; ` +
    `line picked for its reply ${percent(base.relevance)} → ${percent(last.relevance)}, ${told(closer)}`;
  return { measured, verdict: longer === null || closer === null ? "open" : longer && closer ? "yes" : "no" };
}

// Grammar is judged by nobody here, so it can be shown that the criteria do not hold, never that they do.
function converses(n, last, reached) {
  if (n < 500 || !last) return NOT_YET;
  const stage = reached.at(-1)?.stage ?? "none", far = BROWN.findIndex(({ label }) => label === stage) >= 3;
  const measured = `line picked for its reply ${percent(last.relevance)} (wanted 80 %), Brown's stage ${stage} (IV), ` +
    `repetitions ${percent(last.repetition)} (at most 5 %); whether it is grammatical is not judged here`;
  return { measured, verdict: far && last.relevance >= 0.8 && last.repetition <= 0.05 ? "open" : "no" };
}
