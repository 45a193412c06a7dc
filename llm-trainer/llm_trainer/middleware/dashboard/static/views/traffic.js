// Traffic: every call made to the learner and to the LLM server.

import { api } from "../api.js";
import { fill, h, say } from "../dom.js";
import { bytes, clock, count, duration, plain, trouble } from "../format.js";

export const title = "Traffic";
export const symbol = "M4 8h12V5l5 4.5L16 14v-3H4zM20 16H8v-2l-5 3.5L8 21v-2h12z";

const LIMIT = 500;

export function mount(root, live) {
  const peer = choice("traffic-peer", "To", [["", "both"], ["learner", "learner"], ["llm", "LLM server"]]);
  const outcome = choice("traffic-outcome", "Outcome", [["", "any"], ["good", "answered"], ["bad", "failed"]]);
  const filter = h("input", { type: "search", id: "traffic-filter", placeholder: "Path, status, digest", "aria-label": "Filter calls", autocomplete: "off" });
  const pause = h("input", { type: "checkbox", id: "traffic-hold" });
  const summary = h("p", { class: "quiet", role: "status" });
  const body = h("tbody");
  const detail = h("section", { class: "card traffic-detail", hidden: true, "aria-label": "One call" });
  root.append(h("h1", {}, "Traffic"),
    h("div", { class: "tools traffic-tools" }, peer.label, outcome.label, filter, h("label", { class: "check", for: "traffic-hold" }, pause, "Hold still")), summary, detail,
    h("div", { class: "card table-scroll", tabindex: "0", role: "region", "aria-label": "Calls" },
      h("table", { class: "traffic" }, h("thead", {}, h("tr", {}, ["Time", "To", "Call", "Status", "Took", "Sent", "Received", "Digest"].map((name) => h("th", { scope: "col" }, name)))), body)));
  let calls = [];

  async function load() {
    if (!root.isConnected || pause.checked) return;
    try {
      const found = await api.get("/api/traffic", { limit: LIMIT });
      calls = Array.isArray(found) ? found : found.calls ?? found.traffic ?? found.entries ?? [];
      if ((at(calls[0]) ?? 0) < (at(calls.at(-1)) ?? 0)) calls.reverse();
      show(found.total ?? calls.length);
    } catch (problem) {
      const found = trouble(problem);
      say(summary, `The traffic cannot be read: ${found.what} ${found.remedy}`);
    }
  }

  function show(total = calls.length) {
    const needle = filter.value.trim().toLowerCase();
    const kept = calls.filter((call) => (!peer.value() || peerOf(call) === peer.value()) && (!outcome.value() || good(call) === (outcome.value() === "good")) && (!needle || JSON.stringify(call).toLowerCase().includes(needle)));
    const shown = kept.slice(0, 200);
    say(summary, `${count(shown.length)} of ${count(Math.max(total, calls.length))} calls, newest first.`);
    fill(body, JSON.stringify([shown[0], shown.length, needle, peer.value(), outcome.value(), shown.at(-1)]), () => shown.map(row));
  }

  function row(call) {
    const bad = !good(call);
    return h("tr", { class: bad ? "bad" : "" }, h("td", { class: "mono" }, clock(at(call))), h("td", {}, peerOf(call) === "llm" ? "LLM server" : plain(peerOf(call))),
      h("th", { scope: "row", class: "mono" }, h("button", { type: "button", class: "link", onclick: () => open(call) }, `${call.method ?? ""} ${call.path ?? call.url ?? ""}`)),
      h("td", {}, h("span", { class: `verdict ${bad ? "no" : "yes"}` }, plain(call.status ?? call.error ?? "no answer"))),
      h("td", { class: "numeric" }, took(call)), h("td", { class: "numeric" }, bytes(call.bytes_sent ?? call.request_bytes ?? call.sent_bytes)), h("td", { class: "numeric" }, bytes(call.bytes_received ?? call.response_bytes ?? call.received_bytes ?? call.bytes)),
      h("td", { class: "mono digest" }, (call.digest_received ?? call.digest ?? call.sha256 ?? "").slice(0, 10)));
  }

  async function open(call) {
    const id = call.id ?? call.number ?? call.seq;
    let whole = call;
    if (id !== undefined) whole = await api.get(`/api/traffic/${encodeURIComponent(id)}`).catch(() => call);
    const bodies = ["request", "response", "request_body", "response_body", "sent", "received"].filter((name) => whole[name] !== undefined);
    detail.hidden = false;
    detail.replaceChildren(
      h("header", {}, h("h2", { class: "mono" }, `${call.method ?? ""} ${call.path ?? ""}`), h("button", { type: "button", class: "link", onclick: () => (detail.hidden = true) }, "close")),
      h("dl", { class: "facts" }, Object.entries(whole).filter(([name]) => !bodies.includes(name)).map(([name, value]) => h("div", {}, h("dt", {}, name.replaceAll("_", " ")), h("dd", { class: "mono" }, plain(value))))),
      ...bodies.map((name) => h("div", {}, h("h3", {}, name.replaceAll("_", " ")), h("pre", { tabindex: "0" }, pretty(whole[name])))),
      bodies.length ? "" : h("p", { class: "quiet" }, "Bodies are not kept in this list; the digest tells whether two are the same."));
    detail.querySelector("button").focus();
  }

  for (const input of [filter, peer.select, outcome.select]) input.addEventListener("input", () => show());
  let due = 0;
  live.addEventListener("exchanges", () => (due ||= setTimeout(() => ((due = 0), load()), 1000)));
  return { show: load };
}

const at = (call) => call?.at ?? call?.timestamp ?? call?.time ?? call?.started_at;
const took = (call) => (Number.isFinite(call.milliseconds ?? call.ms) ? duration((call.milliseconds ?? call.ms) / 1000) : "–");
const good = (call) => Number.isFinite(call.status) && call.status < 400;
const peerOf = (call) => ({ cerebrum: "learner", learner: "learner", llm: "llm", llm_server: "llm", teacher: "llm" })[call.peer ?? call.to ?? call.service] ?? call.peer ?? call.to ?? "";

function pretty(value) {
  try {
    return JSON.stringify(typeof value === "string" ? JSON.parse(value) : value, null, 2);
  } catch {
    return String(value);
  }
}

function choice(id, name, options) {
  const select = h("select", { id }, options.map(([value, label]) => h("option", { value }, label)));
  return { select, label: h("label", { for: id }, `${name} `, select), value: () => select.value };
}
