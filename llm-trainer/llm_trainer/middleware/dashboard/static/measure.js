// What the transcript shows of the learner's growth: a fold over exchanges in their order, and windows over the fold.
// Only what the learner says is measured here; what needs its own numbers is taken from its answers.

import { intervals } from "./intervals.js";
import { Lexicon } from "./lexicon.js";
import { morphemes } from "./morphemes.js";
import { Relevance } from "./relevance.js";
import { echo, kindOfReply, utterances, words } from "./words.js";

export const WINDOW = 100, STRIDE = 10, LEAST = 50;
const OWN_TURNS = 10; // a reply equal to one of so many before it is a repetition

export class Measure {
  constructor() {
    this.rows = [];
    this.lexicon = new Lexicon();
    this.relevance = new Relevance();
    this.heardPairs = new Set();
    this.lastReplies = [];
    this.wordsHeard = 0;
    this.windows = [];
  }

  /** Count one exchange; they must come in order. */
  add(exchange) {
    const line = words(exchange.said), reply = words(exchange.reply), { totals } = this.lexicon;
    this.wordsHeard += line.length;
    for (let i = 1; i < line.length; i++) this.heardPairs.add(`${line[i - 1]} ${line[i]}`);
    const echoed = echo(reply, line), kind = kindOfReply(reply, echoed), free = kind === "spontaneous";
    this.lexicon.add({ number: exchange.number, line, reply, kind });
    this.relevance.hear(line);
    const picked = free ? this.relevance.judge(reply, exchange.number) : null;
    let fresh = 0;
    for (let i = 1; i < reply.length; i++) if (!this.heardPairs.has(`${reply[i - 1]} ${reply[i]}`)) fresh++;
    const sentences = utterances(exchange.reply);
    this.rows.push({
      number: exchange.number, wordsHeard: this.wordsHeard, kind, echo: echoed, length: reply.length, answered: reply.length ? 1 : 0,
      freeWords: free ? reply.length : 0, freeMorphemes: free ? reply.reduce((n, word) => n + morphemes(word), 0) : 0, freeUtterances: free ? sentences : 0, freeReplies: free ? 1 : 0,
      fresh, pairs: Math.max(0, reply.length - 1), picked: picked ?? 0, judged: picked === null ? 0 : 1, repeated: this.#repeats(reply) ? 1 : 0,
      heard: totals.heard, echoed: totals.echoed, produced: totals.produced, productive: totals.productive,
    });
    if (this.rows.length >= LEAST && this.rows.length % STRIDE === 0) this.windows.push(this.#window());
  }

  #repeats(reply) {
    if (!reply.length) return false;
    const said = reply.join(" "), before = this.lastReplies.includes(said);
    this.lastReplies = [...this.lastReplies.slice(1 - OWN_TURNS), said];
    return before;
  }

  #window() {
    return new Window(this.rows.slice(-WINDOW));
  }
}

/** The last exchanges at one point. Intervals take time, so they are worked out when somebody looks. */
class Window {
  #rows;
  #bands = null;

  constructor(rows) {
    const last = rows.at(-1), share = (over, under) => ratio(rows, over, under);
    this.#rows = rows;
    Object.assign(this, {
      number: last.number, wordsHeard: last.wordsHeard, n: rows.length, judged: sum(rows, "judged"),
      morphemes: share("freeMorphemes", "freeUtterances"), words: share("freeWords", "freeUtterances"),
      length: share("freeWords", "freeReplies"), lengthAll: share("length", "answered"),
      novelty: share("fresh", "pairs"), relevance: share("picked", "judged"),
      imitation: rows.filter((row) => row.kind === "imitation").length / rows.length,
      answered: sum(rows, "answered") / rows.length, repetition: share("repeated", "answered"),
    });
  }

  get morphemesBand() {
    return this.#looked()[0];
  }

  get relevanceBand() {
    return this.#looked()[1];
  }

  #looked() {
    if (!this.#bands) {
      this.#bands = intervals(this.#rows, [["freeMorphemes", "freeUtterances"], ["picked", "judged"]], this.number);
      this.#rows = null;
    }
    return this.#bands;
  }
}

const sum = (rows, field) => rows.reduce((total, row) => total + (row[field] || 0), 0);

function ratio(rows, over, under) {
  const below = sum(rows, under);
  return below ? sum(rows, over) / below : null;
}
