// Does a reply belong to the line that it answers? A judge that sees the reply and four of the session's lines must pick
// the right one. The judge is BM25: it sees shared words and nothing else, so it errs on the low side. Chance is 1 in 4.

import { mulberry } from "./intervals.js";

export const LINES = 4;
const LEAST_LINES = 20, K1 = 1.2, B = 0.75;

export class Relevance {
  constructor() {
    this.lines = []; // each a Map of word → times
    this.held = new Map(); // word → lines that hold it
    this.length = 0;
  }

  /** Take in the next line of the teacher's, as words. */
  hear(line) {
    const times = new Map();
    for (const word of line) times.set(word, (times.get(word) ?? 0) + 1);
    for (const word of times.keys()) this.held.set(word, (this.held.get(word) ?? 0) + 1);
    this.lines.push({ times, length: line.length });
    this.length += line.length;
  }

  /** How well the judge picks the newest line for `reply`: 1, 0, or a share where lines tie; null while there are few. */
  judge(reply, seed) {
    if (this.lines.length < LEAST_LINES || !reply.length) return null;
    const draw = mulberry(seed), newest = this.lines.length - 1, others = new Set();
    while (others.size < LINES - 1) others.add(Math.floor(draw() * newest));
    const asked = new Set(reply), right = this.#score(asked, this.lines[newest]);
    const wrong = [...others].map((i) => this.#score(asked, this.lines[i]));
    if (wrong.some((score) => score > right)) return 0;
    return 1 / (1 + wrong.filter((score) => score === right).length);
  }

  #score(asked, { times, length }) {
    const n = this.lines.length, usual = this.length / n || 1;
    let score = 0;
    for (const word of asked) {
      const here = times.get(word);
      if (!here) continue;
      const held = this.held.get(word), rare = Math.log(1 + (n - held + 0.5) / (held + 0.5));
      score += (rare * here * (K1 + 1)) / (here + K1 * (1 - B + (B * length) / usual));
    }
    return score;
  }
}
