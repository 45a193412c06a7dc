// The words of all sessions, in the order in which they were held: what the learner has heard and said in its life, as
// far as this record knows. Read a page at a time when somebody asks, and only what is new when asked again.

import { api } from "./api.js";
import { Lexicon } from "./lexicon.js";
import { exchangeOf } from "./transcript.js";
import { echo, kindOfReply, words } from "./words.js";

const PAGE = 1000;

export class WholeRecord extends EventTarget {
  constructor() {
    super();
    this.begin();
  }

  begin() {
    this.lexicon = new Lexicon();
    this.sessions = []; // {id, name, last}: `last` is the newest exchange taken in
    this.exchanges = 0;
    this.total = 0;
  }

  /** Take in what came since; resolves when all is read, rejects with what was in the way. */
  async read() {
    if (this.reading) return this.reading;
    this.reading = this.#readAll().finally(() => (this.reading = null));
    return this.reading;
  }

  async #readAll() {
    const { sessions: found = [] } = await api.get("/api/sessions", { limit: PAGE });
    const listed = found.filter((session) => session.session_id).reverse(); // oldest first
    if (this.sessions.some((known, i) => known.id !== listed[i]?.session_id)) this.begin(); // one was deleted
    this.total = listed.reduce((sum, session) => sum + (session.exchanges_completed ?? 0), 0);
    for (const [i, session] of listed.entries()) {
      this.sessions[i] ??= { id: session.session_id, name: session.name ?? session.session_id, last: 0 };
      await this.#readOne(this.sessions[i], i);
    }
  }

  async #readOne(session, index) {
    for (;;) {
      const log = await api.get("/api/training/log", { session: session.id, after: session.last, limit: PAGE });
      for (const entry of log.exchanges ?? []) this.#take(exchangeOf(entry), index);
      const last = log.exchanges?.at(-1)?.number ?? 0;
      if (last <= session.last) return;
      session.last = last;
      this.dispatchEvent(new Event("progress"));
      if (log.exchanges.length < PAGE) return;
    }
  }

  #take(exchange, session) {
    const line = words(exchange.said), reply = words(exchange.reply);
    this.lexicon.add({ session, number: exchange.number, line, reply, kind: kindOfReply(reply, echo(reply, line)) });
    this.exchanges++;
  }
}
