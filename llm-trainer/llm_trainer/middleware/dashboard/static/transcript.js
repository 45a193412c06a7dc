// The exchanges of one session, by number. Texts beyond CAP are let go, oldest first, and fetched again when looked at.

import { api } from "./api.js";

export const CAP = 20_000;
const PAGE = 500;

/**
 * A log entry in the page's own terms; odd shapes become text or nothing, never an error. `surprise`: bits a word that the
 * reply held for the learner's own model of language, where it tells (`likely`: the mean of ln P of the reply's words).
 */
export function exchangeOf(entry) {
  const extra = entry.extra && typeof entry.extra === "object" ? entry.extra : {};
  const why = extra.why && typeof extra.why === "object" ? extra.why : {};
  return {
    number: entry.number,
    timestamp: entry.timestamp,
    topic: text(entry.topic),
    said: text(entry.llm_to_cerebrum),
    reply: text(entry.cerebrum_response),
    seq: [entry.learner_seq, extra.exchange].find(Number.isInteger) ?? null,
    stage: text(entry.stage ?? extra.stage),
    kind: text(why.kind ?? why.source),
    surprise: number(why.features?.likely) === undefined ? undefined : -why.features.likely / Math.LN2,
    milliseconds: number(entry.learner_ms),
    teacher: { model: text(entry.model), tokens: number(entry.tokens_used), milliseconds: number(entry.llm_ms), timings: entry.timings && typeof entry.timings === "object" ? entry.timings : {} },
    outcome: text(entry.status),
  };
}

const text = (value) => (typeof value === "string" ? value : value === null || value === undefined ? "" : JSON.stringify(value));
const number = (value) => (Number.isFinite(value) ? value : undefined);

export class Transcript {
  constructor(session) {
    this.session = session;
    this.exchanges = new Map();
    this.last = 0;
    this.low = 1; // nothing below this number is held any more, unless fetched again
    this.fetching = new Set();
    this.holes = new Set(); // numbers that the record does not hold: drafted, never taught
  }

  get(number) {
    return this.exchanges.get(number);
  }

  /** Take an entry in; true if it is new. */
  add(entry) {
    if (!Number.isInteger(entry?.number)) return false;
    const fresh = !this.exchanges.has(entry.number);
    this.exchanges.set(entry.number, exchangeOf(entry));
    this.last = Math.max(this.last, entry.number);
    return fresh;
  }

  /** Let the oldest texts go; `measured` is the number up to which they have been counted. */
  trim(measured) {
    while (this.exchanges.size > CAP && this.low <= measured && this.low < this.last) this.exchanges.delete(this.low++);
  }

  /** Fetch what is missing around `number`; resolves true if something came. */
  async want(number) {
    const page = Math.floor((number - 1) / PAGE);
    if (this.fetching.has(page)) return false;
    this.fetching.add(page);
    try {
      const log = await api.get("/api/training/log", { after: page * PAGE, limit: PAGE, session: this.session });
      for (const entry of log.exchanges ?? []) this.add(entry);
      if (!this.exchanges.has(number)) this.holes.add(number);
      return true;
    } catch {
      return false;
    } finally {
      setTimeout(() => this.fetching.delete(page), 1000);
    }
  }

  /** Numbers of held exchanges that contain `needle`, in order. */
  find(needle) {
    const wanted = needle.toLowerCase(), found = [];
    for (const exchange of this.exchanges.values())
      if (`${exchange.said}\n${exchange.reply}\n${exchange.topic}`.toLowerCase().includes(wanted)) found.push(exchange.number);
    return found.sort((a, b) => a - b);
  }
}
