// Sessions: all of them; any number compared in one chart; look at, go on with, export, delete.

import { api } from "../api.js";
import { Chart } from "../charts.js";
import { confirmed, h, say, stacked } from "../dom.js";
import { count, decimal, duration, moment, percent, plain, time, trouble } from "../format.js";
import { Measure } from "../measure.js";
import { exchangeOf } from "../transcript.js";

export const title = "Sessions";
export const symbol = "M4 5h16v3H4zM4 10.5h16v3H4zM4 16h16v3H4z";

const PAGE = 1000;
const FORMATS = { json: "JSON", jsonl: "JSON Lines", csv: "CSV", chat: "CHAT", sharegpt: "ShareGPT" };
const EXTENSIONS = { chat: "cha", sharegpt: "sharegpt.jsonl" };
const TONES = ["teacher", "learner", "good"], DASHES = [undefined, [6, 4], [2, 3], [10, 3, 2, 3]]; // told apart without colours, too
const OVER_WINDOWS = "last 100 exchanges";
const MEASURES = {
  morphemes: { label: "Mean length of utterance", note: `morphemes a sentence in spontaneous replies, ${OVER_WINDOWS}`, of: "windows", format: decimal },
  relevance: { label: "Relevance", note: `how often the line answered is picked out of four, ${OVER_WINDOWS}; chance is 25 %`, of: "windows", format: percent },
  novelty: { label: "Novel word pairs", note: OVER_WINDOWS, of: "windows", format: percent },
  lengthAll: { label: "Length of reply", note: `words, ${OVER_WINDOWS}`, of: "windows", format: decimal },
  heard: { label: "Words heard", note: "distinct", of: "rows", format: count },
  produced: { label: "Words produced", note: "distinct, not in imitation", of: "rows", format: count },
  productive: { label: "Productive words", note: "twice, in different contexts, once unprompted", of: "rows", format: count },
};

export function mount(root, live, go) {
  const body = h("tbody");
  const answer = h("p", { class: "quiet", role: "status" });
  const all = h("input", { type: "checkbox", "aria-label": "Compare all", onchange: () => chooseAll(all.checked) });
  const exporting = h("section", { class: "card exports", hidden: true, "aria-label": "Export" });
  const comparison = compareAll();
  root.append(h("h1", {}, "Sessions"), answer, exporting,
    h("div", { class: "card table-scroll", tabindex: "0", role: "region", "aria-label": "All sessions" },
      stacked(h("table", { class: "sessions" }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, h("label", { class: "check" }, all, "Compare")), ["Session", "Started", "Exchanges", "Ended", "Teacher", ""].map((name) => h("th", { scope: "col" }, name)))), body))),
    comparison.root);
  let sessions = [];

  async function load() {
    try {
      sessions = (await api.get("/api/sessions", { limit: PAGE })).sessions ?? [];
      body.replaceChildren(...sessions.map(row));
      say(answer, sessions.length ? `${count(sessions.length)} in the record.` : "No session has been recorded yet.");
      if (all.checked) chooseAll(true);
    } catch (problem) {
      complain("The sessions cannot be listed", problem);
    }
  }

  function complain(what, problem) {
    const found = trouble(problem);
    say(answer, [`${what}: ${found.what}`, found.remedy].filter(Boolean).join(" — "));
  }

  function row(session) {
    const { session_id: id, name = id, status } = session;
    const began = time(session.started_at), ended = time(session.ended_at), running = status === "running";
    const tick = h("input", { type: "checkbox", "aria-label": `Compare ${name}`, onchange: () => choose(session, tick.checked) });
    tick.checked = comparison.has(id);
    const link = (label, act, kind = "") => h("button", { type: "button", class: `link ${kind}`, "aria-label": `${label} ${name}`, onclick: act }, label);
    return stacked(h("tr", { class: running ? "current" : "" }, h("td", {}, tick), h("th", { scope: "row", class: "mono" }, name),
      h("td", {}, moment(session.started_at)), h("td", { class: "numeric" }, count(session.exchanges_completed), session.max_exchanges ? h("small", {}, ` of ${count(session.max_exchanges)}`) : ""),
      h("td", {}, running ? "running" : plain(session.end_reason ?? status), ended && began ? h("small", {}, ` after ${duration((ended - began) / 1000)}`) : ""),
      h("td", {}, teacherName(session)),
      h("td", { class: "row-actions" }, link("Open", () => (live.open(id), go("conversation"))), link("Export", () => offer(session)),
        status === "interrupted" ? link("Go on", () => resume(session)) : "",
        running ? "" : link("Delete", () => remove(session), "danger"))));
  }

  async function choose(session, wanted) {
    try {
      if (wanted) say(answer, `Reading ${session.name}…`);
      await comparison.set(session, wanted);
      say(answer, "");
    } catch (problem) {
      complain(`${session.name} cannot be read`, problem);
      body.replaceChildren(...sessions.map(row));
    }
  }

  async function chooseAll(wanted) {
    for (const session of sessions) {
      if (all.checked !== wanted || comparison.has(session.session_id) === wanted) continue;
      await choose(session, wanted);
      body.replaceChildren(...sessions.map(row));
    }
  }

  function offer({ session_id: id, name = id }) {
    exporting.hidden = false;
    exporting.replaceChildren(h("h2", {}, `Export ${name}`), h("p", { class: "export-links" },
      Object.entries(FORMATS).map(([format, label]) => h("a", { class: "button", href: `/api/sessions/${encodeURIComponent(id)}/export?format=${format}`, download: `${name}.${EXTENSIONS[format] ?? format}` }, label)),
      h("button", { type: "button", class: "link", onclick: () => (exporting.hidden = true) }, "close")));
    exporting.querySelector("a").focus();
  }

  async function resume({ session_id: id, name }) {
    try {
      await live.command(() => api.post(`/api/sessions/${encodeURIComponent(id)}/resume`));
      live.open(null);
      go("now");
    } catch (problem) {
      complain(`${name} cannot go on`, problem);
    }
  }

  async function remove(session) {
    const { session_id: id, name = id, exchanges_completed: done } = session;
    const text = `${name}, with ${count(done)} exchanges, leaves the record and its file is removed. The learner keeps what it learned. This cannot be undone; export it first if it may be wanted.`;
    if (!(await confirmed({ question: "Delete this session for good?", text, act: "Delete it" }))) return;
    try {
      await api.remove(`/api/sessions/${encodeURIComponent(id)}`);
      comparison.set(session, false);
      if (live.opened === id) live.open(null);
      await load();
      say(answer, `${name} is deleted.`);
      live.sync();
    } catch (problem) {
      complain(`${name} cannot be deleted`, problem);
    }
  }

  live.addEventListener("session", () => root.isConnected && load());
  return { show: load };
}

