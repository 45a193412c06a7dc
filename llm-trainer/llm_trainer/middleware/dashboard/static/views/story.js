// The history of one word: when it reached each state, every use of it on a line of time, and the sentences themselves.

import { api } from "../api.js";
import { h } from "../dom.js";
import { count } from "../format.js";
import { unpack } from "../lexicon.js";

const NAMES = { heard: "first heard", echoed: "first echoed", produced: "first said of its own accord", productive: "productive since" };
const RECENT = 24, QUOTED = 6;
const SPACE = "http://www.w3.org/2000/svg";

/** `sessions` in their order, `{id, name, last}` (`last`: their newest exchange); `ofAll` tells whether there may be several. */
export function story(entry, sessions, { ofAll, close }) {
  const link = (packed) => {
    const { session, number, kind } = unpack(packed), { id, name } = sessions[session] ?? {};
    const where = ofAll ? `#conversation/${number}/${encodeURIComponent(id)}` : `#conversation/${number}`;
    return h("a", { href: where, class: kind === "silent" ? null : `use ${kind}`, title: [kind === "silent" ? "heard" : kind, ofAll && name].filter(Boolean).join(", ") }, ofAll ? `${session + 1}:${number}` : String(number));
  };
  const quotes = h("ol", { class: "quotes" });
  const ask = h("button", { type: "button", class: "link", onclick: () => quote(entry, sessions, quotes, ask) }, "show the sentences");
  return [
    h("h3", {}, entry.word, " ", h("small", {}, `heard ${times(entry.heardCount)}, said ${times(entry.saidCount)}`)),
    h("ol", { class: "milestones" }, Object.entries(NAMES).map(([state, name]) => h("li", { class: entry.since[state] === undefined ? "quiet" : state }, `${name} `, entry.since[state] === undefined ? "not yet" : ["in exchange ", link(entry.since[state])]))),
    timeline(entry, sessions),
    entry.said.length ? h("p", {}, "Said: ", entry.said.slice(-RECENT).flatMap((packed) => [link(packed), " "]), more(entry.said)) : "",
    entry.heard.length ? h("p", {}, "Heard: ", entry.heard.slice(-RECENT).flatMap((packed) => [link(packed), " "]), more(entry.heard)) : "",
    ofAll ? h("p", { class: "quiet" }, "Before the colon the session, counted from the oldest, after it the exchange.") : "",
    quotes,
    h("p", { class: "story-end" }, ask, " ", h("button", { type: "button", class: "link", onclick: close }, "close")),
  ];
}

const times = (n) => (n === 0 ? "never" : n === 1 ? "once" : `${count(n)} times`);
const more = (places) => (places.length > RECENT ? h("small", {}, `and ${count(places.length - RECENT)} earlier`) : "");

// Every use that is remembered, over all that was said: heard above the line, said below it.
function timeline(entry, sessions) {
  const starts = [0];
  for (const { last } of sessions) starts.push(starts.at(-1) + last);
  const span = starts.at(-1) || 1;
  const at = (packed) => {
    const { session, number } = unpack(packed);
    return starts[session] + number;
  };
  const svg = document.createElementNS(SPACE, "svg");
  for (const [name, value] of Object.entries({ class: "timeline", viewBox: "0 0 1000 36", preserveAspectRatio: "none", "aria-hidden": "true" })) svg.setAttribute(name, value);
  const tick = (packed, y, kind) => {
    const line = document.createElementNS(SPACE, "path");
    line.setAttribute("d", `M${(2 + (996 * at(packed)) / span).toFixed(1)} ${y}v14`);
    line.setAttribute("class", kind);
    svg.append(line);
  };
  for (const packed of entry.heard) tick(packed, 2, "tick-heard");
  for (const packed of entry.said) tick(packed, 20, "tick-said");
  return svg;
}

async function quote(entry, sessions, list, button) {
  button.disabled = true;
  const uses = [...new Set([...[entry.since.heard, entry.since.produced].filter((at) => at !== undefined), ...entry.said.slice(-QUOTED)].map((packed) => Math.floor(packed / 4)))].sort((a, b) => a - b);
  const found = await Promise.all(uses.map(async (use) => {
    const { session, number } = unpack(use * 4);
    const log = await api.get("/api/training/log", { session: sessions[session]?.id, after: number - 1, limit: 1 }).catch(() => ({}));
    const found = log.exchanges?.[0];
    return found && { ...found, place: sessions.length > 1 ? `${session + 1}:${number}` : count(number) };
  }));
  list.replaceChildren(...found.filter(Boolean).map((exchange) => h("li", {}, h("span", { class: "number" }, exchange.place), h("span", { class: "said" }, String(exchange.llm_to_cerebrum ?? "–")), h("span", { class: "reply" }, String(exchange.cerebrum_response ?? "") || h("span", { class: "silence" }, "silence")))));
  button.hidden = true;
}
