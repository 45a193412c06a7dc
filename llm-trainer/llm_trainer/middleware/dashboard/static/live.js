// What is true now, and how the page comes to know it: server-sent events, checked against the log so that no exchange
// is ever missing. Every (re)connection asks the log for what came after the last exchange held. The page follows the
// newest session, until somebody opens another one.

import { api } from "./api.js";
import { oncePerFrame } from "./dom.js";
import { Measure } from "./measure.js";
import { Transcript } from "./transcript.js";

const PAGE = 500, NOTES = 300, HIDDEN_MS = 30_000, LOOK_MS = 10_000;
const TYPES = ["exchange", "phase", "topic", "note", "status", "end"];

export class Live extends EventTarget {
  constructor() {
    super();
    this.status = null;
    this.services = null;
    this.servicesError = null;
    this.looks = 0;
    this.learner = null;
    this.opened = null; // the session that somebody chose to look at; null follows the newest
    this.cutOff = []; // sessions that a crash cut off, looked at now and then
    this.ends = { learners: [], teachers: [] }; // whom the settings name
    this.connection = { state: "connecting", since: Date.now() };
    this.#begin(null);
    this.tellExchanges = oncePerFrame(() => this.#tell("exchanges"));
    this.tellStatus = oncePerFrame(() => this.#tell("status"));
  }

  start() {
    this.#open();
    this.#look();
    document.addEventListener("visibilitychange", () => this.#visibility());
    setInterval(() => document.hidden || this.#tell("tick"), 1000);
  }

  #tell(what) {
    this.dispatchEvent(new Event(what));
  }

  #begin(session) {
    this.transcript = new Transcript(session);
    this.measure = new Measure();
    this.measured = 0;
    this.notes = [];
    this.samples = []; // what the learner measured of itself, by exchange
    this.total = 0;
    this.arrivals = [];
    if (session) this.#recall(session);
  }

  /** Look at one session, running or over; null goes back to the newest. */
  open(session) {
    if (session === this.opened || (session && !this.opened && session === this.transcript.session)) return;
    this.opened = session;
    this.#begin(session);
    this.loaded = false;
    this.#tell("session");
    this.#open();
    this.sync();
  }

  /** The query that names the session looked at, where it was chosen. */
  get which() {
    return this.opened ? `?session_id=${encodeURIComponent(this.opened)}` : "";
  }

  // --- the stream -------------------------------------------------------------------------------------------------

  #open() {
    this.source?.close();
    const source = (this.source = new EventSource(`/api/training/events${this.which}`));
    source.onopen = () => {
      this.#connection("live");
      this.backoff = 500;
      if (!this.transcript.session) return; // the first status names it
      this.sync();
      this.#recall(this.transcript.session);
    };
    source.onerror = () => {
      this.#connection("lost");
      if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      this.backoff = Math.min(5000, (this.backoff ?? 500) * 2);
      clearTimeout(this.retry);
      this.retry = setTimeout(() => this.#open(), this.backoff);
    };
    for (const type of TYPES) source.addEventListener(type, (event) => this.#receive(type, event));
  }

  #connection(state) {
    if (this.connection.state === state) return;
    this.connection = { state, since: Date.now() };
    this.#tell("connection");
  }

  // A hidden tab lets its connection go (a browser has six for one host) and catches up when it is looked at again.
  #visibility() {
    clearTimeout(this.leaving);
    if (document.hidden)
      this.leaving = setTimeout(() => {
        this.source?.close();
        this.source = null;
        this.#connection("resting");
      }, HIDDEN_MS);
    else if (!this.source) this.#open();
  }

  #receive(type, event) {
    let body;
    try {
      body = JSON.parse(event.data);
    } catch {
      return;
    }
    const session = event.lastEventId.slice(0, Math.max(0, event.lastEventId.lastIndexOf(":"))) || null;
    if (type === "status") return this.#told(body);
    if (session && session !== this.transcript.session) return void (this.opened || this.sync());
    if (type === "exchange") return this.#exchange(body);
    if (type === "topic" || type === "note") this.#note(type, event.lastEventId, body);
    // after a phase or an end the stream tells the status by itself
  }

