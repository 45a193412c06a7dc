// Sessions: all of them; any number compared in one chart; export, go on, delete.

import { api } from "../api.js";
import { Chart } from "../charts.js";
import { h, say } from "../dom.js";
import { count, duration, moment, plain, time, trouble } from "../format.js";
import { Measure } from "../measure.js";
import { exchangeOf } from "../transcript.js";

export const title = "Sessions";
export const symbol = "M4 5h16v3H4zM4 10.5h16v3H4zM4 16h16v3H4z";

const FORMATS = { json: "JSON", jsonl: "JSON Lines", csv: "CSV", chat: "CHAT", sharegpt: "ShareGPT" };
const TONES = ["teacher", "learner", "good", "accent", "warn", "muted"];
const MEASURES = { utterance: ["Mean length of utterance", "words a sentence in spontaneous replies, last 100 exchanges"], lengthAll: ["Length of reply", "words, last 100 exchanges"], heard: ["Words heard", "distinct"], produced: ["Words produced", "distinct, not in imitation"] };

export function mount(root, live, go) {
  const body = h("tbody");
  const answer = h("p", { class: "quiet", role: "status" });
  const measured = h("select", { id: "compare-by" }, Object.entries(MEASURES).map(([value, [label]]) => h("option", { value }, label)));
  const compare = h("section", { class: "compare", hidden: true, "aria-label": "Comparison" });
  const exporting = h("section", { class: "card exports", hidden: true, "aria-label": "Export" });
  root.append(h("h1", {}, "Sessions"), answer, exporting,
    h("div", { class: "card table-scroll", tabindex: "0", role: "region", "aria-label": "All sessions" },
      h("table", {}, h("thead", {}, h("tr", {}, ["Compare", "Session", "Started", "Exchanges", "Ended", "Teacher", ""].map((name) => h("th", { scope: "col" }, name)))), body)),
    compare);
  const chosen = new Map(), names = new Map(); // session id → Measure, and → what people call it
  measured.addEventListener("change", draw);

  async function load() {
    try {
      const found = await api.get("/api/sessions");
      const sessions = Array.isArray(found) ? found : found.sessions ?? [];
      body.replaceChildren(...sessions.map(row));
      say(answer, sessions.length ? `${count(sessions.length)} in the record.` : "No session has been recorded yet.");
    } catch (problem) {
      const found = trouble(problem);
      say(answer, `The sessions cannot be listed: ${found.what} ${found.remedy}`);
    }
  }

  function row(session) {
    const id = session.session_id ?? session.id, name = session.name ?? id;
    names.set(id, name);
    const began = time(session.started_at), ended = time(session.ended_at);
    const current = session.status === "running";
    const tick = h("input", { type: "checkbox", "aria-label": `Compare ${name}` });
    tick.checked = chosen.has(id);
    tick.addEventListener("change", () => toggle(id, tick));
    const done = session.exchanges_completed ?? session.exchanges ?? session.total_exchanges;
    return h("tr", { class: current ? "current" : "" }, h("td", {}, tick), h("th", { scope: "row", class: "mono" }, name),
      h("td", {}, moment(session.started_at)), h("td", { class: "numeric" }, count(done), session.max_exchanges ? h("small", {}, ` of ${count(session.max_exchanges)}`) : ""),
      h("td", {}, current ? "running" : plain(session.end_reason ?? session.status), ended && began ? h("small", {}, ` after ${duration((ended - began) / 1000)}`) : ""),
      h("td", {}, teacherName(session)),
      h("td", { class: "row-actions" }, h("button", { type: "button", class: "link", onclick: () => offer(id) }, "Export"),
        session.status === "interrupted" ? h("button", { type: "button", class: "link", onclick: () => resume(id) }, "Go on") : "",
        session.deletable ? h("button", { type: "button", class: "link danger", onclick: (event) => remove(id, event.target) }, "Delete") : ""));
  }

  async function toggle(id, tick) {
    const name = names.get(id);
    if (!tick.checked) chosen.delete(id);
    else
      try {
        say(answer, `Reading ${name}…`);
        chosen.set(id, await measureOf(id));
        say(answer, "");
      } catch (problem) {
        tick.checked = false;
        say(answer, `${name} cannot be read: ${trouble(problem).what}`);
      }
    draw();
  }

  function draw() {
    compare.hidden = chosen.size === 0;
    if (!chosen.size) return;
    const by = measured.value, [label, note] = MEASURES[by], ids = [...chosen.keys()];
    const points = [...chosen.values()].map((measure) => new Map((by === "lengthAll" || by === "utterance" ? measure.windows : measure.rows.filter((r) => r.number % 10 === 0)).map((p) => [p.number, p[by]])));
    const xs = [...new Set(points.flatMap((each) => [...each.keys()]))].sort((a, b) => a - b);
    const chart = new Chart({ id: "comparison", title: label, note, floor: 0,
      series: ids.map((id, i) => ({ label: names.get(id) ?? id, tone: TONES[i % TONES.length], dash: i >= TONES.length ? [5, 4] : undefined, format: (v) => (Number.isInteger(v) ? count(v) : v.toFixed(2)) })) });
    compare.replaceChildren(h("div", { class: "view-head" }, h("h2", {}, "Compared"), h("label", { for: "compare-by" }, "Measure ", measured)), chart.root);
    chart.set(xs, points.map((each) => xs.map((x) => each.get(x) ?? null)));
  }

  function offer(id) {
    exporting.hidden = false;
    exporting.replaceChildren(h("h2", {}, `Export ${names.get(id)}`), h("p", { class: "export-links" },
      Object.entries(FORMATS).map(([format, name]) => h("a", { class: "button", href: `/api/sessions/${encodeURIComponent(id)}/export?format=${format}`, download: `session_${id}.${format === "chat" ? "cha" : format === "sharegpt" ? "sharegpt.json" : format}` }, name)),
      h("button", { type: "button", class: "link", onclick: () => (exporting.hidden = true) }, "close")));
    exporting.querySelector("a").focus();
  }

  async function resume(id) {
    try {
      await live.command(() => api.post(`/api/sessions/${encodeURIComponent(id)}/resume`));
      go("now");
    } catch (problem) {
      const found = trouble(problem);
      say(answer, `${found.what} ${found.remedy}`);
    }
  }

  async function remove(id, button) {
    if (button.dataset.sure !== "yes") {
      button.dataset.sure = "yes";
      say(button, "Delete for good?");
      button.addEventListener("blur", () => (delete button.dataset.sure, say(button, "Delete")), { once: true });
      return;
    }
    try {
      await api.remove(`/api/sessions/${encodeURIComponent(id)}`);
      chosen.delete(id);
      load();
    } catch (problem) {
      const found = trouble(problem);
      say(answer, `${found.what} ${found.remedy}`);
    }
  }

  live.addEventListener("session", () => root.isConnected && load());
  return { show: load };
}

function teacherName(session) {
  const teacher = session.teacher ?? {};
  if (typeof teacher === "string") return teacher;
  return [teacher.backend ?? session.backend, teacher.model ?? session.model].filter((part, i, all) => part && all.indexOf(part) === i).join(", ") || "–";
}

async function measureOf(id) {
  const record = await api.get(`/api/sessions/${encodeURIComponent(id)}/export`, { format: "json" });
  const measure = new Measure();
  for (const entry of record.exchanges ?? record.conversation ?? []) measure.add(exchangeOf(entry));
  return measure;
}
