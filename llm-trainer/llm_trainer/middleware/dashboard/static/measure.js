// What the transcript shows of the learner's growth. A fold over exchanges in their order, and windows over the fold.
// Only the production side is measured here; what needs the learner's own numbers is taken from its answers.

import { echo, kindOfReply, utterances, words } from "./words.js";

export const WINDOW = 100, STRIDE = 10, LEAST = 50, BLOCK = 10, RESAMPLES = 2000;
export const STATES = ["", "heard", "echoed", "produced", "productive"];
const KEPT = 200; // places remembered for one word, newest last

export class Measure {
  constructor() {
    this.rows = [];
    this.garden = new Map();
    this.heardPairs = new Set();
    this.lastLines = [];
    this.totals = { heard: 0, echoed: 0, produced: 0, productive: 0, wordsHeard: 0, answered: 0 };
    this.windows = [];
  }

  /** Count one exchange; they must come in order. */
  add(exchange) {
    const line = words(exchange.said), reply = words(exchange.reply), { totals } = this;
    totals.wordsHeard += line.length;
    for (const word of line) this.#hear(word, exchange.number);
    for (let i = 1; i < line.length; i++) this.heardPairs.add(`${line[i - 1]} ${line[i]}`);
    const echoed = echo(reply, line), kind = kindOfReply(reply, echoed);
    this.lastLines = [...this.lastLines.slice(-2), new Set(line)];
    for (const word of reply) this.#say(word, exchange, kind, line.join(" "));
    let fresh = 0;
    for (let i = 1; i < reply.length; i++) if (!this.heardPairs.has(`${reply[i - 1]} ${reply[i]}`)) fresh++;
    if (reply.length) totals.answered++;
    this.rows.push({
      number: exchange.number, wordsHeard: totals.wordsHeard, length: reply.length, utterances: utterances(exchange.reply), kind, echo: echoed, fresh,
      pairs: Math.max(0, reply.length - 1), heard: totals.heard, echoed: totals.echoed, produced: totals.produced,
      productive: totals.productive, milliseconds: exchange.milliseconds,
    });
    if (this.rows.length >= LEAST && this.rows.length % STRIDE === 0) this.windows.push(this.#window());
  }

  #word(word) {
    let entry = this.garden.get(word);
    if (!entry) this.garden.set(word, (entry = { word, heard: [], heardCount: 0, said: [], saidCount: 0, contexts: new Set(), free: false, state: "" }));
    return entry;
  }

  /** Lift a word to a higher state; "echoed" counts the words known from imitations only, so it may fall. */
  #raise(entry, state) {
    if (STATES.indexOf(state) <= STATES.indexOf(entry.state)) return;
    const wasProduced = STATES.indexOf(entry.state) >= STATES.indexOf("produced");
    if (entry.state === "echoed") this.totals.echoed--;
    if (state === "echoed") this.totals.echoed++;
    else if (state !== "heard" && !wasProduced) this.totals.produced++;
    if (state === "productive") this.totals.productive++;
    entry.state = state;
  }

  #hear(word, number) {
    const entry = this.#word(word);
    if (!entry.heardCount++) this.totals.heard++;
    if (entry.heard.at(-1) !== number) entry.heard.push(number);
    if (entry.heard.length > KEPT) entry.heard.splice(1, 1);
    this.#raise(entry, "heard");
  }

  #say(word, exchange, kind, context) {
    const entry = this.#word(word);
    entry.saidCount++;
    if (entry.said.at(-1)?.number !== exchange.number) entry.said.push({ number: exchange.number, kind });
    if (entry.said.length > KEPT) entry.said.splice(1, 1);
    if (kind !== "spontaneous") return this.#raise(entry, "echoed");
    if (entry.contexts.size < 2) entry.contexts.add(context);
    entry.free ||= !this.lastLines.some((line) => line.has(word));
    this.#raise(entry, entry.contexts.size >= 2 && entry.free ? "productive" : "produced");
  }

  #window() {
    const rows = this.rows.slice(-WINDOW), last = rows.at(-1);
    const free = rows.filter((row) => row.kind === "spontaneous");
    const pairs = sum(rows, "pairs");
    const answered = rows.filter((row) => row.length > 0);
    return {
      number: last.number, wordsHeard: last.wordsHeard, n: rows.length,
      utterance: free.length ? sum(free, "length") / sum(free, "utterances") : null,
      length: free.length ? sum(free, "length") / free.length : null,
      lengthAll: answered.length ? sum(answered, "length") / answered.length : null,
      interval: utteranceInterval(rows, last.number),
      novelty: pairs ? sum(rows, "fresh") / pairs : null,
      imitation: rows.filter((row) => row.kind === "imitation").length / rows.length,
      answered: answered.length / rows.length,
    };
  }

  latest() {
    return this.windows.at(-1) ?? null;
  }
}