/** One chart with a curve for each session chosen. */
function compareAll() {
  const chosen = new Map(); // session id → {name, measure}
  const by = h("select", { id: "compare-by" }, Object.entries(MEASURES).map(([value, { label }]) => h("option", { value }, label)));
  const axis = h("select", { id: "compare-axis" }, ["exchanges", "words heard"].map((name) => h("option", { value: name }, name)));
  const place = h("div");
  const root = h("section", { class: "compare", hidden: true, "aria-label": "Comparison" },
    h("div", { class: "view-head" }, h("h2", {}, "Compared"), h("p", { class: "tools" }, h("label", { for: "compare-by" }, "Measure ", by), h("label", { for: "compare-axis" }, "Against ", axis))), place);
  for (const select of [by, axis]) select.addEventListener("change", draw);

  function draw() {
    root.hidden = chosen.size === 0;
    if (!chosen.size) return;
    const { label, note, of, format } = MEASURES[by.value], at = (point) => (axis.value === "exchanges" ? point.number : point.wordsHeard);
    const curves = [...chosen.values()].map(({ measure }) => new Map(measure[of].filter((point) => of === "windows" || point.number % 10 === 0).map((point) => [at(point), point[by.value]])));
    const xs = [...new Set(curves.flatMap((curve) => [...curve.keys()]))].sort((a, b) => a - b);
    const chart = new Chart({ id: "comparison", title: label, note, floor: 0, bridged: true, expected: axis.value === "exchanges",
      series: [...chosen.values()].map(({ name }, i) => ({ label: name, tone: TONES[i % TONES.length], dash: DASHES[Math.floor(i / TONES.length) % DASHES.length], format })) });
    place.replaceChildren(chart.root);
    chart.set(xs, curves.map((curve) => xs.map((x) => curve.get(x) ?? null)), axis.value);
  }

  return {
    root,
    has: (id) => chosen.has(id),
    async set({ session_id: id, name }, wanted) {
      if (wanted) chosen.set(id, { name, measure: await measureOf(id) });
      else chosen.delete(id);
      draw();
    },
  };
}

function teacherName({ teacher = {} }) {
  return [teacher.backend, teacher.model].filter((part, i, all) => part && all.indexOf(part) === i).join(", ") || "–";
}

async function measureOf(session) {
  const measure = new Measure();
  for (let after = 0; ; ) {
    const { exchanges = [] } = await api.get("/api/training/log", { session, after, limit: PAGE });
    for (const entry of exchanges) measure.add(exchangeOf(entry));
    if (exchanges.length < PAGE) return measure;
    after = exchanges.at(-1).number;
  }
}
