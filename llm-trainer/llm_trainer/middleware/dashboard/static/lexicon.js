// Every word of one session, or of many in their order: how far the learner has made it its own, and its whole history.
// heard: in a line of the teacher's; echoed: said in imitation only; produced: said once of its own accord; productive:
// twice, in answer to different lines, at least once when it stood in none of the last three.

export const STATES = ["", "heard", "echoed", "produced", "productive"];
const KEPT = 2000; // places remembered of one word, each way; the first always
const KINDS = ["silent", "ambiguous", "imitation", "spontaneous"];

/** Where and how a word was used, as one number: session, exchange, kind of reply. */
const place = (session, number, kind = "silent") => (session * 2 ** 28 + number) * 4 + KINDS.indexOf(kind);
export const unpack = (packed) => ({ session: Math.floor(packed / 2 ** 30), number: Math.floor(packed / 4) % 2 ** 28, kind: KINDS[packed % 4] });

export class Lexicon {
  constructor() {
    this.words = new Map();
    this.totals = { heard: 0, echoed: 0, produced: 0, productive: 0 };
    this.lastLines = [];
  }

  /** Take in one exchange: the words of line and reply, the reply's kind, and where (`session`: which of many). */
  add({ number, line, reply, kind, session = 0 }) {
    const heardAt = place(session, number), saidAt = place(session, number, kind);
    for (const word of line) this.#hear(word, heardAt);
    this.lastLines = [...this.lastLines.slice(-2), new Set(line)];
    const context = reply.length ? line.join(" ") : "";
    for (const word of reply) this.#say(word, saidAt, kind, context);
  }

  #word(word) {
    let entry = this.words.get(word);
    if (!entry) this.words.set(word, (entry = { word, heard: [], heardCount: 0, said: [], saidCount: 0, contexts: new Set(), free: false, state: "", since: {} }));
    return entry;
  }

  /** Lift a word to a higher state; "echoed" counts the words known from imitations only, so it may fall. */
  #raise(entry, state, at) {
    entry.since[state] ??= at;
    if (STATES.indexOf(state) <= STATES.indexOf(entry.state)) return;
    const wasProduced = STATES.indexOf(entry.state) >= STATES.indexOf("produced");
    if (entry.state === "echoed") this.totals.echoed--;
    if (state === "echoed") this.totals.echoed++;
    else if (state !== "heard" && !wasProduced) this.totals.produced++;
    if (state === "productive") this.totals.productive++;
    entry.state = state;
  }

  #hear(word, at) {
    const entry = this.#word(word);
    if (!entry.heardCount++) this.totals.heard++;
    keep(entry.heard, at);
    this.#raise(entry, "heard", at);
  }

  #say(word, at, kind, context) {
    const entry = this.#word(word);
    entry.saidCount++;
    keep(entry.said, at);
    if (kind !== "spontaneous") return this.#raise(entry, "echoed", at);
    if (entry.contexts.size < 2) entry.contexts.add(context);
    entry.free ||= !this.lastLines.some((line) => line.has(word));
    this.#raise(entry, "produced", at);
    if (entry.contexts.size >= 2 && entry.free) this.#raise(entry, "productive", at);
  }
}

function keep(places, at) {
  if (places.at(-1) === at) return;
  places.push(at);
  if (places.length > KEPT) places.splice(1, 1);
}