const sum = (rows, field) => rows.reduce((total, row) => total + (row[field] || 0), 0);

/**
 * 95 % interval of the mean length of utterance in spontaneous replies: moving-block bootstrap, blocks of one topic interval.
 * Chance is seeded by the window's place, so that the same record always draws the same band.
 */
export function utteranceInterval(rows, seed) {
  const starts = rows.length - BLOCK + 1;
  if (starts < 1) return null;
  const lengths = new Float64Array(starts), counts = new Float64Array(starts);
  for (let start = 0; start < starts; start++)
    for (let i = start; i < start + BLOCK; i++)
      if (rows[i].kind === "spontaneous") {
        lengths[start] += rows[i].length;
        counts[start] += rows[i].utterances;
      }
  const draw = mulberry(seed), blocks = Math.round(rows.length / BLOCK), means = [];
  for (let sample = 0; sample < RESAMPLES; sample++) {
    let length = 0, n = 0;
    for (let block = 0; block < blocks; block++) {
      const start = Math.floor(draw() * starts);
      length += lengths[start];
      n += counts[start];
    }
    if (n) means.push(length / n);
  }
  if (means.length < RESAMPLES / 2) return null;
  means.sort((a, b) => a - b);
  return [means[Math.floor(means.length * 0.025)], means[Math.floor(means.length * 0.975)]];
}

// A small well-known 32-bit generator (mulberry32); quality is ample for resampling.
function mulberry(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** The brief's phases: what was expected, and what this record shows of it. */
export function phasesMeasured(measure) {
  const { rows, windows, totals } = measure, n = rows.length, last = windows.at(-1);
  const first = rows.slice(0, 50).filter((row) => row.length);
  const early = first.length ? sum(first, "echo") / first.length : 0;
  const at = (number) => windows.find((window) => window.number >= number);
  const rising = last && at(100) && last.number >= 200 ? last.interval && at(100).interval && last.interval[0] > at(100).interval[1] : null;
  return [
    { span: "0–50", expected: "builds its observations", from: 0, to: 50,
      measured: n ? `${rows[Math.min(50, n) - 1].heard} words heard in the first ${Math.min(50, n)}; its replies echo ${Math.round(early * 100)} % of the line` : "not reached yet",
      verdict: n === 0 ? "open" : totals.heard > 0 && early > 0 ? "yes" : n < 50 ? "open" : "no" },
    { span: "50–100", expected: "composes from patterns", from: 50, to: 100,
      measured: n >= 100 ? `${Math.round((at(100)?.novelty ?? 0) * 100)} % of its word pairs were new` : "not reached yet",
      verdict: n < 100 ? "open" : (at(100)?.novelty ?? 0) > 0.1 ? "yes" : "no" },
    { span: "100–500", expected: "answers more and more naturally", from: 100, to: 500,
      measured: rising === null || rising === undefined ? "not reached yet" : `mean length of utterance ${at(100).utterance?.toFixed(2)} → ${last.utterance?.toFixed(2)} words${rising ? "" : ", within chance"}`,
      verdict: rising === null || rising === undefined ? "open" : rising ? "yes" : "no" },
    { span: "500+", expected: "holds a conversation", from: 500, to: Infinity,
      measured: n >= 500 ? "needs relevance and grammar judged, which this page does not do" : "not reached yet", verdict: "open" },
  ];
}
