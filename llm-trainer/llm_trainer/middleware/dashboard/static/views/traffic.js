// Traffic: every call made to the learner and to the LLM server, with what was said in it on a click.

import { api } from "../api.js";
import { fill, h, say } from "../dom.js";
import { bytes, clock, count, duration, plain, trouble } from "../format.js";

export const title = "Traffic";
export const symbol = "M4 8h12V5l5 4.5L16 14v-3H4zM20 16H8v-2l-5 3.5L8 21v-2h12z";

const PAGE = 200;
const NAMES = { learner: "learner", llm: "LLM server" };

export function mount(root, live) {
  const peer = choice("traffic-peer", "To", [["", "both"], ["learner", "learner"], ["llm", "LLM server"]]);
  const outcome = choice("traffic-outcome", "Outcome", [["", "any"], ["answered", "answered"], ["failed", "failed"], ["open", "under way"]]);
  const method = choice("traffic-method", "Kind", [["POST", "what was said"], ["", "looks too"]]);
  const filter = h("input", { type: "search", id: "traffic-filter", placeholder: "Path", "aria-label": "Filter by path", autocomplete: "off" });
  const hold = h("input", { type: "checkbox", id: "traffic-hold" });
  const summary = h("p", { class: "quiet", role: "status" });
  const body = h("tbody");
  const older = h("button", { type: "button", class: "button", hidden: true, onclick: () => load({ more: true }) }, "Older calls");
  const detail = h("section", { class: "card traffic-detail", hidden: true, "aria-label": "One call" });
  root.append(h("h1", {}, "Traffic"),
    h("div", { class: "tools traffic-tools" }, peer.label, outcome.label, method.label, filter, h("label", { class: "check", for: "traffic-hold" }, hold, "Hold still")), summary, detail,
    h("div", { class: "card table-scroll", tabindex: "0", role: "region", "aria-label": "Calls" },
      h("table", { class: "traffic" }, h("thead", {}, h("tr", {}, ["Time", "To", "Call", "Status", "Took", "Sent", "Received", "Digest"].map((name) => h("th", { scope: "col" }, name)))), body)), older);
  let calls = [], asked = 0, paged = false;

  async function load({ more = false } = {}) {
    if (!root.isConnected || (hold.checked && calls.length && !more)) return;
    const turn = ++asked;
    const wanted = { limit: PAGE, peer: peer.value(), outcome: outcome.value(), method: method.value(), path: filter.value.trim(), before: more ? calls.at(-1)?.id : null };
    try {
      const found = await api.get("/api/traffic", wanted);
      if (turn !== asked) return; // asked again meanwhile
      paged = more;
      calls = more ? [...calls, ...found.calls] : found.calls;
      older.hidden = found.calls.length < PAGE;
      show();
    } catch (problem) {
      const found = trouble(problem);
      say(summary, `The traffic cannot be read: ${found.what} ${found.remedy}`);
    }
  }

  function show() {
    say(summary, calls.length ? `${count(calls.length)} calls, newest first. A click shows what was said in one.` : "No such call.");
    fill(body, JSON.stringify(calls.map((call) => [call.id, call.status, call.error])), () => calls.map(row));
  }

  function row(call) {
    const bad = !good(call);
    return h("tr", { class: bad ? "bad" : "" }, h("td", { class: "mono" }, clock(call.at)), h("td", {}, NAMES[call.peer] ?? plain(call.peer)),
      h("th", { scope: "row", class: "mono" }, h("button", { type: "button", class: "link", onclick: () => open(call) }, `${call.method ?? ""} ${call.path ?? ""}`)),
      h("td", {}, h("span", { class: `verdict ${bad ? "no" : "yes"}` }, outcomeOf(call))),
      h("td", { class: "numeric" }, took(call)), h("td", { class: "numeric" }, bytes(call.bytes_sent)), h("td", { class: "numeric" }, bytes(call.bytes_received)),
      h("td", { class: "mono digest" }, (call.digest_received ?? call.digest_sent ?? "").slice(0, 10)));
  }

  async function open(call) {
    let whole = { ...call, bodies: "unread" };
    try {
      whole = await api.get(`/api/traffic/${encodeURIComponent(call.id)}`);
    } catch (problem) {
      whole.problem = trouble(problem).what;
    }
    const { sent, received, sent_cut: sentCut, received_cut: receivedCut, bodies, ...facts } = whole;
    detail.hidden = false;
    detail.replaceChildren(
      h("header", {}, h("h2", { class: "mono" }, `${call.method ?? ""} ${call.path ?? ""}`), h("button", { type: "button", class: "link", onclick: () => (detail.hidden = true) }, "close")),
      h("div", { class: "bodies" }, said("Sent", sent, sentCut), said("Received", received, receivedCut)),
      bodies === "let-go" ? h("p", { class: "quiet" }, "The bodies of a call this old are no longer kept; the digests tell whether two are the same.") : "",
      h("dl", { class: "facts" }, Object.entries(facts).filter(([, value]) => value !== null).map(([name, value]) => h("div", {}, h("dt", {}, name.replaceAll("_", " ")), h("dd", { class: "mono" }, plain(value))))));
    detail.querySelector("button").focus({ preventScroll: true });
    detail.scrollIntoView({ block: "start" });
  }

  for (const input of [peer.select, outcome.select, method.select]) input.addEventListener("input", () => load());
  let typing = 0, due = 0;
  filter.addEventListener("input", () => (clearTimeout(typing), (typing = setTimeout(load, 200))));
  hold.addEventListener("change", () => load());
  // New calls come with new exchanges; a reader who has turned to older ones is left alone.
  live.addEventListener("exchanges", () => (due ||= setTimeout(() => ((due = 0), paged || load()), 1000)));
  return { show: () => load() };
}

const took = (call) => (Number.isFinite(call.milliseconds) ? duration(call.milliseconds / 1000) : "–");
const good = (call) => Number.isFinite(call.status) && call.status < 400;
const outcomeOf = (call) => (call.error ? plain(call.error) : Number.isFinite(call.status) ? String(call.status) : "under way");

function said(name, text, cut) {
  if (text === null || text === undefined || text === "") return "";
  return h("div", {}, h("h3", {}, name), h("pre", { tabindex: "0", "aria-label": name }, pretty(text)), cut ? h("p", { class: "quiet" }, "Only the beginning is kept.") : "");
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return String(text);
  }
}

function choice(id, name, options) {
  const select = h("select", { id }, options.map(([value, label]) => h("option", { value }, label)));
  return { select, label: h("label", { for: id }, `${name} `, select), value: () => select.value };
}