  #note(type, id, body) {
    if (this.notes.some((note) => note.id === id)) return;
    const at = body.exchange ?? body.number ?? body.after ?? this.transcript.last;
    this.notes.push({ id, type, at: Number.isInteger(at) ? at : this.transcript.last, body });
    if (this.notes.length > NOTES) this.notes.shift();
    this.tellExchanges();
  }

  /** What the session told of itself before this page was open. */
  async #recall(session) {
    const found = await api.get("/api/training/notes", { session, limit: NOTES }).catch(() => null);
    if (found?.session_id !== this.transcript.session) return;
    const known = new Set(this.notes.map((note) => note.id));
    const past = found.notes.filter((note) => !known.has(note.id)).map(({ id, number, ...body }) => ({ id, type: "note", at: number, body }));
    this.notes = [...past, ...this.notes].sort((a, b) => place(a) - place(b)).slice(-NOTES);
    this.tellExchanges();
  }

  #exchange(entry) {
    if (entry.number > this.transcript.last + 1) return void this.sync();
    if (this.transcript.add(entry)) this.#arrived(1);
  }

  #arrived(n) {
    const now = performance.now();
    this.arrivals.push({ now, n });
    while (this.arrivals.length && now - this.arrivals[0].now > 20_000) this.arrivals.shift();
    this.total = Math.max(this.total, this.transcript.last);
    this.#count();
    this.tellExchanges();
  }

  /** Fold what has come, in order, into the measures; a number the record never used is passed over. */
  #count() {
    while (this.measured < this.transcript.last) {
      const exchange = this.transcript.get(this.measured + 1);
      if (exchange) this.measure.add(exchange);
      this.measured++;
    }
    this.transcript.trim(this.measured);
  }

  /** Exchanges per minute over the last twenty seconds of the stream; null when too little came. */
  get rate() {
    const now = performance.now(), recent = this.arrivals.filter((a) => now - a.now < 20_000);
    if (recent.length < 3) return null;
    const span = (recent.at(-1).now - recent[0].now) / 60_000;
    return span > 0 ? (recent.reduce((total, a) => total + a.n, 0) - recent[0].n) / span : null;
  }

  // --- catching up ------------------------------------------------------------------------------------------------

  /** Bring the transcript level with the middleware; the status comes with the stream. Calls during a run look once more. */
  async sync() {
    this.again = true;
    if (this.syncing) return;
    this.syncing = true;
    try {
      while (this.again) {
        this.again = false;
        await this.#catchUp();
      }
      this.problem = null;
    } catch (problem) {
      this.problem = problem;
      clearTimeout(this.later);
      this.later = setTimeout(() => this.sync(), 2000);
    } finally {
      this.syncing = false;
      this.loaded = true;
      this.#tell("synced");
      this.tellExchanges();
      this.tellStatus();
    }
  }

  async #catchUp() {
    const { transcript } = this;
    while (this.transcript === transcript) {
      const log = await api.get("/api/training/log", { after: transcript.last, limit: PAGE, session: transcript.session });
      if (!transcript.session && log.session_id) return this.#turnTo(log.session_id);
      const entries = log.exchanges ?? [], before = transcript.last;
      this.total = log.total_exchanges ?? this.total;
      let fresh = 0;
      for (const entry of entries) fresh += transcript.add(entry) ? 1 : 0;
      this.#count();
      this.tellExchanges();
      if (transcript.last === before || entries.length < PAGE) return;
    }
  }

  /** A status from the stream: taken as it is, unless it is of another session than the one that was opened. */
  #told(status) {
    if (!this.opened || status.session_id === this.opened) {
      this.told = (this.told ?? 0) + 1;
      this.#status(status);
    } else if (this.status?.running && this.status.session_id === this.opened) this.#refresh();
  }

  async #ask() {
    const { opened, told } = this, status = await api.get("/api/training/status", { session_id: opened });
    if (this.opened === opened && this.told === told) this.#status(status); // what the stream told meanwhile is newer
  }

  #status(status) {
    const before = this.status ?? {}, known = before.session_id !== undefined;
    const changed = known && (before.session_id !== status.session_id || before.running !== status.running);
    const turned = ["learner", "llm"].some((end) => before[end]?.state !== status[end]?.state);
    this.status = status;
    if (turned && known) this.#look(); // an end came or went: its reason is wanted now
    if (!this.opened && status.session_id && status.session_id !== this.transcript.session) this.#turnTo(status.session_id);
    else if (!this.loaded) this.sync(); // nothing to fetch perhaps, but then that is known
    if (changed) this.list();
    this.tellStatus();
  }

  #turnTo(session) {
    this.#begin(session);
    this.#tell("session");
    this.sync();
  }

  #refresh() {
    clearTimeout(this.refreshing);
    this.refreshing = setTimeout(() => this.#ask().catch(() => {}), 30);
  }

  // --- the services, asked every few seconds; the middleware answers from what it has cached -------------------------

  async #look() {
    clearTimeout(this.looking);
    if (!document.hidden) {
      [this.services, this.servicesError] = await answer(api.get("/api/status"));
      this.servicesAt = Date.now();
      // a learner that is known to be away is not asked: its reading already says why
      const away = this.services?.learner?.state === "down" ? this.services.learner.reason : null;
      [this.learner, this.learnerError] = away ? [null, away] : await answer(api.get("/api/cerebrum/status"));
      if (this.looks++ % 5 === 0) this.list();
      this.#tell("services");
    }
    this.looking = setTimeout(() => this.#look(), LOOK_MS);
  }

  /** Look at what changes seldom: sessions that a crash cut off, and whom the settings name. */
  async list() {
    const [found] = await answer(api.get("/api/sessions", { status: "interrupted", limit: 30 }));
    if (found) this.cutOff = found.sessions ?? [];
    const [ends] = await answer(api.get("/api/learners"));
    if (ends) this.ends = ends;
    this.tellStatus();
  }

  /** Whether somebody could be taught besides those who are. */
  get canStart() {
    return !this.status?.running || this.ends.learners.some(({ lease }) => !lease);
  }

  /** Fetch what the learner has measured of itself since last asked. */
  async sample() {
    const { transcript, samples } = this;
    if (!transcript.session || this.sampling) return;
    this.sampling = true;
    try {
      const after = samples.at(-1)?.row ?? 0;
      const found = await api.get("/api/training/measurements", { after, session: transcript.session });
      if (this.transcript === transcript) samples.push(...(found.measurements ?? []));
    } catch {
      // the chart then stays as it is
    } finally {
      this.sampling = false;
    }
  }

  /** Have something done that changes the session, and see at once how it stands then. */
  async command(work) {
    try {
      return await work();
    } finally {
      this.#refresh();
      this.sync();
    }
  }
}

/** A note's place among its session's events. */
const place = (note) => Number(note.id.slice(note.id.lastIndexOf(":") + 1));

/** The value and no problem, or no value and the problem. */
const answer = (promise) => promise.then((value) => [value, null], (problem) => [null, problem]);
